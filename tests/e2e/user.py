"""A user with a browser that runs no scripts: signs in and decides on the pages that there are."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx

from tests.hosts.users import PASSWORD, USERNAME
from tests.polls import PATIENCE

Fields = dict[str, list[str]]


class NothingToDecideError(Exception):
    """The user was asked for no decision; the message is what the page says."""


class DeniedError(Exception):
    """The program was not let in; `answer` is what it was told."""

    def __init__(self, answer: Mapping[str, str]) -> None:
        super().__init__(answer)
        self.answer = answer


@dataclass(slots=True, kw_only=True)
class Form:
    """A form of a page: what it sends if it is left as it is, and its buttons."""

    fields: Fields = field(default_factory=dict)
    choices: Fields = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def names(self) -> set[str]:
        return {*self.fields, *self.choices, *(name for name, _ in self.buttons)}


class Page(HTMLParser):
    """What of a page matters here."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__()
        self.address = str(response.url)
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.text = ""
        self._open: Form | None = None
        self._by_id: dict[str, Form] = {}
        self.feed(response.text)

    def form_with(self, name: str) -> Form | None:
        """The form that has such a field or button."""
        return next((form for form in self.forms if name in form.names()), None)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = self._form(values.get("id", ""))
            self.forms.append(self._open)
        if tag == "a":
            self.links.append(urljoin(self.address, values.get("href", "")))
        name = values.get("name")
        # The owner may stand anywhere on the page, also after its button.
        form = self._form(values["form"]) if "form" in values else self._open
        if not name or form is None or tag not in ("input", "button"):
            return
        value = values.get("value", "")
        if tag == "button" or values.get("type") == "submit":
            form.buttons.append((name, value))
        elif values.get("type") == "checkbox":
            form.choices.setdefault(name, []).append(value)
            if "checked" in values:
                form.fields.setdefault(name, []).append(value)
        else:
            form.fields[name] = [value]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None

    def _form(self, form_id: str) -> Form:
        return self._by_id.setdefault(form_id, Form()) if form_id else Form()

    def handle_data(self, data: str) -> None:
        self.text += data


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserUser:
    """Allows what is asked, unless `allows` names less or nothing at all."""

    browser: httpx.Client
    username: str = USERNAME
    password: str = PASSWORD
    allows: Sequence[str] | None = None
    decided: list[str] = field(default_factory=list)
    """The texts of the pages on which there was something to decide."""

    def allowing(self, *scopes: str) -> "BrowserUser":
        """A copy that allows nothing but these."""
        return replace(self, allows=scopes)

    def answer(self, url: str, redirect_uri: str) -> dict[str, str]:
        """Go where a program sends its user; return what comes back to the program."""
        return dict(parse_qsl(urlsplit(self.way_back(url, redirect_uri)).query))

    def way_back(self, url: str, redirect_uri: str) -> str:
        """Go where a program sends its user; return where the user is sent to in the end."""
        page = self.browser.get(url)
        for _ in range(10):
            if page.is_redirect:
                where = urljoin(str(page.url), page.headers["location"])
                if where.partition("?")[0] == redirect_uri:
                    return where
                page = self.browser.get(where)
            else:
                page = self._act(Page(page))
        raise AssertionError("the pages lead round in a circle")

    def open(self, url: str) -> Page:
        """Read a page of the site, which may ask who reads."""
        response = self.browser.get(url)
        while response.is_redirect or Page(response).form_with("password"):
            if response.is_redirect:
                response = self.browser.get(
                    urljoin(str(response.url), response.headers["location"])
                )
            else:
                response = self._act(Page(response))
        return Page(response.raise_for_status())

    def submit(self, page: Page, form: Form, **changes: Sequence[str]) -> httpx.Response:
        """Send a form of a page, with these changes."""
        return self.browser.post(
            page.address, data={**form.fields, **changes}, headers={"Referer": page.address}
        )

    def _act(self, page: Page) -> httpx.Response:
        if login := page.form_with("password"):
            return self.submit(page, login, username=[self.username], password=[self.password])
        consent = page.form_with("allow")
        if consent is None:
            raise NothingToDecideError(" ".join(page.text.split()))
        self.decided.append(" ".join(page.text.split()))
        if self.allows is None:
            return self.submit(page, consent, allow=["true"])
        if not self.allows:
            return self.submit(page, consent)
        assert set(self.allows) <= set(consent.choices["scope"]), consent.choices
        return self.submit(page, consent, allow=["true"], scope=self.allows)


@contextmanager
def browser_user() -> Iterator[BrowserUser]:
    """Somebody who has just sat down."""
    with httpx.Client(timeout=PATIENCE, trust_env=False) as browser:
        yield BrowserUser(browser=browser)
