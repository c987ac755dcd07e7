"""The message at sign-in, where the project wants one."""

import re

import pytest
from django.test import Client as Browser
from pytest_django import Settings

from tests.auth.test_consent import asking, self_registered
from tests.auth.test_pending_requests import _forgetful_site as _forgetful_site
from tests.auth.test_pending_requests import ada as ada
from tests.auth.test_pending_requests import browser as browser
from tests.auth.test_pending_requests import content, is_asked, sign_in

pytestmark = pytest.mark.usefixtures("application")


def test_site_may_have_a_message_at_sign_in(browser: Browser, settings: Settings) -> None:
    settings.DJANGO_MCP_LOGIN_MESSAGE = True
    browser.get(asking(self_registered(name="<b>Bank</b>")))

    message = content(sign_in(browser)).partition("|")[0]

    assert message.startswith("<bdi>&lt;b&gt;Bank&lt;/b&gt;</bdi> is waiting for you.")
    (link,) = re.findall(r'<a href="([^"]*)">Continue</a>', message)
    assert is_asked(browser, link, "<b>Bank</b>")


@pytest.mark.parametrize("is_asked_for", [True, False])
def test_nothing_is_said_unasked(browser: Browser, settings: Settings, is_asked_for: bool) -> None:
    settings.DJANGO_MCP_LOGIN_MESSAGE = is_asked_for
    if not is_asked_for:
        browser.get(asking(self_registered()))

    assert content(sign_in(browser)).partition("|")[0] == ""
