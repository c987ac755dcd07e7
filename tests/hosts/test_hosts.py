"""Projects that differ from the usual one, served for real and used by the official client."""

import asyncio
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urljoin
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import httpx2
import pytest
from django.db.utils import ConnectionHandler
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from pytest_django import DjangoDbBlocker

from tests.e2e.programs import used_by
from tests.e2e.sdk import CheckedTransport
from tests.e2e.user import browser_user
from tests.hosts.databases import database_settings
from tests.hosts.process import Host, Site, serving
from tests.hosts.users import PASSWORD, USERNAME
from tests.markers import parameter
from tests.wire import PATIENCE

FOLDER = "/back/office"
RECORDS = "django_mcp_callrecord"
DUE = datetime(2026, 3, 1, 12, tzinfo=UTC)

HOSTS = [
    Host(name="uuid-users", project="uuid_users", own_tools=("say_email",)),
    Host(name="swapped-application", project="swapped_application"),
    Host(name="second-database", project="second_database"),
    Host(name="naive-times", project="naive_times"),
    Host(name="strict", project="strict"),
    Host(name="own-keys", project="own_keys", needs_oauth=False),
    Host(
        name="root-path",
        project="script_prefix",
        environment={"HOST_ROOT_PATH": FOLDER},
        folder=FOLDER,
        strips_folder=True,
    ),
    Host(
        name="script-name",
        project="script_prefix",
        environment={"HOST_SCRIPT_NAME": FOLDER},
        folder=FOLDER,
    ),
]


@pytest.fixture(
    scope="module",
    params=[parameter(host, id=host.name, needs_oauth=host.needs_oauth) for host in HOSTS],
)
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    host: Host = request.param
    with serving(host, tmp_path_factory.mktemp(host.name)) as site:
        yield site


@pytest.fixture(scope="module")
def written(site: Site) -> dict[str, Any]:
    """What `add_note` answered; that is the first call on record."""

    async def scenario(client: Client) -> dict[str, Any]:
        arguments = {"text": "Call the printer", "due": DUE.isoformat()}
        result = await client.call_tool("add_note", arguments)
        assert not result.is_error, result
        assert isinstance(result.structured_content, dict)
        return result.structured_content

    answer: dict[str, Any] = connected(site, scenario)
    return answer


def connected(site: Site, scenario: Any) -> Any:
    """What the scenario returns that is given the official client, connected with the token."""

    async def run() -> Any:
        http = httpx2.AsyncClient(
            headers={"Authorization": site.authorization},
            timeout=PATIENCE,
            transport=CheckedTransport(),
        )
        async with http, Client(streamable_http_client(site.url, http_client=http)) as client:
            return await scenario(client)

    return asyncio.run(run())


@pytest.fixture(scope="module")
def call(site: Site, written: dict[str, Any]) -> dict[str, Any]:
    """The record of the call that wrote, as the host's operators print it."""
    printed = site.manage("mcp_audit", "--since", "1h", "--json", "--tool", "add_note")
    (line,) = printed.splitlines()
    record: dict[str, Any] = json.loads(line)
    return record


def records_in(url: str) -> int | None:
    """How many calls are on record in a database; None where the table is missing."""
    databases = ConnectionHandler({"default": database_settings(url)})
    connection = databases["default"]
    try:
        if RECORDS not in connection.introspection.table_names():
            return None
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT COUNT(*) FROM {RECORDS}")
            return int(cursor.fetchone()[0])
    finally:
        connection.close()


def sign_in(site: Site, browser: httpx.Client) -> None:
    """Sign in to the admin as a person does."""
    page = browser.get(f"{site.home}/admin/")
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert token is not None, page.text
    form = {"csrfmiddlewaretoken": token[1], "username": USERNAME, "password": PASSWORD}
    welcome = browser.post(page.url, data=form)
    assert (welcome.status_code, welcome.url.path) == (200, f"{site.host.folder}/admin/")


def open_link(browser: httpx.Client, page: httpx.Response, address: str) -> httpx.Response:
    """Follow the first link of a page whose address is matched."""
    link = re.search(f'href="([^"]*{address})"', page.text)
    assert link is not None, page.text
    return browser.get(urljoin(str(page.url), link[1].replace("&amp;", "&"))).raise_for_status()


def test_client_lists_the_tools(site: Site) -> None:
    async def scenario(client: Client) -> list[str]:
        return [tool.name for tool in (await client.list_tools()).tools]

    assert connected(site, scenario) == sorted(["add_note", "count_notes", *site.host.own_tools])


def test_client_is_answered_from_the_row_that_its_call_wrote(
    site: Site, written: dict[str, Any]
) -> None:
    assert written["text"] == "Call the printer"
    assert datetime.fromisoformat(written["due"]) == DUE
    if site.host.project == "uuid_users":
        assert str(UUID(written["author"])) == written["author"]


def test_async_tool_reads_the_rows_of_its_caller(site: Site, written: dict[str, Any]) -> None:
    async def scenario(client: Client) -> Any:
        return (await client.call_tool("count_notes", {})).structured_content

    assert connected(site, scenario) == {"result": 1}


def test_call_is_on_record_with_its_user_client_and_time(
    site: Site, written: dict[str, Any], call: dict[str, Any]
) -> None:
    assert {
        name: call[name] for name in ("name", "outcome", "username", "user", "client_name")
    } == {
        "name": "add_note",
        "outcome": "ok",
        "username": USERNAME,
        "user": str(written["author"]),
        "client_name": "mcp_token" if site.host.needs_oauth else "Key client",
    }
    zone = ZoneInfo("Asia/Kolkata") if site.host.project == "naive_times" else UTC
    started = datetime.fromisoformat(call["started"])
    assert (started.tzinfo is None) is (site.host.project == "naive_times")
    started = started.replace(tzinfo=zone)
    assert timedelta() <= datetime.now(UTC) - started < timedelta(minutes=10)


def test_record_is_where_the_router_sends_it_and_nowhere_else(
    site: Site, written: dict[str, Any], django_db_blocker: DjangoDbBlocker
) -> None:
    with django_db_blocker.unblock():
        usual = records_in(site.environment["HOST_DATABASE_URL"])
        second = records_in(site.environment["HOST_RECORDS_URL"])

    used, unused = (second, usual) if site.host.project == "second_database" else (usual, second)
    assert used
    assert unused is None


def test_operator_opens_a_group_and_a_call_in_the_admin(
    site: Site, written: dict[str, Any]
) -> None:
    with httpx.Client(follow_redirects=True, timeout=PATIENCE, trust_env=False) as browser:
        sign_in(site, browser)
        groups = browser.get(f"{site.home}/admin/django_mcp/toolgroup/")
        group = open_link(browser, groups, r"/toolgroup/\d+/change/")
        clients = browser.get(f"{site.home}/admin/django_mcp/toolgroup/applications/")
        records = browser.get(f"{site.home}/admin/django_mcp/callrecord/")
        record = open_link(browser, records, r"/callrecord/\d+/change/[^\"]*")

    assert "add_note" in group.text
    assert ("mcp_token" in clients.text) is site.host.needs_oauth
    assert "add_note" in records.text
    assert USERNAME in record.text


def test_operator_looks_after_clients(
    site: Site, written: dict[str, Any], call: dict[str, Any]
) -> None:
    if not site.host.needs_oauth:
        pytest.skip("this host has no OAuth")
    document = "https://desk.example/client.json"
    site.manage("mcp_clients", "approve", document)
    facts = json.loads(site.manage("mcp_clients", "show", call["client"]))
    with httpx.Client(follow_redirects=True, timeout=PATIENCE, trust_env=False) as browser:
        sign_in(site, browser)
        clients = browser.get(f"{site.home}/admin/django_mcp/clientregistration/?q=https")
        client = open_link(browser, clients, r"/clientregistration/\d+/change/[^\"]*")

    assert (facts["name"], facts["users"], facts["scopes"]) == (
        "mcp_token",
        1,
        ["desk:read", "desk:write"],
    )
    assert document in client.text
    assert "approved" in client.text


def test_user_disconnects_one_of_two_assistants(site: Site, written: dict[str, Any]) -> None:
    if not site.host.needs_oauth:
        pytest.skip("this host has no OAuth")
    token = site.manage(
        "mcp_token", "--user", USERNAME, "--scopes", "desk:read", "--client", "Second"
    ).strip()
    with httpx.Client(follow_redirects=True, timeout=PATIENCE, trust_env=False) as browser:
        sign_in(site, browser)
        page = browser.get(f"{site.home}/connected-assistants/")
        second = page.text[page.text.index(">Second<") :]
        link = re.search(r'href="([^"]+\?client=[^"]+)"', second)
        assert link is not None
        asked = browser.get(urljoin(str(page.url), link[1]))
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', asked.text))
        after = browser.post(str(asked.url), data=fields)

    assert "mcp_token" in page.text
    assert "mcp_token" in after.text
    assert ">Second<" not in after.text
    assert status_of_call(site, token) == 401
    assert status_of_call(site, site.authorization.removeprefix("Bearer ")) != 401


def status_of_call(site: Site, token: str) -> int:
    with httpx.Client(timeout=PATIENCE, trust_env=False) as client:
        headers = {"Authorization": f"Bearer {token}"}
        return client.post(site.url, json={}, headers=headers).status_code


def test_clients_are_looked_after_only_where_there_are_some(site: Site) -> None:
    with httpx.Client(follow_redirects=True, timeout=PATIENCE, trust_env=False) as browser:
        sign_in(site, browser)
        index = browser.get(f"{site.home}/admin/")

    assert ("/django_mcp/clientregistration/" in index.text) is site.host.needs_oauth


def test_client_without_a_token_finds_its_way_to_one(site: Site) -> None:
    if not site.host.needs_oauth:
        pytest.skip("this host has no OAuth")
    with httpx.Client(timeout=PATIENCE, trust_env=False) as client:
        refusal = client.post(site.url, json={})
        where = re.search('resource_metadata="([^"]+)"', refusal.headers["www-authenticate"])
        assert where is not None
        resource = client.get(where[1]).raise_for_status().json()
        (issuer,) = resource["authorization_servers"]
        path = issuer.removeprefix(site.origin)
        places = [
            f"{site.origin}/.well-known/oauth-authorization-server{path}",
            f"{site.origin}/.well-known/openid-configuration{path}",
            f"{issuer}/.well-known/openid-configuration",
        ]
        server, *others = [client.get(place).raise_for_status().json() for place in places]
        answer = client.post(server["token_endpoint"], data={"grant_type": "authorization_code"})

    assert refusal.status_code == 401
    assert resource["resource"] == site.url
    assert server["issuer"] == issuer == f"{site.home}/o"
    assert others == [server, server]
    assert answer.json()["error"] == "invalid_request"


async def test_client_that_nobody_has_set_up_gets_in(site: Site) -> None:
    if not site.host.needs_oauth:
        pytest.skip("this host has no OAuth")
    with browser_user() as user:
        program = used_by(user, site.url)
        async with program.running() as client:
            await client.call_tool("count_notes", {})
            arguments = {"text": "Order paper", "due": DUE.isoformat()}
            written = await client.call_tool("add_note", arguments)
        facts = json.loads(site.manage("mcp_clients", "show", program.client_id))
        site.manage("mcp_clients", "block", program.client_id)
        is_let_in = status_of_call(site, program.tokens.access_token) != 401

    assert written.is_error is False
    assert program.scopes == {"desk:read", "desk:write"}
    assert (facts["source"], facts["users"]) == ("dcr", 1)
    assert not is_let_in
