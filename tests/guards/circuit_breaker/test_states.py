"""Circuit breakers over HTTP: when they open, whom they let through, and how they close again."""

import asyncio
import logging
from collections.abc import Callable

import pytest
from django.core.cache import caches
from pytest_django import Settings

from django_mcp import Breaker, ToolError
from django_mcp.guards import Call, Guard, Rendered
from django_mcp.models import CallRecord
from tests.guards.circuit_breaker.counted_caches import HERE, requests
from tests.guards.circuit_breaker.upstream import (
    RESET,
    UpstreamError,
    facts,
    fail,
    kind,
    tools_of,
    upstream,
)
from tests.polls import until
from tests.wire import Client, serving

THIS = "tests.guards.circuit_breaker.test_states"

NARROW = tools_of(Breaker(name="upstream", failures=1, on=(UpstreamError,)))


class Slow(Guard):
    """Judges until there is no time left."""

    def before(self, call: Call) -> Rendered | None:
        until(lambda: call.deadline.is_over)
        return None


def test_failures_in_a_row_open_it_and_its_calls_are_refused_at_once(
    client: Client, way: str
) -> None:
    fail(client, way, 2)

    answer = client.call(way)

    assert facts(answer) == {
        "kind": "circuit_open",
        "error": "What this call depends on has failed repeatedly, so the call was not made.",
        "retryable": True,
        "hint": "",
        "retry_after": RESET,
    }
    assert upstream.asked == 2
    assert CallRecord.objects.order_by("-pk")[0].outcome == "circuit_open"


def test_refused_calls_do_not_fill_the_record(modern: Client) -> None:
    fail(modern, "sync", 2)
    for _ in range(62):
        modern.call("sync")

    rows = CallRecord.objects.filter(outcome="circuit_open")
    assert sorted(rows.values_list("calls", flat=True)) == [1] * 60 + [2]


def test_success_between_failures_keeps_it_closed(modern: Client, way: str) -> None:
    for _ in range(3):
        fail(modern, way, 1)
        modern.call(way)

    assert kind(modern.call(way)) == "ok"


def test_call_after_the_reset_time_tries_whether_it_works_again(
    modern: Client, way: str, pass_time: Callable[[float], None]
) -> None:
    fail(modern, way, 2)
    pass_time(RESET)

    kinds = [kind(modern.call(way)) for _ in range(3)]

    assert (kinds, upstream.asked) == (["ok"] * 3, 5)


def test_probe_that_fails_keeps_it_open_for_another_reset_time(
    modern: Client, way: str, pass_time: Callable[[float], None]
) -> None:
    fail(modern, way, 2)
    pass_time(RESET)
    fail(modern, way, 1)

    assert kind(modern.call(way)) == "circuit_open"
    pass_time(RESET - 1)
    assert kind(modern.call(way)) == "circuit_open"
    pass_time(1)
    assert kind(modern.call(way)) == "ok"
    assert upstream.asked == 4


def test_one_failure_after_it_has_closed_does_not_open_it(
    modern: Client, way: str, pass_time: Callable[[float], None]
) -> None:
    fail(modern, way, 2)
    pass_time(RESET)
    modern.call(way)
    fail(modern, way, 1)

    assert kind(modern.call(way)) == "ok"


def test_failures_that_lie_far_apart_do_not_open_it(
    modern: Client, pass_time: Callable[[float], None]
) -> None:
    for _ in range(3):
        fail(modern, "sync", 1)
        pass_time(3600)

    assert kind(modern.call("sync")) == "ok"


def test_breaker_that_nobody_probes_is_forgotten_after_a_day(
    modern: Client, pass_time: Callable[[float], None]
) -> None:
    fail(modern, "sync", 2)
    pass_time(86_400 + RESET)
    fail(modern, "sync", 1)

    assert kind(modern.call("sync")) == "ok"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (UpstreamError("secret"), "circuit_open"),
        (asyncio.CancelledError(), "circuit_open"),
        (ToolError("Down.", retryable=True), "circuit_open"),
        (ToolError("There is no such thing."), "ok"),
    ],
)
def test_what_the_function_cannot_help_counts_as_a_failure(
    modern: Client, way: str, error: BaseException, expected: str
) -> None:
    upstream.error = error
    for _ in range(2):
        modern.call(way)
    upstream.error = None

    assert kind(modern.call(way)) == expected


def test_tool_error_is_no_success_either(modern: Client, way: str) -> None:
    fail(modern, way, 1)
    upstream.error = ToolError("There is no such thing.")
    modern.call(way)
    fail(modern, way, 1)

    assert kind(modern.call(way)) == "circuit_open"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (UpstreamError(), "circuit_open"),
        (ValueError(), "ok"),
        (ToolError("Down.", retryable=True), "ok"),
    ],
)
def test_exceptions_that_on_does_not_name_are_no_failures(
    open_to_all: None, way: str, error: Exception, expected: str
) -> None:
    with serving(NARROW) as application:
        client = Client(application=application)
        upstream.error = error
        client.call(way)
        upstream.error = None

        assert kind(client.call(way)) == expected


def test_call_that_is_refused_before_counts_as_nothing(modern: Client, way: str) -> None:
    for _ in range(3):
        modern.call(way, colour="red")

    assert kind(modern.call(way)) == "ok"


@pytest.mark.parametrize("name", ["sync", "async"])
def test_call_that_ran_out_of_time_before_it_was_run_counts_as_nothing(
    modern: Client, settings: Settings, name: str
) -> None:
    settings.DJANGO_MCP_GUARDS = [f"{THIS}.Slow"]
    settings.DJANGO_MCP_TIMEOUT = 0.05
    assert [kind(modern.call(name)) for _ in range(2)] == ["timed_out"] * 2
    settings.DJANGO_MCP_GUARDS = []
    settings.DJANGO_MCP_TIMEOUT = 60.0

    assert (kind(modern.call(name)), upstream.asked) == ("ok", 1)


def test_all_that_share_a_name_share_the_breaker(client: Client) -> None:
    fail(client, "sync", 1)
    upstream.error = UpstreamError()
    client.send("prompts/get", {"name": "asking"})
    upstream.error = None

    assert kind(client.call("async")) == "circuit_open"
    assert kind(client.send("prompts/get", {"name": "asking"})) == "circuit_open"
    assert kind(client.send("resources/read", {"uri": "upstream://state"})) == "circuit_open"
    assert kind(client.call("apart")) == "ok"
    assert upstream.asked == 3


@pytest.mark.implementation
def test_call_behind_a_closed_breaker_is_one_request_to_the_cache(
    modern: Client, settings: Settings, way: str
) -> None:
    settings.CACHES = {"default": {"BACKEND": f"{HERE}.CountedCache"}}
    modern.call(way)
    requests.clear()

    modern.call(way)

    # A worker asks again.
    assert requests == {"get_many": 2 if "background" in way else 1}


@pytest.mark.implementation
def test_call_without_a_breaker_does_not_ask_the_cache(modern: Client, settings: Settings) -> None:
    settings.CACHES = {"default": {"BACKEND": f"{HERE}.CountedCache"}}

    modern.call("unguarded")
    modern.call("unguarded_async")

    assert not requests


def test_breaker_is_kept_in_the_cache_that_the_setting_names(
    modern: Client, settings: Settings
) -> None:
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"},
        "limits": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "b"},
    }
    settings.DJANGO_MCP_CACHE = "limits"
    fail(modern, "sync", 2)

    assert kind(modern.call("sync")) == "circuit_open"
    caches["limits"].clear()


def test_all_calls_pass_while_the_cache_is_away_with_one_log_line(
    modern: Client, way: str, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.CACHES = {"default": {"BACKEND": f"{HERE}.BrokenCache"}}
    fail(modern, way, 3)

    assert kind(modern.call(way)) == "ok"
    lines = [each for each in caplog.records if each.name == "django_mcp.guards.circuit_breaker"]
    assert [(each.levelno, each.getMessage()) for each in lines] == [
        (
            logging.ERROR,
            "The cache of circuit breakers is away: all of them count as closed",
        )
    ]
