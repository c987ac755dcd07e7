"""The page of circuit breakers: what operators see of each, and that they close one."""

import re
from collections.abc import Iterator

import pytest
from django.contrib.admin.models import LogEntry
from django.core.asgi import get_asgi_application
from django.core.cache import caches
from django.test import Client
from pytest_django import Settings

from django_mcp import Breaker, prompt, tool
from django_mcp.asgi import mount
from django_mcp.models import ToolGroup
from django_mcp.policy.groups import sync_groups
from django_mcp.policy.snapshot import forget_snapshot
from django_mcp.primitives.declaration import collecting
from django_mcp.primitives.registry import build, using_registry
from tests.admin.pages import GROUPS, links_of, rows_of, text_of
from tests.guards.circuit_breaker.upstream import ask, kind, upstream
from tests.wire import Client as MCPClient

PAGE = f"{GROUPS}circuit-breakers/"
MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")

AWAY = "tests.guards.circuit_breaker.counted_caches.BrokenCache"


@pytest.fixture(autouse=True)
def _breakers(db: None, settings: Settings) -> Iterator[None]:
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
    upstream.error = upstream.latch = None
    caches["default"].clear()
    with collecting() as declared:
        tool(name="pay", group="money", breaker=Breaker(name="payments", failures=2))(ask)
        prompt(name="paying", group="texts", breaker=Breaker(name="payments", failures=2))(ask)
        tool(name="ship", group="goods", breaker=Breaker(failures=3))(ask)
        tool(name="look", group="goods")(ask)
    ToolGroup.objects.all().delete()
    with using_registry(build(declared)):
        sync_groups()
        forget_snapshot()
        yield
    forget_snapshot()
    caches["default"].clear()


@pytest.fixture
def client(_breakers: None) -> MCPClient:
    return MCPClient(application=mount(get_asgi_application()))


def fail(client: MCPClient, name: str, times: int) -> None:
    upstream.error = ConnectionError()
    for _ in range(times):
        client.call(name)
    upstream.error = None


def shown(page: Client) -> list[list[str]]:
    """The rows of the page, with their moments left out."""
    return [[MOMENT.sub("TIME", cell) for cell in row] for row in rows_of(page.get(PAGE))]


def test_page_shows_the_state_of_each_breaker_those_that_are_open_first(
    onlooker: Client, client: MCPClient
) -> None:
    fail(client, "ship", 1)
    before = shown(onlooker)
    fail(client, "pay", 2)

    assert before == [
        ["payments", "pay paying prompt", "closed", "0 of 2", "", ""],
        ["ship", "ship", "closed", "1 of 3", "", ""],
    ]
    assert shown(onlooker)[0] == ["payments", "pay paying prompt", "open", "", "TIME", "TIME"]


def test_list_of_groups_leads_to_the_page_where_there_are_breakers(onlooker: Client) -> None:
    links = links_of(onlooker.get(GROUPS))
    with using_registry(build([])):
        without = links_of(onlooker.get(GROUPS))
        text = text_of(onlooker.get(PAGE))

    assert ("Circuit breakers", PAGE) in links
    assert "Circuit breakers" not in dict(without)
    assert "No tool, resource or prompt has a circuit breaker." in text


def test_operator_closes_an_open_breaker_after_a_confirmation(
    operator: Client, client: MCPClient
) -> None:
    fail(client, "pay", 2)
    asked = operator.post(PAGE, {"breaker": "django-mcp:breaker::payments"})
    unchanged = kind(client.call("pay"))

    done = operator.post(
        PAGE, {"breaker": "django-mcp:breaker::payments", "confirmed": "yes"}, follow=True
    )

    assert "Close the circuit breaker “payments” now?" in text_of(asked)
    assert unchanged == "circuit_open"
    assert "Closed the circuit breaker “payments”." in text_of(done)
    assert kind(client.call("pay")) == "ok"
    entries = LogEntry.objects.order_by("object_repr")
    assert [(each.object_repr, each.get_change_message()) for each in entries] == [
        ("money", "Closed the circuit breaker “payments”."),
        ("texts", "Closed the circuit breaker “payments”."),
    ]


@pytest.mark.parametrize("key", ["django-mcp:breaker::payments", "django-mcp:breaker::other", ""])
def test_breaker_that_is_not_open_is_left_alone(operator: Client, key: str) -> None:
    answer = operator.post(PAGE, {"breaker": key, "confirmed": "yes"}, follow=True)

    assert "This circuit breaker is not open any more." in text_of(answer)
    assert not LogEntry.objects.exists()


def test_onlooker_gets_no_button_and_closes_nothing(onlooker: Client, client: MCPClient) -> None:
    fail(client, "pay", 2)

    answer = onlooker.post(PAGE, {"breaker": "django-mcp:breaker::payments", "confirmed": "yes"})

    assert answer.status_code == 403
    assert "Close now" not in text_of(onlooker.get(PAGE))
    assert kind(client.call("pay")) == "circuit_open"


def test_staff_without_the_permission_do_not_see_the_page(watcher: Client) -> None:
    assert watcher.get(PAGE).status_code == 403


def test_page_says_that_the_cache_is_away(onlooker: Client, settings: Settings) -> None:
    settings.CACHES = {"default": {"BACKEND": AWAY}}

    page = onlooker.get(PAGE)

    assert "The cache cannot be reached." in text_of(page)
    assert [row[2] for row in rows_of(page)] == ["unknown", "unknown"]
