"""A login page that loses the address to lead back to: the request waits for its user."""

import asyncio
import re
import secrets
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx2
import pytest
from asgiref.sync import sync_to_async
from csp.constants import NONCE
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.auth.views import LoginView
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse
from django.template import Context, Template
from django.template import engines as template_engines
from django.test import Client as Browser
from django.urls import path
from django.utils.html import escape
from mcp.shared.auth import AuthorizationCodeResult
from oauth2_provider.models import get_grant_model
from pytest_django import Settings

from django_mcp.asgi import Application
from django_mcp.auth.consent.pending import requests
from django_mcp.auth.consent.pending.requests import (
    MAX_PENDING_CHARACTERS,
    MAX_PENDING_REQUESTS,
    PENDING_REQUEST_MINUTES,
    SESSION_KEY,
)
from django_mcp.models import ClientRegistration
from tests.auth.documents import Library, serving_documents, with_local_documents
from tests.auth.test_consent import CALLBACK, asking, own, self_registered, text
from tests.e2e.programs import Program
from tests.urlconfs import site
from tests.urls import urlpatterns as usual
from tests.wire import PATIENCE

LIST = "/connected-assistants/"
PENDING = "/connected-assistants/pending/"
DASHBOARD = "/dashboard/"
PASSWORD = "only-for-tests"


class ForgetfulLoginView(LoginView):
    """Leads everybody to the dashboard."""

    def get_success_url(self) -> str:
        return DASHBOARD


def dashboard(request: HttpRequest) -> HttpResponse:
    template = template_engines["django"].from_string(
        "{% for message in messages %}{{ message }}{% endfor %}|"
        "{% load django_mcp %}{% pending_assistants %}"
    )
    return HttpResponse(template.render({}, request))


def known_by_a_header(get_response: Any) -> Any:
    """Middleware of a site whose proxy names the user."""

    def respond(request: Any) -> Any:
        name = request.headers.get("X-Forwarded-User")
        request.user = User.objects.get(username=name) if name else AnonymousUser()
        return get_response(request)

    return respond


urlpatterns = [
    path("accounts/login/", ForgetfulLoginView.as_view()),
    path("dashboard/", dashboard),
    *usual,
]

pytestmark = pytest.mark.usefixtures("application")


@pytest.fixture(autouse=True)
def _forgetful_site(settings: Settings) -> None:
    settings.ROOT_URLCONF = __name__


@pytest.fixture
def ada(db: None) -> User:
    return User.objects.create_user("ada", password=PASSWORD)


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.create_user("bob", password=PASSWORD)


@pytest.fixture
def browser(ada: User) -> Browser:
    """Where nobody is signed in yet; what it sends is checked as that of a real browser."""
    return Browser(enforce_csrf_checks=True)


def sign_in(browser: Browser, name: str = "ada") -> Any:
    """Sign in as people do, and return the page that the site leads to."""
    browser.get("/accounts/login/")
    token = browser.cookies["csrftoken"].value
    form = {"username": name, "password": PASSWORD, "csrfmiddlewaretoken": token}
    answer = browser.post("/accounts/login/", form)
    assert answer["Location"] == DASHBOARD
    return browser.get(DASHBOARD)


def waiting(page: Any) -> list[str]:
    """The names of those that a page says are waiting, without the marks around them."""
    found = re.findall(r"<strong><bdi class=\"mcp-claimed\">(.*?)</bdi></strong> is waiting", page)
    return [unescape(name) for name in found]


def content(response: Any) -> str:
    body: str = response.content.decode()
    return body


def links(response: Any) -> list[str]:
    """Where the links lead that continue."""
    return [unescape(link) for link in re.findall(rf'href="({PENDING}[^"]*)"', content(response))]


def submit(browser: Browser, page: Any, address: str, **headers: Any) -> Any:
    """Send the hidden fields of the form on a page that leads to an address."""
    (form,) = re.findall(
        rf'<form method="post" action="{re.escape(address)}">(.*?)</form>', content(page), re.DOTALL
    )
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form)
    return browser.post(address, dict(fields), headers=headers)


def is_asked(browser: Browser, link: str, name: str = "Assistant") -> bool:
    """Whether a link leads to the page that asks for consent to an application of this name."""
    page = browser.get(link, follow=True)
    return page.status_code == 200 and text(page).startswith(f"Allow {escape(name)}?")


def grow_old(browser: Browser, minutes: float) -> None:
    """Let everything that is kept be so much older."""
    session = browser.session
    for entry in session[SESSION_KEY]:
        entry["since"] -= int(60 * minutes)
    session.save()


def decide(browser: Browser, url: str) -> dict[str, str]:
    """Go where a program sends its user, sign in, come back by the notice, and allow everything."""
    parts = urlsplit(url)
    login = browser.get(f"{parts.path}?{parts.query}")
    assert login["Location"].startswith("/accounts/login/?next=")
    (link,) = links(sign_in(browser))
    asked = browser.get(link)["Location"]
    page = browser.get(asked)
    scopes = re.findall(r'name="scope" value="([^"]*)"', content(page))
    token = browser.cookies["csrftoken"].value
    form = {"allow": "true", "scope": scopes, "csrfmiddlewaretoken": token}
    return dict(parse_qsl(urlsplit(browser.post(asked, form)["Location"]).query))


@pytest.mark.django_db(transaction=True)
def test_program_gets_in_though_the_login_page_forgets_it(
    application: Application, browser: Browser
) -> None:
    received: list[dict[str, str]] = []

    async def call() -> Any:
        async def redirect(url: str) -> None:
            received.append(await sync_to_async(decide)(browser, url))

        async def callback() -> AuthorizationCodeResult:
            return AuthorizationCodeResult.model_validate(received.pop())

        transport: Any = httpx2.ASGITransport(app=application)
        program = Program(url="http://testserver/mcp", ask=lambda *_: {}, transport=transport)
        provider = program.provider()
        provider.context.redirect_handler = redirect
        provider.context.callback_handler = callback
        async with asyncio.timeout(PATIENCE):
            return await program.call("read_notes", provider=provider)

    result = asyncio.run(call())

    assert result.structured_content == {"result": ["ada"]}
    assert waiting(content(browser.get(DASHBOARD))) == []


@pytest.mark.parametrize("page", [LIST, DASHBOARD, PENDING, "/o/authorize/"])
def test_pages_lead_back_to_the_request(browser: Browser, page: str) -> None:
    browser.get(asking(self_registered()))
    sign_in(browser)

    shown = browser.get(page)

    if shown.status_code == 200:
        assert waiting(content(shown)) == ["Assistant"]
        assert "The name is its own claim, which nobody has verified." in content(shown)
        (page,) = links(shown)
    assert is_asked(browser, page)


@pytest.mark.parametrize("form", [{"allow": "true", "scope": "notes:read"}, {}], ids=["yes", "no"])
def test_request_that_was_answered_waits_no_more(browser: Browser, form: dict[str, str]) -> None:
    url = asking(client := self_registered())
    browser.get(asking(client, state="another"))
    browser.get(url)
    (link,) = links(sign_in(browser))
    browser.get(url)

    answer = browser.post(url, {**form, "csrfmiddlewaretoken": browser.cookies["csrftoken"].value})

    assert answer["Location"].startswith(CALLBACK)
    assert waiting(content(browser.get(LIST))) == []
    over = browser.get(link)
    assert over.status_code == 404
    assert "This request is over" in content(over)
    assert "start the connection again in the application" in content(over)


def test_request_expires(browser: Browser) -> None:
    browser.get(asking(self_registered()))
    (link,) = links(sign_in(browser))

    grow_old(browser, PENDING_REQUEST_MINUTES - 1)
    before = waiting(content(browser.get(DASHBOARD)))
    grow_old(browser, 1)
    after = waiting(content(browser.get(DASHBOARD)))

    assert (before, after) == (["Assistant"], [])
    assert SESSION_KEY not in browser.session
    assert browser.get(link).status_code == 404


ENTRY = {"id": "a", "query": "client_id=x", "since": 9_999_999_999, "arrivals": 1}


@pytest.mark.parametrize(
    "stored",
    [
        "text",
        {},
        5,
        [None],
        [{"id": "a"}],
        [{**ENTRY, "added": 1}],
        [{name: value for name, value in ENTRY.items() if name != "arrivals"}],
        *([{**ENTRY, name: None}] for name in ENTRY),
        [{**ENTRY, "since": "soon"}],
    ],
    ids=str,
)
def test_entry_of_another_shape_is_dropped(browser: Browser, stored: Any) -> None:
    browser.get(asking(self_registered()))
    session = browser.session
    (entry,) = session[SESSION_KEY]
    session[SESSION_KEY] = [entry, *stored] if isinstance(stored, list) else stored
    session.save()

    page = sign_in(browser)

    is_list = isinstance(stored, list)
    assert waiting(content(page)) == ["Assistant"] * is_list
    assert len(browser.session.get(SESSION_KEY, [])) == is_list


def test_request_belongs_to_the_browser(browser: Browser) -> None:
    browser.get(asking(self_registered()))
    (link,) = links(sign_in(browser))
    elsewhere = Browser()

    assert waiting(content(sign_in(elsewhere))) == []
    assert elsewhere.get(link).status_code == 404


class TestAnotherUser:
    """Of several people at one browser."""

    def test_visitor_reads_nothing(self, browser: Browser) -> None:
        browser.get(asking(self_registered()))

        assert waiting(content(browser.get(DASHBOARD))) == []
        assert browser.get(PENDING)["Location"].startswith("/accounts/login/")

    def test_request_ends_with_the_logout(self, browser: Browser, bob: User) -> None:
        browser.get(asking(self_registered()))
        sign_in(browser)
        browser.logout()

        assert waiting(content(sign_in(browser, "bob"))) == []

    @pytest.mark.parametrize(("name", "names"), [("ada", ["Assistant"]), ("bob", [])])
    def test_request_of_a_user_is_kept_for_that_one_alone(
        self, browser: Browser, bob: User, name: str, names: list[str]
    ) -> None:
        sign_in(browser)
        browser.get(asking(self_registered(), prompt="login"))

        assert waiting(content(sign_in(browser, name))) == names

    def test_request_is_kept_for_the_account_that_the_user_changes_to(
        self, browser: Browser, bob: User
    ) -> None:
        url = asking(self_registered())
        sign_in(browser)
        browser.get(url)
        token = browser.cookies["csrftoken"].value
        browser.post(url, {"another_user": "1", "csrfmiddlewaretoken": token})

        (link,) = links(sign_in(browser, "bob"))

        assert "Signed in as bob" in text(browser.get(link, follow=True))


@pytest.mark.parametrize("prompt", ["login", "create", "login create"])
def test_prompt_is_followed_once(browser: Browser, settings: Settings, prompt: str) -> None:
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "OIDC_RP_INITIATED_REGISTRATION_ENABLED": True,
        "OIDC_RP_INITIATED_REGISTRATION_URL": "/register/",
    }
    browser.get(asking(self_registered(), prompt=prompt))

    (link,) = links(sign_in(browser))

    assert is_asked(browser, link)


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "nobody"},
        {"client_id": None},
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": [CALLBACK, "https://evil.example/callback"]},
        {"code_challenge": None},
        {"code_challenge_method": "plain"},
        {"response_type": "token"},
        {"scope": "nonsense"},
        {"resource": "https://evil.example/mcp"},
        {"prompt": "none"},
        {"prompt": "create"},
        {"nonce": "n" * MAX_PENDING_CHARACTERS},
        {"state": "s" * MAX_PENDING_CHARACTERS},
        {"client_id": "https://evil.example/client.json", "redirect_uri": "http://evil.example/"},
        {"client_id": "https://127.0.0.1/client.json"},
        {"client_id": "https://new.example/client.json", "code_challenge_method": "plain"},
        {"client_id": "https://new.example/client.json", "response_type": "token"},
        {"client_id": "https://new.example/client.json", "resource": "https://evil.example/mcp"},
    ],
    ids=str,
)
def test_what_no_user_would_be_asked_is_not_kept(browser: Browser, changes: dict[str, Any]) -> None:
    browser.get(asking(self_registered(), **changes))

    assert not Session.objects.exists()
    assert waiting(content(sign_in(browser))) == []


def test_only_a_visit_is_kept(browser: Browser) -> None:
    url = asking(self_registered())

    browser.get(url, headers={"Sec-Fetch-Dest": "iframe"})
    browser.head(url)
    browser.options(url)
    browser.get(asking(own(client_id="own"), scope="shop:read", resource=None))

    assert not Session.objects.exists()


@pytest.mark.parametrize("is_blocked", [True, False])
def test_application_that_may_not_ask_is_not_waiting(
    browser: Browser, settings: Settings, is_blocked: bool
) -> None:
    client = self_registered()
    browser.get(asking(client))
    (link,) = links(sign_in(browser))

    settings.DJANGO_MCP_REQUIRE_APPROVED_CLIENTS = not is_blocked
    if is_blocked:
        ClientRegistration.objects.set_standing(
            client.client_id, ClientRegistration.Standing.BLOCKED
        )

    assert waiting(content(browser.get(DASHBOARD))) == []
    assert browser.get(link).status_code == 404


def test_site_without_sessions_has_its_login_page_all_the_same(
    ada: User, settings: Settings
) -> None:
    settings.MIDDLEWARE = [f"{__name__}.known_by_a_header"]
    url = asking(self_registered())

    visitor = Browser().get(url)
    user = Browser(headers={"X-Forwarded-User": "ada"})

    assert (visitor.status_code, visitor.cookies) == (302, {})
    assert is_asked(user, url)
    assert waiting(content(user.get(DASHBOARD))) == []


class TestBounds:
    def test_latest_requests_are_kept(self, browser: Browser) -> None:
        for number in range(MAX_PENDING_REQUESTS + 1):
            browser.get(
                asking(self_registered(name=f"Assistant {number}", client_id=f"id{number}"))
            )

        names = waiting(content(sign_in(browser)))

        assert names == [f"Assistant {number}" for number in (3, 2, 1)]

    def test_request_without_room_takes_none_from_others(self, browser: Browser) -> None:
        browser.get(asking(self_registered()))
        browser.get(asking(self_registered(client_id="other"), state="s" * MAX_PENDING_CHARACTERS))

        assert waiting(content(sign_in(browser))) == ["Assistant"]

    def test_session_that_is_a_cookie_has_room_for_what_is_kept(
        self, browser: Browser, settings: Settings
    ) -> None:
        settings.SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
        for number in range(MAX_PENDING_REQUESTS):
            state = secrets.token_urlsafe(700)
            browser.get(
                asking(self_registered(name=f"{number}", client_id=f"id{number}"), state=state)
            )

        names = waiting(content(sign_in(browser)))

        assert names == ["2", "1"]
        assert len(browser.cookies["sessionid"].OutputString()) < 4096

    @pytest.mark.implementation
    def test_sessions_that_visitors_begin_are_counted_by_address(
        self, browser: Browser, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(requests, "NEW_SESSIONS_RATE", "2/h")
        url = asking(self_registered())

        answers = [Browser().get(url) for _ in range(4)]
        known = [browser.get(url, REMOTE_ADDR="203.0.113.9") for _ in range(4)]

        assert [answer.status_code for answer in (*answers, *known)] == [302] * 8
        assert Session.objects.count() == 3

    @pytest.mark.implementation
    def test_pages_ask_the_database_nothing_where_nobody_waits(
        self, browser: Browser, django_assert_num_queries: Any
    ) -> None:
        sign_in(browser)

        with django_assert_num_queries(2):  # the session and the user
            browser.get(DASHBOARD)


@pytest.mark.usefixtures("browser")
class TestUnknownDocument:
    """Of an application that nobody knows until its document is fetched, for a user."""

    URL = "https://desk.example/client.json"

    @pytest.fixture
    def library(self, settings: Settings) -> Iterator[Library]:
        settings.OAUTH2_PROVIDER = with_local_documents(settings.OAUTH2_PROVIDER)
        with serving_documents() as library:
            yield library

    def test_it_is_fetched_when_the_user_goes_on(self, browser: Browser, library: Library) -> None:
        library.publish(self.URL, client_name="Desk", redirect_uris=[CALLBACK])
        browser.get(asking(self.URL))

        shown = sign_in(browser)
        before = list(library.fetched)
        (link,) = links(shown)

        assert waiting(content(shown)) == ["desk.example"]
        assert "It is not known here yet." in content(shown)
        assert before == []
        assert is_asked(browser, link, "Desk")

    def test_it_may_turn_out_to_be_refused(self, browser: Browser, library: Library) -> None:
        library.publish(self.URL, client_name="Desk", redirect_uris=["https://desk.example/other"])
        browser.get(asking(self.URL))
        (link,) = links(sign_in(browser))

        page = browser.get(link, follow=True)

        assert text(page).startswith("This application gets no access")
        assert waiting(content(browser.get(DASHBOARD))) == []


class TestUnfinishedSignIn:
    """What is left of an authorization half-way has a page that says what to do."""

    @pytest.mark.parametrize("names", [(), ("response_type",), ("client_id", "state")], ids=str)
    def test_address_that_lost_its_parameters_is_made_whole(
        self, browser: Browser, names: tuple[str, ...]
    ) -> None:
        url = asking(self_registered())
        whole = parse_qs(urlsplit(url).query)
        browser.get(url)
        sign_in(browser)

        answer = browser.get("/o/authorize/", {name: whole[name][0] for name in names})

        assert (answer.status_code, answer["Location"]) == (302, url)

    def test_user_chooses_where_two_may_be_meant(self, browser: Browser) -> None:
        browser.get(asking(self_registered()))
        browser.get(asking(self_registered(name="Other", client_id="other")))
        sign_in(browser)

        page = browser.get("/o/authorize/")

        assert text(page).startswith("This connection is not complete This page was opened without")
        assert waiting(content(page)) == ["Other", "Assistant"]

    def test_user_reads_what_to_do_where_nothing_is_left(self, browser: Browser) -> None:
        sign_in(browser)

        page = browser.get("/o/authorize/?response_type=code")

        assert page.status_code == 400
        assert "stay signed in to testserver in this browser, and start the connection" in text(
            page
        )

    def test_login_page_that_leads_back_too_early_ends_in_a_page(self, browser: Browser) -> None:
        url = asking(self_registered())

        *before, page = [browser.get(url) for _ in range(6)]
        other = browser.get(asking(self_registered(client_id="other")))

        assert [answer.status_code for answer in before] == [302] * 5
        assert page.status_code == 403
        assert "you are still not signed in" in content(page)
        assert f'href="{escape(before[0]["Location"])}"' in content(page)
        assert other.status_code == 302
        sign_in(browser)
        assert is_asked(browser, url)

    def test_site_without_a_login_page_says_so(self, browser: Browser, settings: Settings) -> None:
        settings.LOGIN_URL = "nowhere"

        page = browser.get(asking(self_registered()))

        assert page.status_code == 500
        assert "the sign-in page of testserver cannot be found" in content(page)

    def test_user_whose_account_is_switched_off_is_not_asked(
        self, browser: Browser, ada: User, settings: Settings
    ) -> None:
        settings.AUTHENTICATION_BACKENDS = [
            "django.contrib.auth.backends.AllowAllUsersModelBackend"
        ]
        settings.DJANGO_MCP_USER_LABEL = "tests.test_user_labels.marked_safe"
        url = asking(self_registered())
        sign_in(browser)
        browser.get(url)
        User.objects.update(is_active=False)

        token = browser.cookies["csrftoken"].value
        form = {"allow": "true", "scope": "notes:read", "csrfmiddlewaretoken": token}
        for page in (browser.get(url), browser.post(url, form)):
            assert page.status_code == 403
            assert "this account is not active" in content(page)
            assert "as <bdi>&lt;b&gt;Ada&lt;/b&gt; Lovelace</bdi>" in content(page)
        assert not get_grant_model().objects.exists()


class TestDismissal:
    @pytest.mark.parametrize(
        ("page", "referer", "to"),
        [
            (DASHBOARD, "http://testserver/dashboard/", "http://testserver/dashboard/"),
            (LIST, "", LIST),
            (LIST, "https://evil.example/", LIST),
        ],
    )
    def test_user_dismisses_one(self, browser: Browser, page: str, referer: str, to: str) -> None:
        browser.get(asking(self_registered(name="Other", client_id="other")))
        sign_in(browser)
        shown = browser.get(page)

        answer = submit(browser, shown, PENDING, **({"Referer": referer} if referer else {}))

        assert (answer.status_code, answer["Location"]) == (302, to)
        assert waiting(content(browser.get(page))) == []

    def test_another_site_dismisses_nothing(self, browser: Browser) -> None:
        browser.get(asking(self_registered()))
        (link,) = links(sign_in(browser))

        answer = browser.post(PENDING, {"request": parse_qs(urlsplit(link).query)["request"][0]})

        assert answer.status_code == 403
        assert waiting(content(browser.get(DASHBOARD))) == ["Assistant"]


class TestTemplateTag:
    @pytest.mark.parametrize("page", [DASHBOARD, LIST], ids=["the site's", "the package's"])
    def test_it_carries_its_style_which_the_policy_of_the_page_allows(
        self, browser: Browser, settings: Settings, page: str
    ) -> None:
        settings.MIDDLEWARE = [*settings.MIDDLEWARE, "csp.middleware.CSPMiddleware"]
        settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": {"style-src": [NONCE]}}
        browser.get(asking(self_registered()))
        sign_in(browser)

        shown = browser.get(page)
        [style] = re.findall(r"<style ([^>]*)>[^<]*\.mcp-pending \{", content(shown))

        [nonce] = re.findall(r"style-src 'nonce-([^' ]+)'", shown["Content-Security-Policy"])
        assert style == f'nonce="{nonce}"'

    def test_it_needs_no_policy(self, browser: Browser) -> None:
        browser.get(asking(self_registered()))

        assert "<style>/* The notice" in content(sign_in(browser))

    def test_name_that_an_application_chose_does_no_harm(self, browser: Browser) -> None:
        browser.get(asking(self_registered(name="<script>alert(1)</script>\u202e")))

        shown = content(sign_in(browser))

        assert "<script>" not in shown
        assert "\u202e" not in shown
        assert waiting(shown) == ["<script>alert(1)</script>"]

    def test_page_without_a_request_shows_nothing(self) -> None:
        template = Template("{% load django_mcp %}[{% pending_assistants %}]")

        assert template.render(Context()) == "[]"
        assert template.render(Context({"request": HttpRequest()})) == "[]"

    def test_page_of_a_host_with_other_routes_shows_nothing(
        self, browser: Browser, settings: Settings
    ) -> None:
        browser.get(asking(self_registered()))
        sign_in(browser)
        settings.ROOT_URLCONF = site(path("dashboard/", dashboard))

        assert waiting(content(browser.get(DASHBOARD))) == []
