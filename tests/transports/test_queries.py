"""What a request costs the database, once the process is warm."""

from collections.abc import Callable

import pytest

pytest.importorskip("oauth2_provider")

from django.contrib.auth.models import User
from django.core.asgi import get_asgi_application
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from django_mcp.asgi import mount
from django_mcp.auth.tokens.development import issue_token
from django_mcp.endpoints import get_endpoints
from django_mcp.policy import snapshot
from django_mcp.policy.snapshot import current_snapshot, forget_snapshot
from tests.transports.tools import TOOLS
from tests.wire import Answer, Client, serving

pytestmark = [pytest.mark.oauth, pytest.mark.implementation]

OPEN_TOOLS = [each for each in TOOLS if not (each.permissions or each.requires)]

Statements = Callable[[Callable[[], Answer]], list[str]]


@pytest.fixture
def holder(client: Client, settings: Settings) -> Client:
    """A client with a token of django-oauth-toolkit."""
    del settings.DJANGO_MCP_AUTHENTICATORS
    user = User.objects.get(username="alice")
    scopes = ["notes:read", "notes:write"]
    return client.with_token(
        issue_token(user=user, scopes=scopes, endpoint=get_endpoints().default)
    )


@pytest.fixture
def statements(holder: Client, monkeypatch: pytest.MonkeyPatch) -> Statements:
    """Counts the statements of a request that is not the first one."""

    monkeypatch.setattr(snapshot, "MAX_AGE_SECONDS", 3600.0)  # however slow the machine is

    def statements(request: Callable[[], Answer]) -> list[str]:
        request()
        return statements_of(request)

    return statements


def statements_of(request: Callable[[], Answer]) -> list[str]:
    """The statements of one request, by their first word."""
    with CaptureQueriesContext(connection) as captured:
        request()
    return [query["sql"].split(" ")[0] for query in captured.captured_queries]


def test_reading_call_costs_the_token_and_its_record(
    holder: Client, statements: Statements
) -> None:
    assert statements(lambda: holder.call("read_notes")) == ["SELECT", "INSERT"]


def test_writing_call_is_on_record_before_and_after(holder: Client, statements: Statements) -> None:
    # The tool's own transaction is a savepoint within that of the test.
    assert statements(lambda: holder.call("write_note", text="x")) == [
        "SELECT",
        "INSERT",
        "SAVEPOINT",
        "RELEASE",
        "UPDATE",
    ]


@pytest.mark.parametrize("name", ["absent", "hidden", "hidden_permitted", "hidden_async"])
def test_refused_call_costs_the_same_whether_its_tool_exists_or_not(
    holder: Client, statements: Statements, name: str
) -> None:
    # One tool asks for a permission, so it is looked up for every name: time would tell.
    assert statements(lambda: holder.call(name)) == ["SELECT", "SELECT", "SELECT", "INSERT"]


@pytest.mark.parametrize("name", ["absent", "hidden", "hidden_async"])
def test_refused_call_costs_the_token_and_its_record_where_no_tool_asks_for_permissions(
    holder: Client, statements: Statements, name: str
) -> None:
    with serving(OPEN_TOOLS):
        plain = holder.having(application=mount(get_asgi_application()))

        assert statements(lambda: plain.call(name)) == ["SELECT", "INSERT"]


@pytest.mark.parametrize(
    "name", ["absent", "hidden", "hidden_required", "hidden_required_async", "hidden_permitted"]
)
def test_first_refused_call_of_a_second_asks_every_predicate_whether_its_tool_exists_or_not(
    holder: Client, statements: Statements, name: str
) -> None:
    statements(lambda: holder.call(name))
    forget_snapshot()
    current_snapshot()

    first = statements_of(lambda: holder.call(name))

    # The token, the user's permissions, what two tools require, and the record.
    assert sorted(first) == ["INSERT", *["SELECT"] * 5]
    assert len(statements_of(lambda: holder.call(name))) == len(first) - 2


def test_list_and_calls_of_one_second_ask_the_predicates_once(
    holder: Client, statements: Statements
) -> None:
    statements(lambda: holder.call("absent"))
    forget_snapshot()
    current_snapshot()

    listing = statements_of(lambda: holder.send("tools/list"))
    call = statements_of(lambda: holder.call("hidden_required"))

    assert listing == ["SELECT"] * 5
    assert call == ["SELECT", "SELECT", "SELECT", "INSERT"]


def test_call_of_a_tool_without_requirements_asks_no_predicate(
    holder: Client, statements: Statements
) -> None:
    statements(lambda: holder.call("read_notes"))
    forget_snapshot()
    current_snapshot()

    assert statements_of(lambda: holder.call("read_notes")) == ["SELECT", "INSERT"]


def test_list_costs_the_token_and_the_users_permissions(
    holder: Client, statements: Statements
) -> None:
    # One tool asks for a permission: Django reads the user's own and those of its groups.
    assert statements(lambda: holder.send("tools/list")) == ["SELECT", "SELECT", "SELECT"]


def test_list_without_permissions_costs_the_token(holder: Client, statements: Statements) -> None:
    with serving(OPEN_TOOLS):
        plain = holder.having(application=mount(get_asgi_application()))

        assert statements(lambda: plain.send("tools/list")) == ["SELECT"]


def test_bad_token_costs_one_query(holder: Client, statements: Statements) -> None:
    assert statements(lambda: holder.with_token("nonsense").call("add", a=1)) == ["SELECT"]


def test_caller_without_a_token_costs_nothing(
    holder: Client,
    settings: Settings,
    statements: Statements,
) -> None:
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = False

    assert statements(lambda: holder.having(headers={"Authorization": None}).call("add")) == []
