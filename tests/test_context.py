"""What a running tool knows of its call, and the progress it reports."""

import asyncio
import math
import re
from collections.abc import Callable, Iterator
from threading import Barrier, Thread
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import User

from django_mcp import ToolContext, ToolError
from django_mcp.calls import progress as progress_module
from django_mcp.calls.call import Call
from django_mcp.calls.log_messages import LogMessage
from django_mcp.calls.progress import PROGRESS_INTERVAL_SECONDS, ProgressReport
from django_mcp.testing import MCPClient, ToolResult
from tests.calls import call_of, caller, offering
from tests.docs.pages import ROOT


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


class Sink:
    """Keeps what is reported."""

    def __init__(self) -> None:
        self.reports: list[ProgressReport] = []
        self.drained = 0

    def send(self, report: ProgressReport) -> None:
        self.reports.append(report)

    async def drain(self) -> None:
        self.drained += 1

    @property
    def done(self) -> list[float]:
        return [report.done for report in self.reports]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(progress_module, "time", SimpleNamespace(monotonic=clock.monotonic))
    return clock


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def call(sink: Sink, clock: Clock) -> Call:
    return Call(invocation=call_of("act").invocation, target=None, progress=sink)


@pytest.fixture
def context(call: Call) -> ToolContext:
    return call.context


def test_context_tells_of_the_call() -> None:
    user = User(pk=1, username="ann")
    call = call_of("act", principal=caller(user))
    context = call.context

    assert context.user is user
    assert context.principal.user is user
    assert context.call_id == call.id
    assert call_of("act").context.user is None


@pytest.mark.parametrize(("cancel", "is_cancelled"), [(True, True), (False, False)])
def test_context_tells_that_the_client_has_gone(cancel: bool, is_cancelled: bool) -> None:
    call = call_of("act")
    context = call.context
    assert (context.is_disconnected, context.is_cancelled) == (False, False)
    call.cancellation.client_left(is_request=cancel)

    assert (context.is_disconnected, context.is_cancelled) == (True, is_cancelled)


@pytest.mark.implementation
def test_progress_reaches_the_client_about_ten_times_a_second(
    context: ToolContext, sink: Sink, clock: Clock
) -> None:
    for number in range(101):
        context.report_progress(number, 100, f"row {number}")
        clock.now += 1 / 32

    assert sink.done == list(range(0, 101, 4))
    assert sink.reports[1] == ProgressReport(done=4, total=100, message="row 4")


@pytest.mark.implementation
def test_last_report_is_sent_when_the_tool_ends(
    call: Call, context: ToolContext, sink: Sink
) -> None:
    for number in range(10):
        context.report_progress(number)
    before = sink.done
    call.finish_notifications()
    call.finish_notifications()

    assert before == [0]
    assert sink.done == [0, 9]


@pytest.mark.implementation
def test_last_report_is_not_sent_twice(call: Call, context: ToolContext, sink: Sink) -> None:
    context.report_progress(1)
    call.finish_notifications()

    assert sink.done == [1]


@pytest.mark.implementation
@pytest.mark.parametrize("done", [5, 4, -1, math.nan, math.inf, -math.inf])
def test_reports_that_do_not_increase_are_dropped(
    done: float, call: Call, context: ToolContext, sink: Sink, clock: Clock
) -> None:
    context.report_progress(5)
    clock.now += 1
    context.report_progress(done)
    call.finish_notifications()

    assert sink.done == [5]


@pytest.mark.implementation
def test_report_held_back_is_replaced_by_the_next(
    call: Call, context: ToolContext, sink: Sink, clock: Clock
) -> None:
    context.report_progress(1)
    context.report_progress(2)
    clock.now += PROGRESS_INTERVAL_SECONDS
    context.report_progress(3)
    call.finish_notifications()

    assert sink.done == [1, 3]


@pytest.mark.implementation
@pytest.mark.parametrize("total", [math.nan, math.inf])
def test_total_that_json_does_not_know_is_left_out(
    total: float, context: ToolContext, sink: Sink
) -> None:
    context.report_progress(1, total, "half \ud800 way")

    assert sink.reports == [ProgressReport(done=1, total=None, message="half ? way")]


@pytest.mark.implementation
def test_reports_of_several_threads_arrive_in_increasing_order(
    call: Call, context: ToolContext, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress_module, "PROGRESS_INTERVAL_SECONDS", 0)
    threads, rounds = 8, 200
    together = Barrier(threads)

    def report(first: int) -> None:
        together.wait()
        for number in range(first, threads * rounds, threads):
            context.report_progress(number)

    running = [Thread(target=report, args=[first]) for first in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    call.finish_notifications()

    assert sink.done == sorted(set(sink.done))
    assert sink.done[-1] == threads * rounds - 1


@pytest.mark.implementation
def test_slow_sink_lets_no_thread_overtake_another(clock: Clock) -> None:
    inside, go_on = Barrier(2), Barrier(2)

    class Slow(Sink):
        def send(self, report: ProgressReport) -> None:
            if report.done == 1:
                inside.wait()
                go_on.wait()
            super().send(report)

    sink = Slow()
    context = Call(invocation=call_of("act").invocation, target=None, progress=sink).context

    def second() -> None:
        clock.now += 1
        context.report_progress(2)

    first = Thread(target=context.report_progress, args=[1])
    overtaking = Thread(target=second)
    first.start()
    inside.wait()
    overtaking.start()
    overtaking.join(timeout=0.05)
    go_on.wait()
    first.join()
    overtaking.join()

    assert sink.done == [1, 2]


def test_context_without_a_listener_takes_reports() -> None:
    call = call_of("act")
    context = call.context
    context.report_progress(1, 2, "x")
    asyncio.run(context.areport_progress(2))
    call.finish_notifications()

    assert not context.is_cancelled


@pytest.mark.implementation
def test_async_report_waits_for_delivery(context: ToolContext, sink: Sink) -> None:
    asyncio.run(context.areport_progress(1, 2, "half"))

    assert sink.reports == [ProgressReport(done=1, total=2, message="half")]
    assert sink.drained == 1


def count(context: ToolContext, upto: int) -> int:
    """Count, and fail at thirteen."""
    for number in range(upto + 1):
        context.report_progress(number, upto)
        if number == 13:
            raise ToolError("Unlucky.")
    return upto


async def acount(context: ToolContext, upto: int) -> int:
    """Count, and fail at thirteen."""
    for number in range(upto + 1):
        await context.areport_progress(number, upto)
        if number == 13:
            raise ToolError("Unlucky.")
    return upto


@pytest.fixture(params=[count, acount], ids=["sync", "async"])
def counted(request: pytest.FixtureRequest, clock: Clock) -> Iterator[Any]:
    with offering(request.param, read_only=True):

        def call(upto: int) -> ToolResult:
            return MCPClient().call(request.param.__name__, upto=upto)

        yield call


@pytest.mark.implementation
@pytest.mark.django_db
def test_tool_reports_first_and_last(counted: Any) -> None:
    result = counted(9)

    assert result.data == 9
    assert [(report.done, report.total) for report in result.progress] == [(0, 9), (9, 9)]


@pytest.mark.implementation
@pytest.mark.django_db
def test_tool_that_fails_has_told_how_far_it_came(counted: Any) -> None:
    result = counted(20)

    assert result.text == "Unlucky."
    assert [report.done for report in result.progress] == [0, 13]


def log(context: ToolContext) -> None:
    """Log twice, and report between."""
    context.log("debug", "first")
    context.report_progress(1)
    context.log("warning", "second")


async def alog(context: ToolContext) -> None:
    """Log twice, and report between."""
    await context.alog("debug", "first")
    await context.areport_progress(1)
    await context.alog("warning", "second")


@pytest.mark.django_db
@pytest.mark.parametrize("function", [log, alog])
def test_log_messages_are_collected(function: Callable[..., Any]) -> None:
    with offering(function, read_only=True):
        result = MCPClient().call(function.__name__)

    assert result.logs == (
        LogMessage(level="debug", text="first", logger=function.__name__),
        LogMessage(level="warning", text="second", logger=function.__name__),
    )


def test_context_without_a_listener_takes_messages() -> None:
    context = call_of("act").context
    context.log("info", "x")
    asyncio.run(context.alog("info", "y"))

    with pytest.raises(ValueError, match="'loud' is no log level; use one of debug, info, notice"):
        context.log("loud", "z")  # type: ignore[arg-type]


def test_context_has_what_its_page_of_the_reference_has() -> None:
    page = (ROOT / "docs/reference/context.md").read_text()
    section = page[page.index("## ToolContext") : page.index("<!-- end -->")]
    documented = re.findall(r"^### `(?:await )?(\w+)", section, re.MULTILINE)

    assert set(documented) == {name for name in dir(ToolContext) if not name.startswith("_")}
