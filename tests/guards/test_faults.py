"""Guards that do what they must not: the call fails as ours, and ends in one record."""

import asyncio
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.contrib.auth.models import Group
from pytest_django import Settings

from django_mcp.exceptions import DjangoMCPError, ToolFailedError
from django_mcp.guards import Call, Guard, Rendered, WaitFor
from django_mcp.models import CallRecord, ToolTask
from tests.guards import examples
from tests.guards.conftest import Serve
from tests.guards.examples import events

HERE = "tests.guards.test_faults"


class Strange(Guard):
    """Answers with what is no result."""

    def before(self, call: Call) -> Any:
        return "no result"


class Mute(Guard):
    def after(self, call: Call, result: Rendered) -> Any:
        return None


class NoManager(Guard):
    def around(self, call: Call) -> Any:
        return None


class Leaving(Guard):
    def before(self, call: Call) -> Rendered | None:
        sys.exit(1)


class LeavingOnTheLoop(Guard):
    async def abefore(self, call: Call) -> Rendered | None:
        sys.exit(1)


class LeavingAround(Guard):
    """Does so on the thread of the tool's queries."""

    def around(self, call: Call) -> Any:
        return LeavingManager()


class LeavingManager:
    def __enter__(self) -> None:
        sys.exit(1)

    def __exit__(self, *error: object) -> None:
        pass


class StoppingAround(Guard):
    """Raises what neither futures nor coroutines can carry."""

    def around(self, call: Call) -> Any:
        return StoppingManager()


class StoppingManager(LeavingManager):
    def __enter__(self) -> None:
        raise StopIteration


class LeavingAtTheEnd(Guard):
    def ended(self, call: Call, error: BaseException | None) -> None:
        sys.exit(1)


class LeavingAtTheEndOnTheLoop(Guard):
    async def aended(self, call: Call, error: BaseException | None) -> None:
        sys.exit(1)


class CancelledBySomething(Guard):
    """Awaits what somebody else has cancelled; its own call is not."""

    async def abefore(self, call: Call) -> Rendered | None:
        raise asyncio.CancelledError


class WaitingAfter(Guard):
    """Raises in `after` what only `before` may raise."""

    def after(self, call: Call, result: Rendered) -> Rendered:
        raise WaitFor("something", timeout=5)


class Hoarding(Guard):
    """Keeps what is no JSON, from the phase on that `phase` names."""

    phase = ""

    def before(self, call: Call) -> Rendered | None:
        if self.phase == "before":
            call.state[type(self)] = object()
        return None

    def after(self, call: Call, result: Rendered) -> Rendered:
        call.state[type(self)] = object()
        return result


@pytest.fixture
def put(settings: Settings) -> Callable[..., None]:
    def named(*guards: type[Guard]) -> None:
        paths = [f"{HERE}.{each.__name__}" for each in guards]
        settings.DJANGO_MCP_GUARDS = [*paths, f"{examples.HERE}.First"]

    return named


@pytest.mark.parametrize(
    "guard",
    [
        Strange,
        Mute,
        NoManager,
        Leaving,
        LeavingOnTheLoop,
        LeavingAround,
        StoppingAround,
        CancelledBySomething,
        WaitingAfter,
    ],
)
def test_guard_that_does_what_it_must_not_fails_the_call_as_ours(
    serve: Serve,
    put: Callable[..., None],
    guard: type[Guard],
    way: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    put(guard)

    with pytest.raises(ToolFailedError):
        serve()

    assert CallRecord.objects.get().outcome == "failed"
    assert events.count("First.enter") == events.count("First.leave")
    assert events.count("run") == (guard in (Mute, WaitingAfter))
    assert any(f"{guard.__name__} failed in call" in each.getMessage() for each in caplog.records)
    # What the function did is undone, where it has a transaction.
    assert not Group.objects.exists() or way.startswith("async")


@pytest.mark.parametrize("guard", [LeavingAtTheEnd, LeavingAtTheEndOnTheLoop])
def test_guard_that_exits_at_the_end_changes_nothing(
    serve: Serve, put: Callable[..., None], guard: type[Guard]
) -> None:
    put(guard)

    assert serve().structured is not None

    assert CallRecord.objects.get().outcome == "ok"


@pytest.mark.parametrize("phase", ["before", "after"])
@pytest.mark.parametrize("way", ["background"], indirect=True)
def test_state_that_is_no_json_leaves_no_task_without_an_end(
    serve: Serve, put: Callable[..., None], phase: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Hoarding, "phase", phase)
    put(Hoarding)

    with suppress(DjangoMCPError, TypeError):
        serve()

    assert CallRecord.objects.get().outcome == ("failed" if phase == "before" else "ok")
    assert all(each.has_ended for each in ToolTask.objects.all())
