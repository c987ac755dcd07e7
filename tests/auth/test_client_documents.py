"""Assistants that introduce themselves by a document that they publish."""

import datetime
import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import OperationalError, connection, connections
from django.db.models.signals import pre_save
from django.test import Client as Browser
from django.utils import timezone
from oauth2_provider.cimd import CIMDError
from oauth2_provider.models import get_application_model
from pytest_django import Settings

from django_mcp.auth.clients.decisions import approve, block
from django_mcp.auth.clients.documents.fetcher import ClientDocumentFetcher
from django_mcp.models import ClientRegistration
from tests.auth.documents import Library, serving_documents, with_local_documents
from tests.auth.oauth_client import OAuthClient, error_of, registered
from tests.client_documents import CHATGPT, CLAUDE_CODE, CLAUDE_WEB, VS_CODE
from tests.ports import held_port
from tests.wire import Client

Applications = get_application_model()

URL = "https://desk.example/client.json"
CALLBACK = "https://desk.example/callback"

pytestmark = pytest.mark.usefixtures("application")


@pytest.fixture(autouse=True)
def library(settings: Settings) -> Iterator[Library]:
    settings.OAUTH2_PROVIDER = with_local_documents(settings.OAUTH2_PROVIDER)
    with serving_documents() as library:
        yield library


def visit(client_id: str, address: str = "203.0.113.9", headers: Any = None, **changes: Any) -> Any:
    """The page that a user who is signed in gets when an assistant sends them."""
    visitor, _ = User.objects.get_or_create(username="visitor")
    browser = Browser(REMOTE_ADDR=address, headers=headers)
    return OAuthClient(client_id=client_id, user=visitor, browser=browser).open(**changes)


def is_refused(page: Any) -> bool:
    """Whether the page says that the application gets no access."""
    return page.status_code == 400 and "This application gets no access" in page.content.decode()


def grow_old(**age: float) -> None:
    """Let every document be past its age, by so much."""
    Applications.objects.update(cimd_expires_at=timezone.now() - datetime.timedelta(**age))


@pytest.mark.parametrize(
    ("document", "redirect_uri"),
    [
        (CLAUDE_WEB, "https://claude.ai/api/mcp/auth_callback"),
        (CLAUDE_WEB, "https://claude.com/api/mcp/auth_callback"),
        (CLAUDE_CODE, "http://localhost:53682/callback"),
        (CLAUDE_CODE, "http://127.0.0.1:53682/callback"),
        (VS_CODE, "http://127.0.0.1:33418/"),
        (VS_CODE, "http://127.0.0.1:50000/"),
        (VS_CODE, "https://vscode.dev/redirect"),
        (CHATGPT, "https://chatgpt.com/connector_platform_oauth_redirect"),
    ],
    ids=lambda value: value if isinstance(value, str) else value["client_name"],
)
def test_assistant_gets_in_with_the_document_that_it_publishes(
    library: Library, alice: User, client: Client, document: Mapping[str, Any], redirect_uri: str
) -> None:
    url = library.publish(URL, **document)
    oauth_client = OAuthClient(client_id=url, user=alice, redirect_uri=redirect_uri)

    tokens = oauth_client.log_in()
    refreshed = oauth_client.refresh(tokens["refresh_token"]).json()

    assert client.with_token(refreshed["access_token"]).call("read_notes").status == 200
    application = Applications.objects.get()
    assert application.name == document["client_name"]
    assert application.client_type == "public"
    assert application.authorization_grant_type == "authorization-code"
    assert library.fetched == [URL]


def test_registration_is_on_record_with_the_address_that_it_came_from(library: Library) -> None:
    library.publish(URL, redirect_uris=[CALLBACK])

    visit(URL, address="203.0.113.77")
    visit(URL, address="203.0.113.78")

    row = ClientRegistration.objects.get()
    assert (row.client_id, row.source, row.address) == (URL, "cimd", "203.0.113.77")


def test_behind_a_proxy_the_address_of_the_visitor_is_stored(
    library: Library, settings: Settings
) -> None:
    settings.RATELIMIT_IP_META_KEY = "HTTP_X_REAL_IP"
    library.publish(URL, redirect_uris=[CALLBACK])

    visit(URL, address="127.0.0.1", headers={"X-Real-IP": "203.0.113.77"})

    assert ClientRegistration.objects.get().address == "203.0.113.77"


@pytest.mark.parametrize(
    "members",
    [
        {"redirect_uris": ["http://desk.example/callback"]},
        {"redirect_uris": []},
        {"redirect_uris": CALLBACK},
        {"redirect_uris": [5]},
        {"redirect_uris": None},
        {},
        {"redirect_uris": [f"{CALLBACK}/{n}" for n in range(11)]},
        {"redirect_uris": [CALLBACK], "client_name": ["Desk"]},
        {"redirect_uris": [CALLBACK], "grant_types": ["client_credentials"]},
        {"redirect_uris": [CALLBACK], "grant_types": "authorization_code"},
        {"redirect_uris": [CALLBACK], "response_types": ["token"]},
        {"redirect_uris": [CALLBACK], "token_endpoint_auth_method": "private_key_jwt"},
        {"redirect_uris": [CALLBACK], "token_endpoint_auth_method": "client_secret_basic"},
        {
            "redirect_uris": [CALLBACK],
            "token_endpoint_auth_methods_supported": 5,
            "token_endpoint_auth_method": "private_key_jwt",
        },
        {"redirect_uris": [CALLBACK], "client_secret": "hush"},
        {"redirect_uris": [CALLBACK], "client_id": "https://other.example/client.json"},
    ],
    ids=lambda members: json.dumps(members)[:80],
)
def test_document_that_cannot_be_taken(library: Library, members: dict[str, Any]) -> None:
    library.publish(URL, **members)

    assert is_refused(visit(URL))
    assert not Applications.objects.exists()
    assert not ClientRegistration.objects.exists()


@pytest.mark.parametrize("nothing", [None, []])
def test_null_and_an_empty_array_in_a_document_count_as_absent(
    library: Library, nothing: Any
) -> None:
    members = ("client_secret", "contacts", "grant_types", "jwks", "response_types")
    library.publish(URL, redirect_uris=[CALLBACK], **dict.fromkeys(members, nothing))

    assert not is_refused(visit(URL))


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"[" * 10_000, b'{"a": "' + b"x" * 20_000 + b'"}', b"\xff"]
)
def test_body_that_is_no_document(library: Library, body: bytes) -> None:
    library.publish(URL, body)

    assert is_refused(visit(URL))


def test_redirects_that_nothing_may_be_sent_to_are_left_out(library: Library, alice: User) -> None:
    library.publish(
        URL,
        redirect_uris=[
            "http://desk.example/callback",
            "vscode://desk/callback",
            f"{CALLBACK} https://evil.example/",
            "https://desk.example/" + "x" * 2000,
            CALLBACK,
        ],
    )

    OAuthClient(client_id=URL, user=alice).log_in()

    assert Applications.objects.get().redirect_uris == CALLBACK


def test_name_is_one_short_line(library: Library) -> None:
    name = "Desk\u202e\x00\ud800\n" + "x" * 500
    library.publish(URL, redirect_uris=[CALLBACK], client_name=name)

    visit(URL)

    shown = Applications.objects.get().name
    assert shown.startswith("Desk xxx")
    assert len(shown) <= 100


# What is not fetched


def test_hosts_of_the_own_network_are_not_asked() -> None:
    with pytest.raises(CIMDError, match="non-public address"):
        ClientDocumentFetcher().fetch("https://localhost/client.json")


@pytest.mark.parametrize(
    "url",
    [
        "http://desk.example/client.json",
        "https://desk.example",
        "https://desk.example/a/../client.json",
        "https://user@desk.example/client.json",
        "https://desk.example/client.json#a",
        "https://desk.example/client json",
        "https://desk.example/\x00",
        "https://desk.example/" + "x" * 300,
        "https://desk.ex\u00e4mple/client.json",
        "https://[desk.example/client.json",
        "https://desk.example:port/client.json",
        # Addresses, public ones included
        "https://93.184.216.34/client.json",
        "https://93.184.216.34./client.json",
        "https://127.0.0.1/client.json",
        "https://[::1]/client.json",
        "https://[::ffff:127.0.0.1]/client.json",
        "https://[2606:4700:4700::1111]/client.json",
        "https://0/client.json",
        "https://0x7f.1/client.json",
        "https://2130706433/client.json",
    ],
)
def test_client_id_that_is_no_good_url_is_not_fetched(library: Library, url: str) -> None:
    assert is_refused(visit(url))
    assert library.resolved == []


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Dest": each} for each in ("image", "iframe", "script", "empty")]
)
def test_unknown_document_is_not_fetched_for_what_a_page_of_another_site_loads(
    library: Library, headers: dict[str, str]
) -> None:
    library.publish(URL, redirect_uris=[CALLBACK])

    assert is_refused(visit(URL, headers=headers))
    assert library.resolved == []
    assert visit(URL, headers={"Sec-Fetch-Dest": "document"}).status_code == 200


def test_unknown_document_is_not_fetched_without_a_user_to_ask(library: Library) -> None:
    library.publish(URL, redirect_uris=[CALLBACK])
    nobody = OAuthClient(client_id=URL)

    assert nobody.open().status_code == 302  # to the login
    assert is_refused(nobody.open(prompt="none"))
    assert is_refused(visit(URL, prompt="none"))
    assert library.resolved == []
    assert visit(URL).status_code == 200
    assert nobody.open(prompt="none").status_code != 500


@pytest.mark.parametrize("path", ["/o/token/", "/o/revoke_token/", "/o/introspect/"])
def test_unknown_document_is_not_fetched_for_programs(library: Library, path: str) -> None:
    library.publish(URL, redirect_uris=[CALLBACK])
    parameters = {
        "client_id": URL,
        "grant_type": "authorization_code",
        "code": "c",
        "token": "t",
    }

    assert Browser().post(path, parameters).status_code in (400, 401, 403)
    assert library.resolved == []


def test_one_address_gets_few_unknown_documents_fetched(
    library: Library, settings: Settings
) -> None:
    settings.DJANGO_MCP_CLIENT_DOCUMENT_RATE = "3/h"

    for number in range(10):
        assert is_refused(visit(f"https://victim.example/?{number}"))

    assert len(library.fetched) == 3
    visit("https://victim.example/?other", address="198.51.100.1")
    assert len(library.fetched) == 4


def test_what_is_not_fetched_is_not_counted(library: Library, settings: Settings) -> None:
    settings.DJANGO_MCP_CLIENT_DOCUMENT_RATE = "2/h"
    visit("https://victim.example/once")
    for number in range(5):
        visit("https://victim.example/once")
        visit(f"https://user@victim.example/{number}")
        visit(f"https://203.0.113.{number}/client.json")
        visit(f"https://victim.example/{number}", prompt="none")
    library.publish(URL, redirect_uris=[CALLBACK])

    assert visit(URL).status_code == 200


def test_documents_and_registrations_are_counted_apart(
    library: Library, settings: Settings
) -> None:
    settings.DJANGO_MCP_CLIENT_DOCUMENT_RATE = "2/h"
    settings.DJANGO_MCP_REGISTRATION_RATE = "2/h"
    for number in range(5):
        visit(f"https://victim.example/?{number}")

    def register() -> int:
        document = {"redirect_uris": [CALLBACK]}
        browser = Browser(REMOTE_ADDR="203.0.113.9")
        answer = browser.post("/o/register/", document, content_type="application/json")
        return int(answer.status_code)

    assert len(library.fetched) == 2
    assert [register(), register(), register()] == [201, 201, 429]


def test_limit_can_be_switched_off(library: Library, settings: Settings) -> None:
    settings.DJANGO_MCP_CLIENT_DOCUMENT_RATE = None

    for number in range(30):
        visit(f"https://victim.example/?{number}")

    assert len(library.fetched) == 30


def test_known_assistant_is_let_in_however_many_unknown_ones_came(
    library: Library, settings: Settings, alice: User
) -> None:
    library.publish(URL, redirect_uris=[CALLBACK])
    settings.DJANGO_MCP_CLIENT_DOCUMENT_RATE = "1/h"
    oauth_client = OAuthClient(client_id=URL, user=alice)
    oauth_client.log_in()
    for number in range(5):
        visit(f"https://victim.example/?{number}", address="127.0.0.1")
    grow_old(days=1)
    library.publish(URL, redirect_uris=[CALLBACK], client_name="New name")

    oauth_client.log_in()

    assert Applications.objects.get().name == "New name"


def test_blocked_document_is_not_fetched(library: Library, alice: User) -> None:
    library.publish(URL, redirect_uris=[CALLBACK])
    block(URL)

    page = OAuthClient(client_id=URL, user=alice).open()

    assert page.status_code == 400
    assert "have blocked this application" in page.content.decode()
    assert error_of(OAuthClient(client_id=URL).redeem("c")) == "invalid_client"
    assert library.fetched == []


def test_document_is_fetched_once_approved_where_that_is_asked_for(
    library: Library, settings: Settings, alice: User
) -> None:
    library.publish(URL, redirect_uris=[CALLBACK])
    settings.DJANGO_MCP_REQUIRE_APPROVED_CLIENTS = True
    oauth_client = OAuthClient(client_id=URL, user=alice)

    page = oauth_client.open()
    assert page.status_code == 400
    assert URL in page.content.decode()
    assert library.fetched == []

    approve(URL)
    assert oauth_client.log_in()
    assert ClientRegistration.objects.get().source == "cimd"


def test_document_does_not_take_over_an_application_of_the_host(library: Library) -> None:
    registered(client_id=URL, registration_source="manual", redirect_uris="https://own.example/")
    library.publish(URL, redirect_uris=[CALLBACK])

    visit(URL)

    assert Applications.objects.get().redirect_uris == "https://own.example/"
    assert library.fetched == []


def test_documents_are_switched_off(library: Library, settings: Settings, alice: User) -> None:
    settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, "CIMD_ENABLED": False}
    settings.DJANGO_MCP_REQUIRE_APPROVED_CLIENTS = True
    library.publish(URL, redirect_uris=[CALLBACK])

    page = OAuthClient(client_id=URL, user=alice).open()

    assert page.status_code == 400
    assert library.fetched == []


def test_document_comes_twice_at_once_where_requests_are_transactions(
    transactional_db: None, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else is faster while the document is fetched."""

    def overtake() -> None:
        registered(client_id=URL, registration_source="cimd", redirect_uris=CALLBACK)

    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)
    library.publish(URL, redirect_uris=[CALLBACK], client_name="Desk two")
    library.while_resolving["desk.example"] = overtake

    assert visit(URL).status_code == 200
    assert [each.name for each in Applications.objects.all()] == ["Desk two"]


@pytest.mark.skipif(connection.vendor == "sqlite", reason="it has one writer at a time")
def test_document_is_stored_twice_at_once(transactional_db: None, library: Library) -> None:
    """Somebody else is faster just before the application is stored."""

    def register() -> None:
        registered(client_id=URL, registration_source="cimd", redirect_uris=CALLBACK)
        connections.close_all()

    def overtake(**kwargs: Any) -> None:
        pre_save.disconnect(overtake, sender=Applications)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(register).result()

    library.publish(URL, redirect_uris=[CALLBACK], client_name="Desk two")
    pre_save.connect(overtake, sender=Applications)

    assert visit(URL).status_code == 200
    assert [each.name for each in Applications.objects.all()] == ["Desk two"]


# Documents past their age


def test_document_past_its_age_is_fetched_anew(library: Library, alice: User) -> None:
    library.publish(URL, redirect_uris=[CALLBACK])
    library.max_age = 600
    oauth_client = OAuthClient(client_id=URL, user=alice)
    tokens = oauth_client.log_in()
    assert library.fetched == [URL]
    grow_old(seconds=1)

    assert oauth_client.refresh(tokens["refresh_token"]).status_code == 200
    assert library.fetched == [URL, URL]
    age = Applications.objects.get().cimd_expires_at - timezone.now()
    assert 590 < age.total_seconds() <= 600


@contextmanager
def cache_away(settings: Settings) -> Iterator[None]:
    with held_port() as port:
        redis = {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": f"redis://127.0.0.1:{port}",
        }
        settings.CACHES = {"default": redis}
        yield


def test_known_assistant_gets_in_with_its_last_document_while_the_cache_is_away(
    library: Library, settings: Settings, alice: User
) -> None:
    library.publish(URL, redirect_uris=[CALLBACK])
    oauth_client = OAuthClient(client_id=URL, user=alice)
    oauth_client.log_in()
    grow_old(days=6)

    with cache_away(settings):
        tokens = oauth_client.log_in()
        refreshed = oauth_client.refresh(tokens["refresh_token"]).json()
        revoked = Browser().post(
            "/o/revoke_token/", {"client_id": URL, "token": refreshed["refresh_token"]}
        )

    assert revoked.status_code == 200
    assert library.fetched == [URL]


def test_unknown_document_is_refused_while_the_cache_is_away(
    library: Library, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    library.publish(URL, redirect_uris=[CALLBACK])

    with cache_away(settings):
        page = visit(URL)
        answer = OAuthClient(client_id=URL).redeem("c")

    assert is_refused(page)
    assert "Try again in a few minutes" in page.content.decode()
    assert error_of(answer) == "invalid_client"
    assert library.resolved == []
    assert "is unknown" in caplog.text


def test_documents_are_fetched_while_the_cache_is_away_where_a_project_says_so(
    library: Library, settings: Settings, alice: User
) -> None:
    settings.RATELIMIT_FAIL_OPEN = True
    library.publish(URL, redirect_uris=[CALLBACK])

    with cache_away(settings):
        assert visit("https://desk.example/none.json").status_code == 400
        assert OAuthClient(client_id=URL, user=alice).log_in()


def _status(status: int) -> Callable[[Library], object]:
    return lambda library: setattr(library, "status", status)


@pytest.mark.parametrize(
    "fail",
    [
        _status(500),
        _status(503),
        _status(403),
        _status(302),
        lambda library: library.publish(URL, b"<h1>We are down for maintenance</h1>"),
        lambda library: library.publish(URL, b"[]"),
        lambda library: setattr(library, "kind", "text/html"),
        lambda library: library.while_resolving.update({"desk.example": lambda: 1 / 0}),
    ],
    ids=["500", "503", "403", "302", "no JSON", "no object", "HTML", "fails oddly"],
)
def test_last_document_counts_for_a_week_while_its_host_fails(
    library: Library, alice: User, fail: Callable[[Library], object]
) -> None:
    library.publish(URL, redirect_uris=[CALLBACK])
    oauth_client = OAuthClient(client_id=URL, user=alice)
    tokens = oauth_client.log_in()
    fail(library)

    grow_old(days=6, hours=23)
    assert oauth_client.log_in()
    grow_old(days=7)
    assert is_refused(oauth_client.open())
    assert error_of(oauth_client.refresh(tokens["refresh_token"])) == "invalid_client"


def test_host_that_fails_is_left_alone_for_a_while(library: Library, alice: User) -> None:
    library.publish(URL, redirect_uris=[CALLBACK])
    oauth_client = OAuthClient(client_id=URL, user=alice)
    oauth_client.log_in()
    library.status = 500
    grow_old(days=1)

    for _ in range(5):
        oauth_client.log_in()

    assert len(library.fetched) == 2


@pytest.mark.parametrize(
    "withdraw",
    [
        lambda library: library.documents.clear(),
        _status(410),
        lambda library: library.publish(URL, redirect_uris=[]),
        lambda library: library.publish(URL, redirect_uris=["http://desk.example/callback"]),
        lambda library: library.publish(URL, redirect_uris=[CALLBACK], client_secret="hush"),
        lambda library: library.publish(URL, redirect_uris=[CALLBACK], client_id="https://a.b/c"),
    ],
    ids=["404", "410", "no redirects", "bad redirects", "secret", "of another"],
)
def test_document_that_its_host_withdraws_counts_no_more(
    library: Library, settings: Settings, alice: User, withdraw: Callable[[Library], object]
) -> None:
    library.publish(URL, redirect_uris=[CALLBACK])
    oauth_client = OAuthClient(client_id=URL, user=alice)
    tokens = oauth_client.log_in()
    grow_old(seconds=1)
    withdraw(library)

    assert is_refused(oauth_client.open())
    assert error_of(oauth_client.refresh(tokens["refresh_token"])) == "invalid_client"
    assert len(library.fetched) == 2
    with cache_away(settings):
        assert is_refused(oauth_client.open())


def test_document_that_is_published_again_counts_again(library: Library, alice: User) -> None:
    library.publish(URL, redirect_uris=[CALLBACK])
    oauth_client = OAuthClient(client_id=URL, user=alice)
    oauth_client.log_in()
    grow_old(seconds=1)
    library.documents.clear()
    assert is_refused(oauth_client.open())

    library.publish(URL, redirect_uris=[CALLBACK])
    cache.clear()  # the time of the backoff is over

    assert oauth_client.log_in()


# Approvals of documents


@pytest.mark.parametrize(
    ("members", "standing"),
    [
        ({"redirect_uris": [CALLBACK]}, "approved"),
        ({"redirect_uris": [CALLBACK], "client_name": "Desk", "logo_uri": "https://a.b/"}, "new"),
        ({"redirect_uris": [CALLBACK, "https://evil.example/"]}, "new"),
    ],
    ids=["unchanged", "name", "redirects"],
)
def test_document_whose_name_or_redirects_change_loses_its_approval(
    library: Library, members: dict[str, Any], standing: str
) -> None:
    library.publish(URL, redirect_uris=[CALLBACK])
    visit(URL)
    approve(URL)
    grow_old(seconds=1)
    library.publish(URL, **members)

    visit(URL)

    assert len(library.fetched) == 2
    assert ClientRegistration.objects.get().standing == standing


@pytest.mark.parametrize("way", ["page", "token"])
def test_changed_document_does_not_get_in_on_the_approval_of_the_old_one(
    library: Library, settings: Settings, alice: User, way: str
) -> None:
    settings.DJANGO_MCP_REQUIRE_APPROVED_CLIENTS = True
    library.publish(URL, redirect_uris=[CALLBACK])
    approve(URL)
    oauth_client = OAuthClient(client_id=URL, user=alice)
    tokens = oauth_client.log_in()
    grow_old(seconds=1)
    library.publish(URL, redirect_uris=[CALLBACK], client_name="Your bank")

    if way == "page":
        page = oauth_client.open()
        assert is_refused(page)
        assert "need the approval" in page.content.decode()
    else:
        assert error_of(oauth_client.refresh(tokens["refresh_token"])) == "invalid_grant"

    assert ClientRegistration.objects.get().standing == "new"
    assert Applications.objects.get().name == "Your bank"
    approve(URL)
    assert oauth_client.log_in()


def test_block_of_a_document_outlives_its_changes(library: Library) -> None:
    library.publish(URL, redirect_uris=[CALLBACK])
    visit(URL)
    block(URL)
    grow_old(seconds=1)
    library.publish(URL, redirect_uris=[CALLBACK], client_name="Another")

    visit(URL)

    assert ClientRegistration.objects.get().standing == "blocked"


def test_changed_document_and_its_lost_approval_are_stored_together(
    transactional_db: None, library: Library
) -> None:
    """The database fails in between."""
    library.publish(URL, redirect_uris=[CALLBACK], client_name="Desk")
    visit(URL)
    approve(URL)
    grow_old(seconds=1)
    library.publish(URL, redirect_uris=[CALLBACK], client_name="Your bank")

    def fail(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("UPDATE") and ClientRegistration._meta.db_table in sql:
            raise OperationalError("away")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fail):
        visit(URL)

    assert Applications.objects.get().name == "Desk"
    assert ClientRegistration.objects.get().standing == "approved"
