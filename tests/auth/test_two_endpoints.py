"""A site with two endpoints, of other groups and audiences: none is taken for the other."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from types import ModuleType
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.asgi import get_asgi_application
from django.core.management import CommandError, call_command
from django.test import Client as Browser
from pytest_django import Settings

from django_mcp import Endpoint, tool
from django_mcp.asgi import Application, mount
from django_mcp.auth.tokens.development import issue_token
from django_mcp.background.worker import run_task
from django_mcp.endpoints import using_endpoints
from django_mcp.exceptions import UnknownToolError
from django_mcp.models import CallRecord, ToolTask
from django_mcp.primitives.declaration import collecting
from django_mcp.testing import MCPClient
from tests import urls
from tests.admin.pages import CLIENTS, GROUPS, text_of
from tests.applications import AccessToken, Grant, RefreshToken
from tests.auth import oauth_client
from tests.auth.oauth_client import OAuthClient, error_of
from tests.background import backends
from tests.factories import registered, token
from tests.spec import ERAS, MODERN
from tests.transports.test_mount import start_and_stop
from tests.urlconfs import package_routes, site
from tests.wire import Client, serving

ORDERS = Endpoint(url="http://testserver/mcp", groups=frozenset({"orders"}))
STAFF = Endpoint(name="staff", url="http://testserver/staff/mcp", groups=frozenset({"staff"}))
ENDPOINTS = [ORDERS, STAFF]
OTHER = {ORDERS: STAFF, STAFF: ORDERS}
TOOL = {ORDERS: "list_orders", STAFF: "list_staff"}
SCOPE = {ORDERS: "orders:read", STAFF: "staff:read"}

EACH = pytest.mark.parametrize("endpoint", ENDPOINTS, ids=["default", "staff"])

with collecting() as TOOLS:

    @tool(group="orders", scopes=["orders:read"], read_only=True)
    def list_orders() -> list[str]:
        """List the orders."""
        return ["pens"]

    @tool(group="staff", scopes=["staff:read"], read_only=True)
    def list_staff() -> list[str]:
        """List the staff."""
        return ["ann"]

    @tool(group="staff", scopes=["staff:read"], background=True)
    def report(user: User) -> str:
        """Build a report."""
        return f"for {user.get_username()}"


@contextmanager
def serving_both() -> Iterator[Application]:
    with using_endpoints(*ENDPOINTS), serving(TOOLS):
        yield mount(get_asgi_application())


@pytest.fixture
def routes() -> ModuleType:
    """The URLconf of a site that includes the package while it has both endpoints."""
    with using_endpoints(*ENDPOINTS):
        own = package_routes()
    return site(*own, *urls.urlpatterns)


@pytest.fixture
def application(db: None, settings: Settings, routes: ModuleType) -> Iterator[Application]:
    settings.ROOT_URLCONF = routes
    with serving_both() as application:
        yield application


@pytest.fixture(params=ERAS)
def clients(application: Application, request: pytest.FixtureRequest) -> dict[Endpoint, Client]:
    """A client of each endpoint, of each era in turn."""
    return {
        each: Client(application=application, era=request.param, path=each.path)
        for each in ENDPOINTS
    }


@pytest.fixture
def token_for(alice: User) -> Callable[[Endpoint], str]:
    """Issues tokens of alice's with every scope of both endpoints."""
    return lambda endpoint: issue_token(user=alice, scopes=SCOPE.values(), endpoint=endpoint)


@pytest.fixture
def desk(application: Application, alice: User) -> OAuthClient:
    registered_client = oauth_client.registered(name="Desk")
    return OAuthClient(
        client_id=registered_client.client_id, user=alice, scope=" ".join(SCOPE.values())
    )


def said(page: Any) -> str:
    """What a page says, in one line."""
    return text_of(page)


@EACH
def test_each_endpoint_lists_its_own_groups(
    clients: dict[Endpoint, Client], token_for: Callable[[Endpoint], str], endpoint: Endpoint
) -> None:
    client = clients[endpoint].with_token(token_for(endpoint))

    names = {each["name"] for each in client.send("tools/list").result["tools"]}

    assert names == {ORDERS: {"list_orders"}, STAFF: {"list_staff", "report"}}[endpoint]


@EACH
def test_tools_of_the_other_endpoint_are_unknown(
    clients: dict[Endpoint, Client], token_for: Callable[[Endpoint], str], endpoint: Endpoint
) -> None:
    client = clients[endpoint].with_token(token_for(endpoint))

    own, other = client.call(TOOL[endpoint]), client.call(TOOL[OTHER[endpoint]])

    assert own.result["isError"] is False
    assert "Unknown tool" in other.text
    assert set(CallRecord.objects.values_list("endpoint", "outcome")) == {
        (endpoint.name, "ok"),
        (endpoint.name, "unknown_tool"),
    }


@EACH
def test_neither_endpoint_takes_the_token_of_the_other(
    clients: dict[Endpoint, Client], token_for: Callable[[Endpoint], str], endpoint: Endpoint
) -> None:
    client = clients[endpoint].with_token(token_for(OTHER[endpoint]))

    answer = client.call(TOOL[endpoint])

    assert answer.status == 401
    assert 'error="invalid_token"' in answer.header("WWW-Authenticate")[0]
    assert not CallRecord.objects.exists()


@EACH
def test_challenges_and_metadata_name_their_own_endpoint(
    clients: dict[Endpoint, Client], endpoint: Endpoint
) -> None:
    metadata = f"/.well-known/oauth-protected-resource{endpoint.path}"

    (challenge,) = clients[endpoint].send("tools/list").header("WWW-Authenticate")
    document = Browser().get(metadata).json()

    assert f'resource_metadata="http://testserver{metadata}"' in challenge
    assert f'scope="{SCOPE[endpoint]}"' in challenge
    assert document == {
        "resource": endpoint.url,
        "authorization_servers": ["http://testserver/o"],
        "scopes_supported": [SCOPE[endpoint]],
        "bearer_methods_supported": ["header"],
    }


@EACH
def test_missing_scope_is_told_with_the_metadata_of_the_endpoint(
    clients: dict[Endpoint, Client], alice: User, endpoint: Endpoint
) -> None:
    bare = issue_token(user=alice, scopes=[], endpoint=endpoint)

    answer = clients[endpoint].with_token(bare).call(TOOL[endpoint])

    (challenge,) = answer.header("WWW-Authenticate")
    assert answer.status == 403
    assert f'oauth-protected-resource{endpoint.path}"' in challenge


def test_server_and_root_documents_are_of_the_whole_site(application: Application) -> None:
    server = Browser().get("/.well-known/oauth-authorization-server/o").json()
    resource = Browser().get("/.well-known/oauth-protected-resource").json()
    unknown = Browser().get("/o/.well-known/oauth-protected-resource/other/mcp")

    assert server["issuer"] == "http://testserver/o"
    assert server["scopes_supported"] == ["orders:read", "staff:read"]
    assert resource["resource"] == ORDERS.url
    assert unknown.status_code == 404


@EACH
def test_consent_names_the_endpoint_and_its_tools(desk: OAuthClient, endpoint: Endpoint) -> None:
    page = said(desk.open(resource=endpoint.url))

    address = endpoint.url.removeprefix("http://")
    assert f"Desk asks to use {address} on your behalf" in page
    assert ("List orders" in page, "List staff" in page) == (endpoint is ORDERS, endpoint is STAFF)


def test_consent_names_the_site_with_the_address_of_the_endpoint(
    desk: OAuthClient, settings: Settings
) -> None:
    settings.DJANGO_MCP_SERVER_NAME = "Shop"

    page = said(desk.open(resource=STAFF.url))

    assert "Desk asks to use Shop on your behalf" in page
    assert "Shop (testserver/staff/mcp)" in page


@EACH
def test_login_gives_a_token_for_the_endpoint_that_is_named(
    desk: OAuthClient, clients: dict[Endpoint, Client], endpoint: Endpoint
) -> None:
    tokens = desk.log_in(resource=endpoint.url)
    renewed = desk.refresh(tokens["refresh_token"]).json()

    answers = {
        each: clients[each].with_token(renewed["access_token"]).call(TOOL[each]).status
        for each in ENDPOINTS
    }

    assert answers == {endpoint: 200, OTHER[endpoint]: 401}
    assert tokens["scope"] == SCOPE[endpoint]
    assert {tuple(row.resource) for row in RefreshToken.objects.all()} == {(endpoint.url,)}


@EACH
def test_login_without_scopes_is_offered_those_of_the_endpoint(
    desk: OAuthClient, endpoint: Endpoint
) -> None:
    tokens = desk.log_in(resource=endpoint.url, scope=None)

    assert tokens["scope"] == SCOPE[endpoint]


def test_login_that_names_no_resource_is_for_the_default_endpoint(desk: OAuthClient) -> None:
    page = said(desk.open(resource=None))
    desk.log_in(resource=None)

    assert "Desk asks to use testserver/mcp on your behalf" in page
    assert AccessToken.objects.get().resource == [ORDERS.url]


def test_code_and_refresh_token_buy_nothing_for_the_other_endpoint(desk: OAuthClient) -> None:
    code = desk.ask(resource=ORDERS.url)["code"]

    refused = [error_of(desk.redeem(code, resource=STAFF.url))]
    tokens = desk.redeem(code, resource=ORDERS.url).json()
    refused.append(error_of(desk.refresh(tokens["refresh_token"], resource=STAFF.url)))

    assert refused == ["invalid_target"] * 2
    assert {tuple(row.resource) for row in AccessToken.objects.all()} == {(ORDERS.url,)}


def test_refresh_token_of_an_endpoint_that_was_removed_is_none_for_the_default(
    desk: OAuthClient,
) -> None:
    tokens = desk.log_in(resource=STAFF.url)

    with using_endpoints(ORDERS):
        refused = error_of(desk.refresh(tokens["refresh_token"]))

    assert refused == "invalid_grant"


@pytest.mark.parametrize("is_own", [False, True], ids=["self-registered", "of the host"])
def test_users_are_asked_about_one_endpoint_at_a_time(desk: OAuthClient, is_own: bool) -> None:
    if is_own:
        own = oauth_client.registered(registration_source="manual")
        desk = OAuthClient(client_id=own.client_id, user=desk.user, scope="orders:read")

    answered = desk.ask(resource=[ORDERS.url, STAFF.url])

    assert answered["error"] == "invalid_target"
    assert not Grant.objects.exists()


def test_task_runs_for_the_endpoint_at_which_it_was_started(
    transactional_db: None,
    settings: Settings,
    routes: ModuleType,
    token_for: Callable[[Endpoint], str],
) -> None:
    settings.DJANGO_MCP_BACKGROUND_BACKEND = backends.PATH
    settings.ROOT_URLCONF = routes
    with serving_both() as application:
        base = Client(application=application, era=MODERN).with_tasks()
        staff, orders = (
            base.having(path=each.path).with_token(token_for(each)) for each in (STAFF, ORDERS)
        )
        started = asyncio.run(staff.acall("report"))
        key = {"taskId": started.result["taskId"]}

        run_task(ToolTask.objects.get().pk)

        found = asyncio.run(staff.asend("tasks/get", key))
        elsewhere = asyncio.run(orders.asend("tasks/get", key))

    task, record = ToolTask.objects.get(), CallRecord.objects.get()
    assert found.result["result"]["structuredContent"] == {"result": "for alice"}
    assert "result" not in elsewhere.messages[-1]
    assert (task.endpoint, task.status) == ("staff", "completed")
    assert (record.endpoint, record.outcome) == ("staff", "ok")


@EACH
def test_endpoints_are_served_as_views_too(
    application: Application, token_for: Callable[[Endpoint], str], endpoint: Endpoint
) -> None:
    headers, body = Client(application=application).request("tools/list")
    sent = {
        **{name: str(value) for name, value in headers.items()},
        "Accept": "application/json, text/event-stream",
        "Authorization": f"Bearer {token_for(OTHER[endpoint])}",
    }

    answer = Browser().post(endpoint.path, body, content_type="application/json", headers=sent)

    assert answer.status_code == 401
    assert f"oauth-protected-resource{endpoint.path}" in answer["WWW-Authenticate"]


def test_lifespan_starts_and_stops_both(application: Application) -> None:
    answers = asyncio.run(start_and_stop(application))

    assert answers == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


class TestConnectedAssistants:
    @pytest.fixture
    def browser(self, application: Application, alice: User) -> Browser:
        token(registered("Desk"), alice, resource=[ORDERS.url])
        token(registered("Till"), alice, resource=[STAFF.url])
        browser = Browser()
        browser.force_login(alice)
        return browser

    def test_page_names_the_endpoints_of_each(self, browser: Browser) -> None:
        page = said(browser.get("/connected-assistants/"))

        assert "These applications can use testserver on your behalf" in page
        assert [page.count(each) for each in ("testserver/mcp", "testserver/staff/mcp")] == [1, 1]

    def test_user_disconnects_them_all(self, browser: Browser) -> None:
        browser.post("/connected-assistants/disconnect/")

        assert not AccessToken.objects.exists()

    def test_user_disconnects_one(self, browser: Browser) -> None:
        (till,) = AccessToken.objects.filter(application__name="Till")

        browser.post("/connected-assistants/disconnect/", {"client": till.application.client_id})

        assert [row.application.name for row in AccessToken.objects.all()] == ["Desk"]


class TestOperators:
    """Commands and pages of operators are about the endpoint that they name."""

    @pytest.fixture
    def held(self, application: Application, alice: User) -> None:
        client = registered("Desk", client_id="desk")
        for endpoint in ENDPOINTS:
            token(client, alice, resource=[endpoint.url])

    @pytest.fixture
    def operator(self, application: Application) -> Browser:
        browser = Browser()
        browser.force_login(User.objects.create_superuser("root"))
        return browser

    def left(self) -> list[str]:
        return [row.resource[0] for row in AccessToken.objects.all()]

    @EACH
    def test_token_of_the_command_is_for_the_endpoint(
        self, clients: dict[Endpoint, Client], alice: User, endpoint: Endpoint
    ) -> None:
        out = StringIO()
        arguments = ["--user=alice", f"--scopes={SCOPE[endpoint]}"]
        call_command("mcp_token", *arguments, f"--endpoint={endpoint.name}", stdout=out)

        client = clients[endpoint].with_token(out.getvalue().strip())
        assert client.call(TOOL[endpoint]).result["isError"] is False

    @EACH
    def test_tools_of_a_user_are_those_of_the_endpoint(
        self, application: Application, alice: User, endpoint: Endpoint
    ) -> None:
        out = StringIO()
        call_command("mcp_catalog", "--user=alice", f"--endpoint={endpoint.name}", stdout=out)

        assert f"Visible to alice: {1 if endpoint is ORDERS else 2}" in out.getvalue()
        assert "its group is not served at this endpoint" in out.getvalue()

    @EACH
    def test_access_is_revoked_at_the_endpoint(self, held: None, endpoint: Endpoint) -> None:
        arguments = ["--user=alice", f"--endpoint={endpoint.name}", "--no-input"]
        call_command("mcp_revoke", *arguments, stdout=StringIO())

        assert self.left() == [OTHER[endpoint].url]

    @pytest.mark.parametrize(
        "arguments",
        [
            ["mcp_token", "--user=alice", "--scopes="],
            ["mcp_catalog", "--user=alice"],
            ["mcp_revoke", "--user=alice", "--no-input"],
        ],
        ids=lambda arguments: arguments[0],
    )
    def test_unknown_endpoint_is_told_with_those_that_there_are(
        self, application: Application, alice: User, arguments: list[str]
    ) -> None:
        problem = "There is no endpoint 'other'. The endpoints are: default staff."
        with pytest.raises(CommandError, match=problem):
            call_command(*arguments, "--endpoint=other")

    @EACH
    def test_page_revokes_at_the_endpoint(
        self, held: None, operator: Browser, endpoint: Endpoint
    ) -> None:
        fields = {"user": "alice", "endpoint": endpoint.name}
        page = operator.get(f"{CLIENTS}revoke-access/", fields)
        operator.post(f"{CLIENTS}revoke-access/", {**fields, "confirmed": "yes"})

        hidden = f'<input type="hidden" name="endpoint" value="{endpoint.name}">'
        assert hidden in page.content.decode()
        assert self.left() == [OTHER[endpoint].url]

    @EACH
    def test_page_shows_what_a_user_sees_at_the_endpoint(
        self, operator: Browser, alice: User, endpoint: Endpoint
    ) -> None:
        fields = {"user": "alice", "endpoint": endpoint.name}

        page = text_of(operator.get(f"{GROUPS}visibility/", fields))

        assert f"alice sees {1 if endpoint is ORDERS else 2} of 3 tools" in page


class TestTestingClient:
    @EACH
    def test_it_calls_the_endpoint_that_it_is_given(
        self, application: Application, alice: User, endpoint: Endpoint
    ) -> None:
        client = MCPClient(alice, endpoint=endpoint.name)

        assert TOOL[endpoint] in {each.name for each in client.list_tools()}
        with pytest.raises(UnknownToolError):
            client.call(TOOL[OTHER[endpoint]])
        assert {row.endpoint for row in CallRecord.objects.all()} == {endpoint.name}

    def test_unknown_endpoint_is_an_error(self, application: Application) -> None:
        with pytest.raises(LookupError, match="no endpoint 'other'"):
            MCPClient(endpoint="other")
