"""Assistants that introduce themselves by a document that they publish."""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.db.models.signals import pre_save
from django.test import Client as Browser
from oauth2_provider.cimd import CIMDError
from oauth2_provider.models import get_application_model
from pytest_django import Settings

from django_mcp.auth.client_documents import ClientDocumentFetcher
from django_mcp.auth.standing import approve, block
from django_mcp.models import ClientRegistration
from tests.assistants import CHATGPT, CLAUDE_CODE, CLAUDE_WEB, VS_CODE
from tests.auth.assistant import Assistant, error_of, registered
from tests.auth.documents import Library, serving_documents, with_local_documents
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


def ask_for_token(client_id: str, address: str = "203.0.113.9") -> Any:
    """What anybody can send without a login."""
    return Browser(REMOTE_ADDR=address).post(
        "/o/token/", {"grant_type": "authorization_code", "client_id": client_id, "code": "c"}
    )


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
    assistant = Assistant(client_id=url, user=alice, redirect_uri=redirect_uri)

    tokens = assistant.log_in()
    refreshed = assistant.refresh(tokens["refresh_token"]).json()

    assert client.with_token(refreshed["access_token"]).call("read_notes").status == 200
    application = Applications.objects.get()
    assert application.name == document["client_name"]
    assert application.client_type == "public"
    assert application.authorization_grant_type == "authorization-code"
    assert library.fetched == [URL]


def test_registration_is_on_record_with_the_address_that_it_came_from(library: Library) -> None:
    library.publish(URL, redirect_uris=[CALLBACK])

    ask_for_token(URL, address="203.0.113.77")
    ask_for_token(URL, address="203.0.113.78")

    row = ClientRegistration.objects.get()
    assert (row.client_id, row.source, row.address) == (URL, "cimd", "203.0.113.77")


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

    assert error_of(ask_for_token(URL)) == "invalid_client"
    assert not Applications.objects.exists()
    assert not ClientRegistration.objects.exists()


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"[" * 10_000, b'{"a": "' + b"x" * 20_000 + b'"}', b"\xff"]
)
def test_body_that_is_no_document(library: Library, body: bytes) -> None:
    library.publish(URL, body)

    assert error_of(ask_for_token(URL)) == "invalid_client"


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

    Assistant(client_id=URL, user=alice).log_in()

    assert Applications.objects.get().redirect_uris == CALLBACK


def test_name_is_one_short_line(library: Library) -> None:
    name = "Desk\u202e\x00\ud800\n" + "x" * 500
    library.publish(URL, redirect_uris=[CALLBACK], client_name=name)

    ask_for_token(URL)

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
    assert error_of(ask_for_token(url)) == "invalid_client"
    assert library.resolved == []


def test_one_address_gets_few_unknown_documents_fetched(
    library: Library, settings: Settings
) -> None:
    settings.DJANGO_MCP_REGISTRATION_RATE = "3/h"

    for number in range(10):
        assert error_of(ask_for_token(f"https://victim.example/?{number}")) == "invalid_client"

    # The toolkit looks twice for an application whose client does not authenticate.
    assert 1 <= len(library.fetched) <= 3
    before = len(library.fetched)
    ask_for_token("https://victim.example/?other", address="198.51.100.1")
    assert len(library.fetched) == before + 1


def test_limit_can_be_switched_off(library: Library, settings: Settings) -> None:
    settings.DJANGO_MCP_REGISTRATION_RATE = None

    for number in range(30):
        ask_for_token(f"https://victim.example/?{number}")

    assert len(library.fetched) == 30


def test_known_assistant_is_let_in_however_many_unknown_ones_came(
    library: Library, settings: Settings, alice: User
) -> None:
    library.publish(URL, redirect_uris=[CALLBACK])
    settings.DJANGO_MCP_REGISTRATION_RATE = "1/h"
    assistant = Assistant(client_id=URL, user=alice)
    assistant.log_in()
    for number in range(5):
        ask_for_token(f"https://victim.example/?{number}", address="127.0.0.1")
    Applications.objects.update(cimd_expires_at="2020-01-01T00:00Z")
    library.publish(URL, redirect_uris=[CALLBACK], client_name="New name")

    assistant.log_in()

    assert Applications.objects.get().name == "New name"


def test_blocked_document_is_not_fetched(library: Library, alice: User) -> None:
    library.publish(URL, redirect_uris=[CALLBACK])
    block(URL)

    page = Assistant(client_id=URL, user=alice).open()

    assert page.status_code == 400
    assert "have blocked this application" in page.content.decode()
    assert error_of(ask_for_token(URL)) == "invalid_client"
    assert library.fetched == []


def test_document_is_fetched_once_approved_where_that_is_asked_for(
    library: Library, settings: Settings, alice: User
) -> None:
    library.publish(URL, redirect_uris=[CALLBACK])
    settings.DJANGO_MCP_REQUIRE_APPROVED_CLIENTS = True
    assistant = Assistant(client_id=URL, user=alice)

    page = assistant.open()
    assert page.status_code == 400
    assert URL in page.content.decode()
    assert library.fetched == []

    approve(URL)
    assert assistant.log_in()
    assert ClientRegistration.objects.get().source == "cimd"


def test_document_does_not_take_over_an_application_of_the_host(library: Library) -> None:
    registered(client_id=URL, registration_source="manual", redirect_uris="https://own.example/")
    library.publish(URL, redirect_uris=[CALLBACK])

    ask_for_token(URL)

    assert Applications.objects.get().redirect_uris == "https://own.example/"
    assert library.fetched == []


def test_documents_are_switched_off(library: Library, settings: Settings, alice: User) -> None:
    settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, "CIMD_ENABLED": False}
    settings.DJANGO_MCP_REQUIRE_APPROVED_CLIENTS = True
    library.publish(URL, redirect_uris=[CALLBACK])

    page = Assistant(client_id=URL, user=alice).open()

    assert page.status_code == 400
    assert library.fetched == []


def test_document_comes_twice_at_once_where_requests_are_transactions(
    transactional_db: None, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else is faster just before the application is stored."""

    def register() -> None:
        registered(client_id=URL, registration_source="cimd", redirect_uris=CALLBACK)
        connections.close_all()

    def overtake(**kwargs: Any) -> None:
        pre_save.disconnect(overtake, sender=Applications)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(register).result()

    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)
    library.publish(URL, redirect_uris=[CALLBACK])
    pre_save.connect(overtake, sender=Applications)

    assert error_of(ask_for_token(URL)) == "invalid_grant"
    assert Applications.objects.get().client_id == URL
