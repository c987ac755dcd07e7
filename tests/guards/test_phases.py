"""Guards of a project: which phase is called when, where, and what becomes of what it does."""

import asyncio
import threading
from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from pytest_django import Settings

from django_mcp.exceptions import BusyError, DjangoMCPError, ToolFailedError
from django_mcp.guards import publish
from django_mcp.models import CallRecord, ToolTask
from tests.calls import call_of, offering, serve_call
from tests.guards import examples
from tests.guards.conftest import Serve
from tests.guards.examples import events, threads

Guarded = Callable[..., None]

BEFORE = ["First.enter", "Second.enter", "First.before", "Second.before"]
AROUND_RUN = ["run", "Second.after", "First.after", "Second.leave", "First.leave"]
ENDED = ["Second.ended", "First.ended"]


def outcome() -> str:
    return CallRecord.objects.get().outcome


def test_phases_are_called_in_order_and_the_later_ones_in_reverse(
    serve: Serve, guarded: Guarded, way: str
) -> None:
    guarded("First", "Second")

    serve()

    if "background" in way:
        left = ["Second.leave", "First.leave"]
        again = ["worker", "First.enter", "Second.enter"]
        assert events == [*BEFORE, *left, *again, *AROUND_RUN, *ENDED]
    else:
        assert events == [*BEFORE, *AROUND_RUN, *ENDED]


def test_refusal_before_the_run_is_told_recorded_and_heard_by_those_who_were_asked(
    serve: Serve, guarded: Guarded
) -> None:
    guarded("First", "Closed", "Second")

    with pytest.raises(examples.ClosedError):
        serve()

    heard = ["Closed.ended by ClosedError", "First.ended by ClosedError"]
    assert events == [
        *("First.enter", "Closed.enter", "Second.enter", "First.before", "Closed.before"),
        *("Second.leave", "Closed.leave", "First.leave", *heard),
    ]
    assert outcome() == "switched_off"
    assert not ToolTask.objects.exists()


def test_answer_in_place_of_the_run_passes_those_in_front_of_it(
    serve: Serve, guarded: Guarded
) -> None:
    guarded("Upper", "Cache", "Second")

    assert serve().structured == {"result": "FROM THE CACHE"}

    assert "run" not in events
    assert "Second.before" not in events
    assert not any(each.endswith(".after") for each in events)
    assert "Cache.ended" in events
    assert outcome() == "ok"
    assert not ToolTask.objects.exists()


def test_result_is_what_the_guards_make_of_it(serve: Serve, guarded: Guarded) -> None:
    guarded("Upper")

    assert serve("hello").structured == {"result": "HELLO  UTC"}


def test_refusal_of_a_result_undoes_what_the_tool_did(
    serve: Serve, guarded: Guarded, way: str
) -> None:
    guarded("Filter")

    with pytest.raises(DjangoMCPError, match="The office is closed"):
        serve()

    assert outcome() == "switched_off"
    # An async tool has no transaction.
    assert Group.objects.exists() is way.startswith("async")


@pytest.mark.parametrize("phase", ["may_block", "before", "enter", "after"])
def test_fault_of_a_guard_is_ours_and_tells_the_call_id_alone(
    serve: Serve,
    guarded: Guarded,
    phase: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(examples.Faulty, "phase", phase)
    guarded("Faulty")

    with pytest.raises(ToolFailedError) as failure:
        serve()

    record = CallRecord.objects.get()
    assert record.outcome == "failed"
    assert str(failure.value.call_id) == str(record.call_id)
    assert str(record.call_id) in str(failure.value)
    assert examples.Faulty.SECRET not in str(failure.value)
    faults = [line for line in caplog.records if "Faulty failed in call" in line.getMessage()]
    assert str(record.call_id) in faults[0].getMessage()
    assert faults[0].exc_info


@pytest.mark.parametrize("phase", ["leave", "ended"])
def test_fault_at_the_end_changes_nothing_for_the_caller_or_the_next_guard(
    serve: Serve,
    guarded: Guarded,
    phase: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(examples.Faulty, "phase", phase)
    guarded("First", "Faulty")

    assert serve().structured is not None

    assert events[-1] == "First.ended"
    assert outcome() == "ok"
    assert any("Faulty failed" in each.getMessage() for each in caplog.records)


def test_async_phases_run_in_the_same_places(serve: Serve, guarded: Guarded, way: str) -> None:
    guarded("Asynchronous", "Second")

    serve()

    run = ["run", "Second.after", "Asynchronous.aafter", "Second.leave"]
    again = ["Second.leave", "worker", "Second.enter"] if "background" in way else []
    assert events == [
        *("Second.enter", "Asynchronous.abefore", "Second.before", *again, *run),
        *("Second.ended", "Asynchronous.aended"),
    ]


@pytest.mark.parametrize("way", ["sync", "async"], indirect=True)
def test_async_phases_run_on_the_event_loop(serve: Serve, guarded: Guarded) -> None:
    guarded("Asynchronous")

    serve()

    here = threading.get_ident()  # `serve` runs a loop on this thread
    assert {threads[f"Asynchronous.{each}"] for each in ("abefore", "aafter", "aended")} == {here}


@pytest.mark.parametrize("way", ["async"], indirect=True)
def test_guard_that_blocks_stays_off_the_event_loop(serve: Serve, guarded: Guarded) -> None:
    guarded("First", "Quick")

    serve()

    here = threading.get_ident()
    phases = ("before", "after", "ended", "enter", "leave")
    assert here not in {threads[f"First.{each}"] for each in phases}
    assert {threads[f"Quick.{each}"] for each in ("enter", "leave", "after")} == {here}
    assert threads["First.enter"] == threads["First.leave"] == threads["query"]


@pytest.mark.parametrize("blocks", [False, True])
def test_what_is_set_around_a_call_holds_for_its_function_and_its_queries(
    serve: Serve, guarded: Guarded, blocks: bool, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setattr(examples.Tenant, "blocks", blocks)
    guarded("Tenant")

    assert serve("hello").structured == {"result": "hello acme Asia/Tokyo"}

    if way.startswith("async"):
        assert Group.objects.get().name == "hello acme"
    assert threads["Tenant.enter"] == threads["Tenant.leave"]


def test_state_of_a_call_travels_to_where_it_ends(serve: Serve, guarded: Guarded) -> None:
    guarded("Counter")

    serve()

    assert events[-1] == "{'before': 1, 'after': 1}"


@pytest.mark.parametrize("way", ["background", "async background"], indirect=True)
def test_guard_that_repeats_is_asked_by_the_worker_again(serve: Serve, guarded: Guarded) -> None:
    guarded("ClosedLater")

    with pytest.raises(DjangoMCPError, match="The office is closed"):
        serve()

    assert events.count("ClosedLater.before") == 2
    assert "run" not in events
    assert outcome() == "switched_off"


@pytest.fixture
def patience() -> None:
    examples.Patient.wanted.clear()
    examples.Patient.asked.clear()


def test_call_that_waits_for_something_holds_no_thread(
    serve: Serve, guarded: Guarded, patience: None, settings: Settings, way: str
) -> None:
    """Another call is served meanwhile, on the only thread that there is."""
    guarded("Patient")

    async def talk() -> list[str]:
        waiting = asyncio.create_task(serve_call(call_of("shout", arguments={"word": "wait"})))
        await asyncio.to_thread(examples.Patient.asked.wait)
        await serve_call(call_of("free"))
        ended = waiting.done()
        examples.Patient.wanted.set()
        publish("patient")
        await waiting
        return ["waited" if not ended else "did not wait"]

    def free() -> None:
        """Do nothing."""

    if "background" in way:
        pytest.skip("its run is the worker's")
    function = examples.ashout if way == "async" else examples.shout
    with offering(function, name="shout"):
        from django_mcp import tool
        from django_mcp.primitives.declaration import collecting
        from tests.calls import serving_declared

        with collecting() as declared:
            tool(name="shout")(function)
            tool(free)
        with serving_declared(declared):
            assert asyncio.run(talk()) == ["waited"]
    assert events.count("run") == 1


@pytest.mark.parametrize("way", ["sync", "async", "background"], indirect=True)
def test_call_that_has_waited_for_too_long_is_refused_as_busy(
    serve: Serve, guarded: Guarded, patience: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examples.Patient, "timeout", 0.05)
    guarded("First", "Patient")

    with pytest.raises(BusyError):
        serve("wait")

    assert events.count("First.before") == 1
    assert outcome() == "busy"
