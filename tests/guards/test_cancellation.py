"""Cancellation while guards are at work: what was entered is left, and every call is ended."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial

import pytest
from pytest_django import Settings

from django_mcp.background.cancellation import cancel as cancel_task
from django_mcp.exceptions import TaskCancelledError
from django_mcp.guards import Call, Guard, Rendered, WaitFor
from django_mcp.models import CallRecord
from tests.calls import PATIENCE, call_of, in_thread, offering, serve_call
from tests.guards import examples
from tests.guards.conftest import WAYS
from tests.guards.examples import events
from tests.latch import Latch
from tests.polls import until

latch = Latch()

HERE = "tests.guards.test_cancellation"


class Slow(Guard):
    """Waits at the latch in the phase that `phase` names, on a thread."""

    phase = ""

    def wait(self, phase: str) -> None:
        events.append(phase)
        if phase == self.phase:
            latch.wait(phase)

    def before(self, call: Call) -> Rendered | None:
        self.wait("before")
        return None

    @contextmanager
    def around(self, call: Call) -> Iterator[None]:
        self.wait("enter")
        try:
            yield
        finally:
            self.wait("leave")

    def after(self, call: Call, result: Rendered) -> Rendered:
        self.wait("after")
        return result

    def ended(self, call: Call, error: BaseException | None) -> None:
        self.wait("ended")


class WaitingSlow(Slow):
    """Has the call wait, after it has waited itself."""

    def before(self, call: Call) -> Rendered | None:
        super().before(call)
        raise WaitFor("nothing", timeout=PATIENCE * 2)


class SlowOnLoop(Guard):
    """Waits at the latch in the phase that `phase` names, on the event loop."""

    phase = ""

    async def pause(self, phase: str) -> None:
        events.append(phase)
        if phase == self.phase:
            await latch.pause(phase)

    async def abefore(self, call: Call) -> Rendered | None:
        await self.pause("before")
        return None

    async def aafter(self, call: Call, result: Rendered) -> Rendered:
        await self.pause("after")
        return result

    async def aended(self, call: Call, error: BaseException | None) -> None:
        await self.pause("ended")
        events.append("ended to its end")


async def cancelled_in(phase: str) -> None:
    """One call, which is cancelled while a guard is in this phase."""
    serving = asyncio.create_task(serve_call(call_of("shout", arguments={"word": "hello"})))
    assert await latch.arrival() == phase
    serving.cancel()
    for _ in range(5):
        await asyncio.sleep(0)
    latch.open()
    with suppress(asyncio.CancelledError):
        async with asyncio.timeout(PATIENCE):
            await serving


@pytest.fixture
def cancel(
    transactional_db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Callable[[type[Guard], str], None]:
    def run(guard: type[Guard], phase: str) -> None:
        monkeypatch.setattr(guard, "phase", phase)
        settings.DJANGO_MCP_GUARDS = [f"{HERE}.{guard.__name__}", f"{examples.HERE}.First"]
        with latch.closed(), offering(examples.ashout, name="shout"):
            asyncio.run(cancelled_in(phase))

    return run


@pytest.mark.parametrize(
    ("phase", "outcome"),
    # A phase on a thread is finished; once the last `after` is, the call has ended well.
    [
        ("enter", "cancelled"),
        ("before", "cancelled"),
        ("after", "ok"),
        ("leave", "ok"),
        ("ended", "ok"),
    ],
)
def test_async_call_that_is_cancelled_leaves_what_it_entered_and_is_recorded_once(
    cancel: Callable[[type[Guard], str], None], phase: str, outcome: str
) -> None:
    cancel(Slow, phase)

    assert [events.count(each) for each in ("enter", "leave")] == [1, 1]
    assert events.count("First.enter") == events.count("First.leave")
    assert CallRecord.objects.get().outcome == outcome


@pytest.mark.parametrize(
    ("phase", "outcome"), [("before", "cancelled"), ("after", "cancelled"), ("ended", "ok")]
)
def test_async_phase_that_is_cancelled_keeps_no_other_guard_from_the_end(
    cancel: Callable[[type[Guard], str], None], phase: str, outcome: str
) -> None:
    cancel(SlowOnLoop, phase)

    assert events.count("ended to its end") == 1
    assert events.count("First.enter") == events.count("First.leave")
    assert CallRecord.objects.get().outcome == outcome


@pytest.mark.parametrize("way", WAYS)
def test_call_that_is_cancelled_when_a_guard_has_it_wait_is_recorded_once(
    transactional_db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setattr(WaitingSlow, "phase", "before")
    settings.DJANGO_MCP_GUARDS = [f"{HERE}.WaitingSlow", f"{examples.HERE}.First"]
    function, options = WAYS[way]

    with latch.closed(), offering(function, name="shout", **options):
        asyncio.run(cancelled_in("before"))
        until(lambda: events.count("ended") == 1)
        until(CallRecord.objects.exists)

    assert CallRecord.objects.get().outcome == "cancelled"
    assert events.count("enter") == events.count("leave")


def test_task_that_is_cancelled_while_a_guard_has_it_wait_ends(
    transactional_db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examples.Waiting, "in_worker", True)
    settings.DJANGO_MCP_GUARDS = [f"{examples.HERE}.Waiting"]

    async def talk() -> None:
        async with asyncio.timeout(PATIENCE / 2):  # less than the guard's
            call = call_of("shout", arguments={"word": "hello"})
            serving = asyncio.create_task(serve_call(call))
            await asyncio.to_thread(until, lambda: "waits" in events)
            assert call.task_id is not None
            await asyncio.to_thread(in_thread, partial(cancel_task, call.task_id))
            with pytest.raises(TaskCancelledError):
                await serving

    with offering(examples.shout, name="shout", background=True):
        asyncio.run(talk())

    until(lambda: CallRecord.objects.get().outcome == "cancelled")
    assert "run" not in events
