"""The authorization endpoint: whom it asks, what users read, and what their answers are worth."""

import json
import re
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client as Browser
from django.utils.html import escape, strip_tags
from oauth2_provider.models import get_access_token_model, get_application_model, get_grant_model
from pytest_django import Settings

from django_mcp import prompt, resource, tool
from django_mcp.asgi import Application
from django_mcp.endpoints import get_endpoints, using_endpoints
from django_mcp.models import ClientRegistration, PromptTemplate, ToolGroup
from django_mcp.policy.snapshot import forget_snapshot
from django_mcp.primitives.declaration import collecting
from tests.auth.conftest import Issue
from tests.auth.oauth_client import onward
from tests.factories import token
from tests.wire import serving

CALLBACK = "https://assistant.example/callback"
ON_THIS_DEVICE = "http://127.0.0.1:33418/callback"
DEEP_LINK = "cursor://anysphere.cursor-mcp/oauth/callback"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
LOGIN_REQUIRED = "django.contrib.auth.middleware.LoginRequiredMiddleware"
ISSUER = "http://testserver/o"
Model = get_application_model()
Grant = get_grant_model()


@pytest.fixture
def browser(application: Application, alice: User) -> Browser:
    """Alice's, who is signed in."""
    browser = Browser()
    browser.force_login(alice)
    return browser


def self_registered(**values: Any) -> Any:
    """An application that has registered itself."""
    return Model.objects.create(
        **{
            "name": "Assistant",
            "redirect_uris": CALLBACK,
            "client_type": Model.CLIENT_PUBLIC,
            "authorization_grant_type": Model.GRANT_AUTHORIZATION_CODE,
            "registration_source": Model.RegistrationSource.DCR,
            **values,
        }
    )


def own(**values: Any) -> Any:
    """An application that operators of the host have made."""
    return self_registered(registration_source=Model.RegistrationSource.MANUAL, **values)


def asking(client: Any, **changes: Any) -> str:
    """The URL to which an application sends its user; None leaves a parameter out."""
    parameters = {
        "response_type": "code",
        "client_id": getattr(client, "client_id", client),
        "redirect_uri": CALLBACK,
        "scope": "notes:read notes:write",
        "state": "s1",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "resource": "http://testserver/mcp",
        **changes,
    }
    present = {name: value for name, value in parameters.items() if value is not None}
    return f"/o/authorize/?{urlencode(present, doseq=True)}"


def text(response: Any) -> str:
    """What the page says, in one line."""
    assert response.status_code in (200, 400)
    content = response.content.decode()
    return " ".join(strip_tags(content[content.index('<div class="mcp-page"') :]).split())


def answer(response: Any, to: str = CALLBACK) -> dict[str, str]:
    """What is sent to the application, by a redirect to `to`."""
    assert response.status_code == 302, response.content
    assert response["Location"].startswith(f"{to}?")
    return {name: value for name, [value] in parse_qs(urlsplit(response["Location"]).query).items()}


def granted() -> list[tuple[str, list[str]]]:
    """The scopes and resources of every code."""
    return [(grant.scope, grant.resource) for grant in Grant.objects.all()]


def boxes(response: Any) -> dict[str, bool]:
    """The scopes on the page, and whether each is ticked."""
    inputs = re.findall(r'<input type="checkbox"[^>]*>', response.content.decode())
    return {re.findall(r'value="([^"]*)"', box)[0]: " checked" in box for box in inputs}


def test_page_calls_the_service_by_its_title(browser: Browser, settings: Settings) -> None:
    settings.DJANGO_MCP_SERVER_NAME = "notebook"
    settings.DJANGO_MCP_SERVER_TITLE = "My notebook"

    said = text(browser.get(asking(self_registered())))

    assert "Assistant asks to use My notebook on your behalf" in said
    assert "Service My notebook (testserver)" in said


def test_page_calls_each_endpoint_by_its_own_title(browser: Browser, settings: Settings) -> None:
    settings.DJANGO_MCP_SERVER_TITLE = "The site"
    own = replace(get_endpoints().default, title="My notebook")

    with using_endpoints(own):
        said = text(browser.get(asking(self_registered())))

    assert "Assistant asks to use My notebook on your behalf" in said


def test_page_says_who_asks_for_what_and_where_the_answer_goes(
    browser: Browser, settings: Settings
) -> None:
    settings.DJANGO_MCP_SERVER_NAME = "Notebook"
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "SCOPES": {"notes:read": "Read your notes", "notes:write": "Write notes"},
    }
    ToolGroup.objects.create(name="notes", title="Your notes", enabled=True)

    page = browser.get(asking(self_registered()))

    said = text(page)
    assert said.startswith(
        "Allow Assistant? Assistant asks to use Notebook on your behalf. "
        "It asks for: Read your notes; Write notes Application "
    )
    assert "The name is its own claim, which nobody has verified." in said
    assert "Service Notebook (testserver)" in said
    assert "Access goes to assistant.example" in said
    assert "Signed in as alice" in said
    assert "Read your notes 2 may change or delete 2 only read Opens 4 tools" in said
    assert "Opens 4 tools Your notes Awrite note" in said
    assert "Read notes only reads" in said
    assert "Write note may change or delete needs notes:read as well" in said
    assert "In any case it may use these 2 may change or delete 3 only read 5 tools" in said
    assert "Default Add only reads" in said
    assert " new " not in said
    assert boxes(page) == {"notes:read": True, "notes:write": True}


def test_effect_of_a_single_tool_is_told_once(browser: Browser) -> None:
    group = ToolGroup.objects.create(name="notes", title="Your notes", enabled=True)
    group.switches.create(name="awrite_note", enabled=False)

    said = text(browser.get(asking(self_registered())))

    assert "(notes:write) Opens 1 tool Your notes Write note may change or delete" in said


def test_signed_in_user_is_shown_by_the_label_of_the_project(
    browser: Browser, alice: User, settings: Settings
) -> None:
    settings.DJANGO_MCP_USER_LABEL = "tests.test_user_labels.marked_safe"

    page = browser.get(asking(self_registered()))

    assert "<bdi>&lt;b&gt;Ada&lt;/b&gt; Lovelace</bdi>" in page.content.decode()


def test_answer_names_its_server_and_the_code_is_bound_to_all_that_was_allowed(
    browser: Browser,
) -> None:
    url = asking(self_registered())

    answered = answer(browser.post(url, {"allow": "true", "scope": ["notes:read", "notes:write"]}))

    assert answered == {"code": Grant.objects.get().code, "state": "s1", "iss": ISSUER}
    assert granted() == [("notes:read notes:write", ["http://testserver/mcp"])]
    assert Grant.objects.get().code_challenge == CHALLENGE


def test_user_grants_less_than_was_asked_for(browser: Browser) -> None:
    answer(browser.post(asking(self_registered()), {"allow": "true", "scope": ["notes:read"]}))

    assert [scope for scope, _ in granted()] == ["notes:read"]


def test_user_denies(browser: Browser) -> None:
    answered = answer(browser.post(asking(self_registered()), {"scope": ["notes:read"]}))

    assert answered == {"error": "access_denied", "state": "s1", "iss": ISSUER}
    assert granted() == []


def test_allowing_nothing_is_asked_again(browser: Browser) -> None:
    page = browser.post(asking(self_registered()), {"allow": "true"})

    assert "Choose at least one permission, or deny them all." in text(page)
    assert boxes(page) == {"notes:read": False, "notes:write": False}
    assert granted() == []


@pytest.mark.parametrize(
    "scope", ["closed:use", "notes:write", "openid", "", "notes:read closed:use"], ids=repr
)
def test_scope_that_was_not_asked_for_is_not_granted(browser: Browser, scope: str) -> None:
    url = asking(self_registered(), scope="notes:read")

    page = browser.post(url, {"allow": "true", "scope": [scope]})

    assert page.status_code == 200
    assert granted() == []


@pytest.mark.parametrize(
    "forged",
    [
        {"redirect_uri": "https://evil.example/callback"},
        {"resource": "https://evil.example/mcp"},
        {"client_id": "another"},
        {"code_challenge": "", "code_challenge_method": "plain"},
        {"response_type": "token"},
        {"state": "forged"},
    ],
    ids=str,
)
def test_no_other_field_of_a_form_counts(browser: Browser, forged: dict[str, str]) -> None:
    another = self_registered(client_id="another", redirect_uris="https://evil.example/callback")
    client = self_registered()

    answered = answer(
        browser.post(asking(client), {"allow": "true", "scope": ["notes:read"], **forged})
    )

    assert answered["state"] == "s1"
    assert granted() == [("notes:read", ["http://testserver/mcp"])]
    grant = Grant.objects.get()
    assert (grant.application, grant.redirect_uri) == (client, CALLBACK)
    assert (grant.code_challenge, grant.code_challenge_method) == (CHALLENGE, "S256")
    assert not Grant.objects.filter(application=another).exists()


def test_form_without_the_request_in_its_url_is_not_good_for_self_registered_ones(
    browser: Browser,
) -> None:
    fields = {
        "allow": "true",
        "client_id": self_registered().client_id,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": "notes:read",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }

    bare = browser.post("/o/authorize/", fields)
    smuggled = browser.post(asking(own(client_id="own"), scope="shop:read", resource=None), fields)

    assert bare.status_code == smuggled.status_code == 400
    assert granted() == []


@pytest.mark.parametrize("is_guarded", [True, False])
def test_decision_of_another_site_does_not_count(
    alice: User, application: Application, settings: Settings, is_guarded: bool
) -> None:
    guard = "django.middleware.csrf.CsrfViewMiddleware"
    settings.MIDDLEWARE = [each for each in settings.MIDDLEWARE if is_guarded or each != guard]
    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(alice)

    response = browser.post(asking(self_registered()), {"allow": "true", "scope": ["notes:read"]})

    assert response.status_code == 403
    assert granted() == []


@pytest.mark.parametrize("skips", [True, False])
@pytest.mark.parametrize("host_prompts", ["auto", "force"])
def test_self_registered_application_is_asked_about_each_time(
    browser: Browser, issue: Issue, settings: Settings, skips: bool, host_prompts: str
) -> None:
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "REQUEST_APPROVAL_PROMPT": host_prompts,
    }
    client = self_registered(skip_authorization=skips)
    issue("notes:read", "notes:write")
    get_access_token_model().objects.update(application=client)

    page = browser.get(asking(client, approval_prompt="auto"))

    assert text(page).startswith("Allow Assistant?")
    assert granted() == []


def test_host_lets_an_application_of_its_own_through(browser: Browser) -> None:
    answered = answer(browser.get(asking(own(skip_authorization=True))))

    assert answered["iss"] == ISSUER
    assert [scope for scope, _ in granted()] == ["notes:read notes:write"]


def test_application_of_the_host_is_let_through_once_its_user_has_allowed_it(
    browser: Browser, issue: Issue
) -> None:
    client = own()
    issue("notes:read", "notes:write")
    get_access_token_model().objects.update(application=client)

    answered = answer(browser.get(asking(client, approval_prompt="auto")))

    assert "code" in answered


def test_application_of_the_host_is_asked_about_on_the_same_page_where_it_wants_tools(
    browser: Browser,
) -> None:
    url = asking(own(), scope="notes:read shop:read")

    page = browser.get(url)
    answered = answer(browser.post(url, {"allow": "true", "scope": ["notes:read", "shop:read"]}))

    said = text(page)
    assert "Registered by the operators of testserver." in said
    assert "See products and orders In any case" in said
    assert boxes(page) == {"notes:read": True, "shop:read": True}
    assert answered["iss"] == ISSUER
    assert granted() == [("notes:read shop:read", ["http://testserver/mcp"])]


def test_application_of_the_host_that_wants_nothing_here_has_the_toolkits_own_page(
    browser: Browser,
) -> None:
    url = asking(own(), scope="shop:read", resource=None)

    page = browser.get(url)
    form = {name: page.context["form"].initial[name] or "" for name in page.context["form"].initial}
    answered = answer(browser.post(url, {**form, "allow": "true"}))

    assert "oauth2_provider/authorize.html" in [template.name for template in page.templates]
    assert "See products and orders" in page.content.decode()
    assert "code" in answered
    assert granted() == [("shop:read", [])]


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "nobody"},
        {"client_id": "nobody\0"},
        {"nonce": "n\0"},
        {"code_challenge": f"{CHALLENGE}\0"},
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": f"{CALLBACK}/more"},
        {"redirect_uri": f"{CALLBACK}?more=1"},
        {"redirect_uri": "https://assistant.example:8443/callback"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": [CALLBACK, "https://evil.example/callback"]},
    ],
    ids=str,
)
def test_request_that_may_be_an_attack_is_answered_to_the_user_alone(
    browser: Browser, changes: dict[str, Any]
) -> None:
    url = asking(self_registered(), **changes)

    for response in (browser.get(url), browser.post(url, {"allow": "true", "scope": "notes:read"})):
        assert response.status_code == 400
        assert text(response).startswith(
            "This application gets no access The application that sent you here is not known to "
            "testserver, or asks for the answer at an address that is not its own."
        )
        assert "evil.example" not in response.content.decode()
    assert granted() == []


def test_url_that_cannot_be_read_is_answered_to_the_user_alone(browser: Browser) -> None:
    response = browser.get(f"{asking(self_registered())}&scope=%zz")

    assert response.status_code == 400
    assert text(response).startswith("This application gets no access")


@pytest.mark.parametrize("method", ["get", "post"])
def test_user_is_told_that_an_application_is_blocked(browser: Browser, method: str) -> None:
    client = self_registered()
    ClientRegistration.objects.set_standing(client.client_id, ClientRegistration.Standing.BLOCKED)

    response = getattr(browser, method)(asking(client))

    assert response.status_code == 400
    assert "The operators of testserver have blocked this application." in text(response)


def test_user_is_told_that_an_application_awaits_approval(
    browser: Browser, settings: Settings
) -> None:
    settings.DJANGO_MCP_REQUIRE_APPROVED_CLIENTS = True
    client_id = f"https://assistant.example/{'a' * 200}.json"
    client = self_registered(client_id=client_id)

    before = browser.get(asking(client))
    ClientRegistration.objects.set_standing(client.client_id, ClientRegistration.Standing.APPROVED)
    after = browser.get(asking(client))

    assert before.status_code == 400
    assert "Applications need the approval of the operators of testserver" in text(before)
    assert f"They find it by this client id: {client_id}" in text(before)
    assert text(after).startswith("Allow Assistant?")


WRONG = [
    ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
    ({"code_challenge_method": "plain"}, "invalid_request"),
    ({"code_challenge_method": None}, "invalid_request"),
    ({"response_type": "token"}, "unauthorized_client"),
    ({"response_type": None}, "invalid_request"),
    ({"scope": "nonsense"}, "invalid_scope"),
    ({"resource": "https://evil.example/mcp"}, "invalid_target"),
    ({"resource": ["http://testserver/mcp", "https://evil.example/mcp"]}, "invalid_target"),
    ({"resource": "nonsense"}, "invalid_target"),
    ({"prompt": "none"}, "consent_required"),
]


@pytest.mark.parametrize(("changes", "error"), WRONG, ids=str)
def test_application_is_told_what_is_wrong_and_by_whom(
    browser: Browser, changes: dict[str, Any], error: str
) -> None:
    client = self_registered(redirect_uris=ON_THIS_DEVICE)

    response = browser.get(asking(client, redirect_uri=ON_THIS_DEVICE, **changes))

    assert response.status_code == 302
    assert_told(response["Location"], ON_THIS_DEVICE, error)


@pytest.mark.parametrize(("changes", "error"), WRONG, ids=str)
@pytest.mark.parametrize(
    ("callback", "place", "link"),
    [
        (CALLBACK, "assistant.example", "Go on to assistant.example"),
        (
            DEEP_LINK,
            "an app on this device that opens links of the kind cursor:",
            "Open the app for cursor: links",
        ),
        (
            "https://localhost/callback",
            "a program on this device, at localhost",
            "Go on to localhost",
        ),
    ],
)
def test_user_is_not_sent_on_to_a_self_registered_application_unasked(
    browser: Browser, callback: str, place: str, link: str, changes: dict[str, Any], error: str
) -> None:
    client = self_registered(name="Parcel office", redirect_uris=callback)

    response = browser.get(asking(client, redirect_uri=callback, **changes))

    assert response.status_code == 400
    said = text(response)
    assert said.startswith(
        "This request cannot be answered Parcel office asked for something that testserver cannot "
        "give. Nothing was allowed."
    )
    assert f"{place} {escape(onward(response))}" in said
    assert said.endswith(link)
    assert_told(onward(response), callback, error)


@pytest.mark.parametrize("callback", [CALLBACK, DEEP_LINK, ON_THIS_DEVICE])
@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"prompt": "none"}, "login_required"),
        ({"prompt": "none", "scope": "nonsense"}, "invalid_scope"),
        ({"prompt": "none", "response_type": None}, "invalid_request"),
    ],
    ids=str,
)
def test_visitor_who_is_not_signed_in_is_sent_nowhere_unasked(
    application: Application, callback: str, changes: dict[str, Any], error: str
) -> None:
    client = self_registered(redirect_uris=callback)

    response = Browser().get(asking(client, redirect_uri=callback, **changes))

    assert text(response).startswith("This request cannot be answered")
    assert_told(onward(response), callback, error)


@pytest.mark.parametrize("callback", [CALLBACK, DEEP_LINK])
def test_user_is_sent_on_to_an_application_that_holds_access_by_consent(
    browser: Browser, alice: User, callback: str
) -> None:
    client = self_registered(redirect_uris=callback)
    token(client, alice)

    response = browser.get(asking(client, redirect_uri=callback, prompt="none"))

    assert answer(response, to=callback)["error"] == "consent_required"


@pytest.mark.parametrize("facts", [{"user": "bob"}, {"lives": False}], ids=str)
def test_access_of_another_user_or_of_the_past_sends_nobody_on(
    browser: Browser, alice: User, facts: dict[str, Any]
) -> None:
    client = self_registered()
    name = facts.pop("user", "alice")
    token(client, User.objects.get_or_create(username=name)[0], **facts)

    response = browser.get(asking(client, prompt="none"))

    assert onward(response).startswith(CALLBACK)


def test_page_shows_the_whole_place_that_the_answer_goes_to(browser: Browser) -> None:
    callback = f"{CALLBACK}/{'deep/' * 40}?tenant=a&next=%E2%80%AEgpj"
    client = self_registered(redirect_uris=callback)

    page = browser.get(asking(client, redirect_uri=callback))

    assert f'<code class="mcp-uri">{escape(callback)}</code>' in page.content.decode()


def assert_told(location: str, callback: str, error: str) -> None:
    sent = location.replace("#", "?")
    told = {name: value for name, [value] in parse_qs(urlsplit(sent).query).items()}
    assert sent.startswith(f"{callback}?")
    assert (told["error"], told["state"], told["iss"]) == (error, "s1", ISSUER)


def test_user_is_sent_back_to_a_site_that_the_host_has_registered(browser: Browser) -> None:
    response = browser.get(asking(own(), scope="nonsense"))

    assert answer(response)["error"] == "invalid_scope"


@pytest.mark.parametrize("resource", ["nonsense", "http://["])
def test_malformed_resource_of_an_application_of_the_host(browser: Browser, resource: str) -> None:
    url = asking(own(), resource=resource)

    asked = answer(browser.get(url))
    posted = answer(browser.post(url, {"allow": "true", "scope": "notes:read"}))

    assert asked["error"] == posted["error"] == "invalid_target"
    assert granted() == []


@pytest.mark.parametrize(
    ("registered", "requested"),
    [
        ("http://127.0.0.1/callback", "http://127.0.0.1:49152/callback"),
        ("http://127.0.0.1:33418/", "http://127.0.0.1:5000/"),
        ("http://[::1]/callback", "http://[::1]:49152/callback"),
        ("http://localhost/callback", "http://localhost:49152/callback"),
        ("http://localhost:1234/callback", "http://localhost:49152/callback"),
    ],
)
def test_program_on_the_users_device_is_answered_at_any_port_after_a_warning(
    browser: Browser, registered: str, requested: str
) -> None:
    url = asking(self_registered(redirect_uris=registered), redirect_uri=requested)

    page = browser.get(url)
    answered = answer(browser.post(url, {"allow": "true", "scope": "notes:read"}), to=requested)

    authority = urlsplit(requested).netloc
    assert f"Access goes to a program on this device, at {authority}" in text(page)
    assert (
        "The access goes to a program on this device, and nobody can check which program that is."
        in text(page)
    )
    assert answered["iss"] == ISSUER


@pytest.mark.parametrize(
    ("registered", "requested"),
    [
        ("http://127.0.0.1/callback", "http://127.0.0.1:5000/other"),
        ("http://127.0.0.1/callback", "http://localhost:5000/callback"),
        ("http://127.0.0.1/callback", "http://127.0.0.1.evil.example:5000/callback"),
        ("http://127.0.0.1/callback", "http://127.0.0.1:5000@evil.example/callback"),
        ("http://127.0.0.1/callback", "https://127.0.0.1:5000/callback"),
    ],
)
def test_any_port_means_no_other_place(browser: Browser, registered: str, requested: str) -> None:
    response = browser.get(
        asking(self_registered(redirect_uris=registered), redirect_uri=requested)
    )

    assert response.status_code == 400


def test_app_that_opens_links_of_its_own_is_answered_after_a_warning(browser: Browser) -> None:
    url = asking(self_registered(redirect_uris=DEEP_LINK), redirect_uri=DEEP_LINK)

    page = browser.get(url)
    answered = answer(browser.post(url, {"allow": "true", "scope": "notes:read"}), to=DEEP_LINK)

    assert "an app on this device that opens links of the kind cursor:" in text(page)
    assert (
        "The access goes to an app on this device, and nobody can check which app that is. "
        "Any app may open links of this kind." in text(page)
    )
    assert form_action(page)[:2] == ["'self'", "cursor:"]
    assert answered["iss"] == ISSUER


def form_action(page: Any) -> list[str]:
    directives = page["Content-Security-Policy"].split("; ")
    return next(d.split()[1:] for d in directives if d.startswith("form-action "))


@pytest.mark.parametrize(
    ("callback", "source"),
    [
        (CALLBACK, "https://assistant.example"),
        ("https://assistant.example:8443/callback", "https://assistant.example:8443"),
        ("http://127.0.0.1:5000/callback", "http://127.0.0.1:5000"),
        ("http://localhost:5000/callback", "http://localhost:5000"),
        ("http://[::1]:5000/callback", "http:"),
    ],
)
def test_policy_of_the_page_lets_its_own_answer_through(
    browser: Browser, settings: Settings, callback: str, source: str
) -> None:
    settings.X_FRAME_OPTIONS = "SAMEORIGIN"
    page = browser.get(asking(self_registered(redirect_uris=callback), redirect_uri=callback))

    assert form_action(page)[:2] == ["'self'", source]
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
    assert page["X-Frame-Options"] == "DENY"
    assert "no-store" in page["Cache-Control"]
    assert page["Referrer-Policy"] == "same-origin"


def test_answer_keeps_what_the_application_has_registered(browser: Browser) -> None:
    callback = f"{CALLBACK}?tenant=a%20b&iss=https%3A%2F%2Fevil.example"
    url = asking(self_registered(redirect_uris=callback), redirect_uri=callback)

    answered = answer(browser.post(url, {"allow": "true", "scope": "notes:read"}))

    assert answered.keys() == {"tenant", "code", "state", "iss"}
    assert (answered["tenant"], answered["iss"]) == ("a b", ISSUER)


def test_application_with_a_metadata_document_is_named_by_the_documents_host(
    browser: Browser, settings: Settings
) -> None:
    client = self_registered(
        client_id="https://assistant.example/client.json",
        registration_source=Model.RegistrationSource.CIMD,
    )

    said = text(browser.get(asking(client)))

    assert "Described by assistant.example, which was verified." in said
    assert "another script" not in said


def test_host_of_a_document_vouches_for_no_program_on_the_users_device(browser: Browser) -> None:
    callback = "http://localhost/callback"
    client = self_registered(
        client_id="https://assistant.example/client.json",
        registration_source=Model.RegistrationSource.CIMD,
        redirect_uris=callback,
    )

    said = text(browser.get(asking(client, redirect_uri=callback)))

    assert (
        "That assistant.example describes the application does not prove that this program is it."
        in said
    )


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("Desk\u202egnp.exe", "Desk gnp.exe"),
        ("A\u2066B\u2069\u200bC\nD\0E", "A B C D E"),
        ("x" * 255, "x" * 79 + "…"),
        ("Z" + "\u0301" * 100 + "algo", "Z\u0301\u0301algo"),
        ("", "An application without a name"),
        ("\u200b \u202e", "An application without a name"),
        ("\u3164", "An application without a name"),
        ("\u2800\u034f \u115f\uffa0", "An application without a name"),
        ("\ufe0f\u0301", "An application without a name"),
        ("{{ csrf_token }} {% now 'Y' %}", "{{ csrf_token }} {% now &#x27;Y&#x27; %}"),
    ],
    ids=ascii,
)
def test_name_that_an_application_chose_does_no_harm(
    browser: Browser, name: str, shown: str
) -> None:
    client = self_registered()
    # Some databases hold no zero; those that do are shown it.
    name = name if "\0" not in name or connection.vendor == "sqlite" else name.replace("\0", " ")
    Model.objects.filter(pk=client.pk).update(name=name)

    page = browser.get(asking(client)).content.decode()

    assert f'<bdi class="mcp-claimed">{shown}</bdi>' in page
    assert not re.search("[\u202e\u2066\u2069\u200b\0]", page)


@pytest.mark.parametrize("client_id", ["https://xn--pple-43d.com/a", "https://\u0430pple.com/a"])
def test_look_alike_host_is_shown_in_its_technical_spelling(
    browser: Browser, client_id: str
) -> None:
    client = self_registered(client_id=client_id, registration_source=Model.RegistrationSource.CIMD)

    page = browser.get(asking(client))

    assert "Described by xn--pple-43d.com" in text(page)
    assert "written in letters of another script" in text(page)
    assert "\u0430" not in page.content.decode()


def test_user_may_be_another(browser: Browser) -> None:
    url = asking(self_registered())

    page = browser.post(url, {"another_user": "1"})
    after = browser.get(url)

    sign_in = f"/accounts/login/?{urlencode({'next': url}, safe='/')}"
    assert page["Refresh"] == f"0; url={sign_in}"
    assert f'href="{escape(sign_in)}"' in page.content.decode()
    assert (after.status_code, after["Location"]) == (302, sign_in)
    assert granted() == []


def test_user_signs_in_first(application: Application) -> None:
    url = asking(self_registered())

    response = Browser().get(url)

    assert response.status_code == 302
    assert response["Location"] == f"/accounts/login/?{urlencode({'next': url}, safe='/')}"


@pytest.mark.parametrize("middleware", [[], [LOGIN_REQUIRED]], ids=["bare", "login required"])
def test_application_that_wants_no_page_is_told_that_nobody_is_signed_in(
    application: Application, settings: Settings, middleware: list[str]
) -> None:
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, *middleware]

    response = Browser().get(asking(self_registered(), prompt="none"))

    assert_told(onward(response), CALLBACK, "login_required")


@pytest.mark.parametrize("number", [10, 11])
def test_many_tools_are_folded_below_the_number_of_each_kind(
    alice: User, db: None, number: int
) -> None:
    with collecting() as declarations:
        for each in range(number):
            tool(
                name=f"tool_{each}",
                group="notes",
                scopes=["notes:read"] if each % 2 else ["notes:write"],
                read_only=each % 2 == 1,
                destructive=None if each % 2 else each == 0,
                description="Do something.",
            )(lambda: None)
    browser = Browser()
    browser.force_login(alice)

    with serving(declarations):
        page = browser.get(
            asking(self_registered(), scope="notes:read notes:write")
        ).content.decode()

    marks = re.findall(r'<p class="mcp-effects">(.*?)</p>', page, re.DOTALL)
    reads, writes = number // 2, (number - 1) // 2
    assert [" ".join(strip_tags(mark).split()) for mark in marks] == [
        f"{reads} only read",
        f"1 may change or delete {writes} add or change",
    ]
    assert 'class="mcp-mark mcp-mark-bad">1 may change or delete' in marks[1]
    assert page.count("<details>") == (2 if number > 10 else 0)
    assert page.count("<details open>") == (0 if number > 10 else 2)


def test_resources_and_prompts_that_a_scope_opens_are_shown_as_such(alice: User, db: None) -> None:
    def act() -> str:
        """Act."""
        return ""

    def show(key: str) -> str:
        """Show one."""
        return key

    shared: Any = {"group": "notes", "scopes": ["notes:read"]}
    with collecting() as declarations:
        tool(name="list_notes", read_only=True, **shared)(act)
        resource("note://{key}", name="note", title="A <b>note</b>", **shared)(show)
        resource("note://index", name="index", **shared)(act)
        prompt(name="review_notes", **shared)(act)
        prompt(name="greet")(act)
    browser = Browser()
    browser.force_login(alice)

    with serving(declarations):
        said = text(browser.get(asking(self_registered(), scope="notes:read")))

    assert (
        "Notes (notes:read) 4 only read Opens 1 tool, 2 resources and 1 prompt "
        "Notes List notes only reads Index resource only reads "
        "A &lt;b&gt;note&lt;/b&gt; resource only reads Review notes prompt only reads "
        "In any case it may use these 1 prompt Default Greet prompt only reads Deny Allow" in said
    )


def test_prompts_that_operators_have_written_are_offered_to_those_who_see_them(
    browser: Browser,
) -> None:
    for name, is_open in (("seen", True), ("unseen", False)):
        group = ToolGroup.objects.create(name=name, enabled=is_open)
        PromptTemplate.objects.create(name=f"is_{name}", description="x", group=group, text="Hi")
    forget_snapshot()

    said = text(browser.get(asking(self_registered())))

    assert "Seen Is seen prompt only reads" in said
    assert "Is unseen" not in said


def test_many_scopes_are_summed_up_in_one_bounded_line(
    browser: Browser, settings: Settings
) -> None:
    names = [f"notes:{each}" for each in "abcdef"]
    described = {name: f"Use {name}." for name in names} | {"notes:b": "Long " * 100}
    settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, "SCOPES": described}

    said = text(browser.get(asking(own(), scope=" ".join(names))))

    long = ("Long " * 12)[:59]
    summed_up = (
        f"It asks for: Use notes:a; {long}…; Use notes:c; Use notes:d and 2 more Application"
    )
    assert summed_up in said


def test_scopes_that_the_application_does_not_hold_yet_are_marked_and_come_first(
    browser: Browser, alice: User
) -> None:
    client, other = self_registered(), self_registered()
    bob = User.objects.create_user("bob")
    token(client, alice, scope="notes:read")
    # None of these says that alice has let this application write notes here.
    token(client, alice, scope="notes:write", lives=False)
    token(client, alice, scope="notes:write", resource=["https://other.example/mcp"])
    token(client, bob, scope="notes:write")
    token(other, alice, scope="notes:write")

    page = browser.get(asking(client))

    said = text(page)
    assert "on your behalf. It asks for more: Notes (notes:write) Application " in said
    assert "What it asks for now for the first time is marked as new." in said
    assert "Notes (notes:write) new 2 may" in said
    assert "Notes (notes:read) 2 may" in said
    assert list(boxes(page)) == ["notes:write", "notes:read"]


def test_tools_that_the_user_cannot_see_are_not_mentioned(browser: Browser) -> None:
    ToolGroup.objects.filter(name="notes").delete()
    group = ToolGroup.objects.create(name="notes", enabled=True)
    group.allowed_groups.add(Group.objects.create(name="writers"))

    said = text(browser.get(asking(self_registered())))

    assert "Opens nothing to you at the moment." in said
    assert "Write note" not in said
    assert "Hidden" not in said


def test_host_that_is_none_is_spelled_out(browser: Browser) -> None:
    client = self_registered(
        client_id="https://" + "\u0430" * 64 + ".example/a",
        registration_source=Model.RegistrationSource.CIMD,
    )

    page = browser.get(asking(client))

    assert "Described by " + r"\u0430" * 13 + "\\…, which was verified." in text(page)


def test_prompt_to_sign_in_leads_to_the_login_once(browser: Browser) -> None:
    client = self_registered()

    response = browser.get(asking(client, prompt="login"))

    login = urlsplit(response["Location"])
    [back] = parse_qs(login.query)["next"]
    assert (response.status_code, login.path) == (302, "/accounts/login/")
    assert "prompt" not in parse_qs(urlsplit(back).query)
    assert text(browser.get(back)).startswith("Allow Assistant?")


def test_prompt_to_create_an_account_changes_nothing_for_a_user_with_one(
    browser: Browser, settings: Settings
) -> None:
    client = self_registered()

    refused = browser.get(asking(client, prompt="create"))
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "OIDC_RP_INITIATED_REGISTRATION_ENABLED": True,
    }
    asked = browser.get(asking(client, prompt="create"))

    assert refused.status_code == 400
    assert text(asked).startswith("Allow Assistant?")


def test_what_openid_connect_adds_to_a_request_is_kept(
    browser: Browser, settings: Settings
) -> None:
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "OIDC_ENABLED": True,
        "SCOPES": {"openid": "Know who you are"},
        "ALWAYS_RELOAD_OAUTHLIB_CORE": True,
    }
    client = own(algorithm=Model.RS256_ALGORITHM, client_type=Model.CLIENT_CONFIDENTIAL)
    extra = {"nonce": "n1", "ui_locales": "fr en", "claims": '{"id_token": {"email": null}}'}
    url = asking(client, scope="openid notes:read", **extra)

    said = text(browser.get(url))
    answered = answer(browser.post(url, {"allow": "true", "scope": "openid notes:read"}))

    grant = Grant.objects.get()
    assert "Know who you are" in said
    assert answered["code"] == grant.code
    assert (grant.scope, grant.nonce) == ("openid notes:read", "n1")
    assert json.loads(grant.claims) == json.loads(extra["claims"])


@pytest.mark.parametrize("make", [self_registered, own])
def test_login_that_an_application_wishes_leads_back_with_every_resource(
    browser: Browser, make: Any
) -> None:
    resources = ["http://testserver/mcp", "http://testserver/mcp/"]
    url = asking(make(), prompt="login", resource=resources)

    response = browser.get(url)

    (way_back,) = parse_qs(urlsplit(response["Location"]).query)["next"]
    asked = parse_qs(urlsplit(url).query)
    del asked["prompt"]
    assert response["Location"].startswith("/accounts/login/?next=/o/authorize/")
    assert parse_qs(urlsplit(way_back).query) == asked
