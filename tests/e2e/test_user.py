"""The person at a browser sends what a browser would."""

import httpx

from tests.e2e.user import Page

PAGE = """
<button name="allow" value="true" form="consent">Allow</button>
<form id="consent"><input name="scope" value="read"></form>
<input name="stray" value="of no form">
<form id="other"><input name="search"><button name="deny" form="consent">Deny</button></form>
"""


def test_button_belongs_to_the_form_that_it_names() -> None:
    request = httpx.Request("GET", "http://testserver/")

    consent, other = Page(httpx.Response(200, text=PAGE, request=request)).forms

    assert consent.buttons == [("allow", "true"), ("deny", "")]
    assert consent.fields == {"scope": ["read"]}
    assert (other.buttons, other.fields) == ([], {"search": [""]})
