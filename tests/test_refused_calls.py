"""Refused calls: so many rows for each caller and minute, the rest counted in one row."""

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from django_mcp.asgi import Application
from django_mcp.audit import refused_calls
from django_mcp.audit.refused_calls import REFUSED_ROWS, REFUSED_SECONDS
from django_mcp.audit.windows import Windows
from django_mcp.exceptions import CallRejectedError
from django_mcp.kinds import Kind
from django_mcp.models import CallRecord, ToolGroup
from django_mcp.signals import tool_rejected
from tests.calls import call_of, serve_here
from tests.clients import client as client
from tests.clients import era as era
from tests.clients import modern as modern
from tests.commands import RunCommand
from tests.guards.rated import RATED
from tests.keys import PATH
from tests.protocol import tools
from tests.refusals import unknown_tool
from tests.spec import MODERN
from tests.wire import Answer, Client, serving

Clock = list[float]

LIMIT = 3


@pytest.fixture
def application(transactional_db: None, settings: Settings) -> Iterator[Application]:
    settings.DJANGO_MCP_AUTHENTICATORS = [PATH]
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
    ToolGroup.objects.update_or_create(name="closed", defaults={"enabled": False})
    with serving(tools.TOOLS) as application:
        yield application


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time by which windows begin and end, with few calls and callers in each."""
    clock = [1000.0]
    windows = Windows(limit=LIMIT, seconds=REFUSED_SECONDS, capacity=5, clock=lambda: clock[0])
    monkeypatch.setattr(refused_calls, "refused_calls", windows)
    return clock


def call(client: Client, *names: str) -> list[Answer]:
    """Calls of tools, one after the other."""

    async def scenario() -> list[Answer]:
        return [await client.acall(name, note="x") for name in names]

    return asyncio.run(scenario())


def call_often(client: Client, times: int) -> list[Answer]:
    return call(client, *(f"nope_{number}" for number in range(times)))


def rows() -> list[tuple[str, int]]:
    """The name and the count of every row."""
    return list(CallRecord.objects.order_by("pk").values_list("name", "calls"))


def test_sixty_calls_of_a_minute_have_a_row_each_and_the_rest_share_one(client: Client) -> None:
    answers = call_often(client, REFUSED_ROWS + 5)

    assert REFUSED_ROWS == REFUSED_SECONDS == 60
    assert rows() == [
        *((f"nope_{number}", 1) for number in range(REFUSED_ROWS)),
        (f"nope_{REFUSED_ROWS}", 5),
    ]
    assert [answer.error for answer in answers] == [
        unknown_tool(f"nope_{number}") for number in range(REFUSED_ROWS + 5)
    ]


@pytest.mark.implementation
@pytest.mark.parametrize("name", ["nope", "hidden", "hidden_work"])
def test_hidden_tools_are_counted_like_missing_ones(
    modern: Client, clock: Clock, name: str
) -> None:
    first, *_, last = call(modern, *[name] * (LIMIT + 4))

    assert rows() == [(name, 1)] * LIMIT + [(name, 4)]
    assert (first.status, first.text) == (last.status, last.text)
    shared = CallRecord.objects.values().last()
    assert shared is not None
    assert shared["outcome"] == "unknown_tool"
    assert shared["arguments"] == {"note": "[not kept: called by an unknown name]"}


@pytest.mark.implementation
def test_calls_at_once_are_all_counted(modern: Client, clock: Clock) -> None:
    async def scenario() -> None:
        await asyncio.gather(*(modern.acall("nope") for _ in range(40)))

    asyncio.run(scenario())

    assert sorted(rows()) == [("nope", 1)] * LIMIT + [("nope", 40 - LIMIT)]


@pytest.mark.implementation
def test_other_calls_have_their_rows_all_the_same(modern: Client, clock: Clock) -> None:
    call_often(modern, LIMIT + 2)

    asyncio.run(modern.acall("echo", text="x"))
    asyncio.run(modern.acall("echo", wrong="x"))

    assert [(name, calls) for name, calls in rows() if name == "echo"] == [("echo", 1)] * 2


@pytest.mark.implementation
def test_callers_are_counted_apart(modern: Client, clock: Clock) -> None:
    for name in ("ada", "ben"):
        User.objects.create_user(name)
    elsewhere = modern.having(scope={"client": ("203.0.113.77", 1)})
    callers = [modern, elsewhere, *(modern.with_key(key) for key in ("ada", "ben", "-"))]

    for each in callers:
        call_often(each, LIMIT + 2)

    counted = CallRecord.objects.filter(calls=2).order_by("pk")
    assert [(each.username, each.client, each.address) for each in counted] == [
        ("", "", "203.0.113.9"),
        ("", "", "203.0.113.77"),
        ("ada", "key-client", "203.0.113.9"),
        ("ben", "key-client", "203.0.113.9"),
        ("", "key-client", "203.0.113.9"),
    ]
    assert CallRecord.objects.count() == len(callers) * (LIMIT + 1)


@pytest.mark.implementation
def test_user_is_one_caller_from_wherever_it_calls(modern: Client, clock: Clock) -> None:
    ada = modern.with_key(f"{User.objects.create_user('ada')} ")

    for number in range(LIMIT + 2):
        call(ada.having(scope={"client": (f"203.0.113.{number}", 1)}), "nope")

    assert rows() == [("nope", 1)] * LIMIT + [("nope", 2)]


@pytest.mark.implementation
@pytest.mark.parametrize(
    ("address", "elsewhere"),
    [
        ("2001:db8:1:2::{}", "2001:db8:1:3::1"),
        ("fe80::1%eth{}", "fe80:0:0:1::1"),
        ("203.0.113.9", "203.0.113.10"),
        ("::ffff:203.0.113.9", "::ffff:203.0.113.10"),
    ],
)
def test_addresses_of_one_ipv6_network_are_one_anonymous_caller(
    modern: Client, clock: Clock, address: str, elsewhere: str
) -> None:
    for number in range(LIMIT + 2):
        call(modern.having(scope={"client": (address.format(number), 1)}), "nope")
    call(modern.having(scope={"client": (elsewhere, 1)}), "nope")

    assert rows() == [*[("nope", 1)] * LIMIT, ("nope", 2), ("nope", 1)]


@pytest.mark.implementation
def test_callers_without_an_address_are_one(modern: Client, clock: Clock) -> None:
    call(modern.having(scope={"client": None}), *["nope"] * (LIMIT + 2))

    assert rows() == [*[("nope", 1)] * LIMIT, ("nope", 2)]


@pytest.mark.implementation
def test_count_begins_anew_after_a_minute(modern: Client, clock: Clock) -> None:
    call_often(modern, LIMIT + 2)
    clock[0] += REFUSED_SECONDS - 1
    call(modern, "late")
    clock[0] += 1
    call(modern, *["later"] * (LIMIT + 2))

    assert rows()[LIMIT:] == [
        (f"nope_{LIMIT}", 3),
        *[("later", 1)] * LIMIT,
        ("later", 2),
    ]


@pytest.mark.implementation
def test_row_that_is_gone_is_followed_by_another(modern: Client, clock: Clock) -> None:
    call_often(modern, LIMIT + 2)
    CallRecord.objects.all().delete()

    call(modern, "late", "later")

    assert rows() == [("late", 2)]


@pytest.mark.implementation
def test_so_many_callers_are_remembered_and_no_more(modern: Client, clock: Clock) -> None:
    for number in range(12):
        caller = modern.having(scope={"client": (f"203.0.113.{number}", 1)})
        call_often(caller, LIMIT + 1)

    assert len(refused_calls.refused_calls) == 5
    assert CallRecord.objects.count() == 12 * (LIMIT + 1)


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Callable[[], list[tuple[str, Any]]]:
    caplog.set_level(logging.INFO, "django_mcp.calls")
    return lambda: [(line.levelname, vars(line)["calls"]) for line in caplog.records]


@pytest.mark.implementation
@pytest.mark.parametrize("is_recorded", [True, False])
def test_log_has_a_line_for_each_row_and_one_with_the_count(
    modern: Client,
    clock: Clock,
    settings: Settings,
    logged: Callable[[], list[tuple[str, Any]]],
    caplog: pytest.LogCaptureFixture,
    is_recorded: bool,
) -> None:
    settings.DJANGO_MCP_RECORD = is_recorded
    call_often(modern, LIMIT + 8)
    at_once = logged()
    clock[0] += REFUSED_SECONDS
    call(modern, "later")

    assert at_once == [("INFO", 1)] * (LIMIT + 1)
    assert logged() == [*at_once, ("WARNING", 7), ("INFO", 1)]
    shared, summary = caplog.records[LIMIT : LIMIT + 2]
    assert summary.getMessage() == (
        "tools/call: 7 more calls of unknown tools by one caller within a minute, "
        f"counted with call {vars(shared)['call_id']}"
    )
    assert {*vars(summary)} == {*vars(shared)}
    if is_recorded:
        assert str(CallRecord.objects.get(calls=8).call_id) == vars(shared)["call_id"]


@pytest.mark.implementation
def test_log_counts_a_single_call_in_the_singular(
    modern: Client, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    call_often(modern, LIMIT + 2)
    clock[0] += REFUSED_SECONDS
    call(modern, "later")

    assert "tools/call: 1 more call of an unknown tool by one caller" in caplog.text


@pytest.mark.implementation
def test_kinds_share_the_limit_and_are_counted_apart_beyond_it(
    db: None, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    def attempt(kind: Kind, times: int) -> None:
        for _ in range(times):
            with pytest.raises(CallRejectedError):
                serve_here(call_of("nope", kind=kind, arguments={"note": "x"}))

    attempt(Kind.RESOURCE, LIMIT)
    attempt(Kind.TOOL, 3)
    attempt(Kind.RESOURCE, 2)
    attempt(Kind.PROMPT, 5)
    clock[0] += REFUSED_SECONDS
    attempt(Kind.TOOL, 1)

    assert list(CallRecord.objects.order_by("pk").values_list("kind", "calls")) == [
        *[("resource", 1)] * LIMIT,
        *[("tool", 3), ("resource", 2), ("prompt", 5), ("tool", 1)],
    ]
    summaries = [line for line in caplog.records if line.levelno == logging.WARNING]
    assert [(vars(each)["kind"], vars(each)["outcome"]) for each in summaries] == [
        ("tool", "unknown_tool"),
        ("resource", "not_found"),
        ("prompt", "not_found"),
    ]
    assert [each.getMessage().partition(" by ")[0] for each in summaries] == [
        "tools/call: 2 more calls of unknown tools",
        "resources/read: 1 more call of an unknown resource",
        "prompts/get: 4 more calls of unknown prompts",
    ]


@pytest.mark.implementation
def test_log_has_the_count_of_a_caller_that_is_forgotten(
    modern: Client, clock: Clock, logged: Callable[[], list[tuple[str, Any]]]
) -> None:
    call_often(modern, LIMIT + 3)
    for number in range(5):
        call(modern.having(scope={"client": (f"203.0.113.{number + 100}", 1)}), "nope")

    assert ("WARNING", 2) in logged()


@pytest.mark.implementation
def test_anonymous_clients_behind_a_proxy_count_apart(
    modern: Client, clock: Clock, settings: Settings
) -> None:
    settings.RATELIMIT_IP_META_KEY = "HTTP_X_REAL_IP"
    addresses = ("198.51.100.1", "203.0.113.9")

    for address in addresses:
        call_often(modern.having(headers={"X-Real-IP": address}), LIMIT)

    addresses_of_rows = CallRecord.objects.values_list("address", "calls").order_by("pk")
    assert list(addresses_of_rows) == [(each, 1) for each in addresses for _ in range(LIMIT)]


@pytest.mark.implementation
def test_signal_is_sent_for_every_call(modern: Client, clock: Clock) -> None:
    heard: list[str] = []

    def hear(call: Any, **kwargs: Any) -> None:
        heard.append(call.name)

    tool_rejected.connect(hear)
    try:
        call_often(modern, LIMIT + 5)
    finally:
        tool_rejected.disconnect(hear)

    assert heard == [f"nope_{number}" for number in range(LIMIT + 5)]


@pytest.mark.implementation
def test_audit_prints_the_count(db: None, clock: Clock, run_command: RunCommand) -> None:
    for _ in range(LIMIT + 12):
        with pytest.raises(Exception, match="Unknown tool"):
            serve_here(call_of("nope"))

    def printed(*options: str) -> list[str]:
        return run_command("mcp_audit", "list", *options).lines

    assert [line.endswith("UnknownToolError") for line in printed()] == [True] * LIMIT + [False]
    assert printed()[-1].endswith("UnknownToolError  12 calls")
    assert [json.loads(line)["calls"] for line in printed("--json")] == [*[1] * LIMIT, 12]


@pytest.mark.implementation
def test_calls_without_the_scopes_share_a_row_with_those_of_the_same_tool(
    transactional_db: None,
    settings: Settings,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings.DJANGO_MCP_AUTHENTICATORS = [PATH]
    User.objects.create_user("ada")
    with serving(RATED) as application:
        ada = Client(application=application, era=MODERN).with_key("ada")
        answers = call(ada, *["scoped"] * (LIMIT + 3), *["unknown"] * 2)
        clock[0] += REFUSED_SECONDS
        call(ada, "unknown")

    assert {each.status for each in answers[:-2]} == {403}
    assert rows() == [*[("scoped", 1)] * LIMIT, ("scoped", 3), ("unknown", 2), ("unknown", 1)]
    shared = CallRecord.objects.get(calls=3)
    assert (shared.outcome, shared.username) == ("missing_scope", "ada")
    summaries = [line for line in caplog.records if line.levelno == logging.WARNING]
    assert [each.getMessage().partition(" by ")[0] for each in summaries] == [
        "tools/call: 2 more calls of 'scoped' refused as missing_scope",
        "tools/call: 1 more call of an unknown tool",
    ]
    assert [(vars(each)["tool"], vars(each)["outcome"]) for each in summaries] == [
        ("scoped", "missing_scope"),
        ("", "unknown_tool"),
    ]
