"""Known exceptions of background tools, and hooks that fail after the commit of one."""

import asyncio
import json
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connections, transaction
from django.http import Http404

from django_mcp import Retry, ToolError
from django_mcp.background.cancellation import cancel
from django_mcp.background.completion import result_of
from django_mcp.background.recovery import recover_tasks
from django_mcp.background.worker import run_task
from django_mcp.exceptions import FollowUpFailedError, ToolFailedError
from django_mcp.models import CallRecord, ToolTask
from tests.background.rows import aged, queued
from tests.calls import call_of, offering, serve
from tests.latch import Latch
from tests.polls import until

Held = list[tuple[UUID, float]]

SECRET = "hunter2-s3cret"
STALE = 40.0


class FlakyError(Exception):
    """What a retry is for."""


def run(function: Callable[..., Any], **options: Any) -> ToolTask:
    """The task after a worker has run the function, as often as it was handed over."""
    with offering(function, background=True, **options):
        task = queued("act")
        run_task(task.pk, worker="a worker")
        while ToolTask.objects.get().status == "queued":
            run_task(task.pk, worker="a worker")
    return ToolTask.objects.get()


def raising(error: Exception, *, is_async: bool = False) -> Callable[[], Any]:
    def act() -> None:
        """Act."""
        Group.objects.create(name="half done")
        raise error

    async def aact() -> None:
        """Act."""
        raise error

    function: Callable[[], Any] = aact if is_async else act
    function.__name__ = "act"
    return function


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (Http404("No such aisle."), "not_found", "No such aisle."),
        (ValidationError("Not on Sundays."), "invalid_arguments", "Not on Sundays."),
        (ExceptionGroup("", [Group.DoesNotExist(SECRET)]), "not_found", "There is no such group."),
    ],
)
def test_known_exception_completes_the_task_as_a_tool_error(
    held: Held,
    error: Exception,
    kind: str,
    text: str,
    is_async: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    task = run(raising(error, is_async=is_async))

    with pytest.raises(ToolError) as caught:
        result_of(task.pk)
    record = CallRecord.objects.get()
    assert (task.status, task.attempts) == ("completed", 1)
    assert (caught.value.outcome, caught.value.message) == (kind, text)
    assert record.outcome == kind
    assert not Group.objects.exists()
    assert SECRET not in task.error + caplog.text
    assert not [line for line in caplog.records if line.levelno >= logging.ERROR]


def test_violated_constraint_is_told_from_the_aborted_transaction(held: Held) -> None:
    Group.objects.create(name=SECRET)

    def act() -> None:
        """Act."""
        Group.objects.create(name=SECRET)

    task = run(act)

    assert (task.status, CallRecord.objects.get().outcome) == ("completed", "conflict")
    assert json.loads(task.error)["facts"]["message"] == "Group with this Name already exists."
    assert SECRET not in task.error


def test_any_other_exception_fails_the_task(held: Held) -> None:
    task = run(raising(IntegrityError(SECRET)))

    assert (task.status, json.loads(task.error)) == ("failed", {"class": "ToolFailedError"})


class TestRetry:
    """A known exception is the tool error that it counts as."""

    def test_it_is_final_unless_it_is_retryable(self, held: Held) -> None:
        task = run(raising(Http404()), idempotent=True, retry=Retry(backoff=0))

        assert (task.status, task.attempts) == ("completed", 1)

    @pytest.mark.parametrize("on", [Exception, ToolError, FlakyError])
    def test_it_is_run_again_when_it_is_retryable(self, held: Held, on: type[Exception]) -> None:
        task = run(
            raising(FlakyError()),
            idempotent=True,
            retry=Retry(times=2, backoff=0, on=(on,)),
            raises={FlakyError: lambda error: ToolError("Closed.", retryable=True)},
        )

        assert (task.status, task.attempts) == ("completed", 3)
        assert CallRecord.objects.get().error_class == "FlakyError"


def test_exception_of_what_prepares_the_tool_is_told(held: Held) -> None:
    def ask() -> None:
        Group.objects.create(name="half done")
        raise Http404("No such aisle.")

    def act() -> None:
        """Act."""

    with offering(act, background=True, prepare=ask), pytest.raises(ToolError) as caught:
        serve(call_of("act"))

    assert (caught.value.outcome, caught.value.message) == ("not_found", "No such aisle.")
    assert CallRecord.objects.get().outcome == "not_found"
    assert not Group.objects.exists()
    assert not ToolTask.objects.exists()


class TestFollowUp:
    """Hooks of `transaction.on_commit`, which run when the work is saved."""

    def act(self, hook: Callable[[], Any], *, robust: bool = False) -> Callable[[], str]:
        def act() -> str:
            """Act."""
            Group.objects.create(name="kept")
            transaction.on_commit(hook, robust=robust)
            return "written"

        return act

    def is_told(self, task: ToolTask) -> bool:
        with pytest.raises(FollowUpFailedError) as caught:
            result_of(task.pk)
        return bool(caught.value.result.structured == {"result": "written"})

    def test_hook_that_fails_completes_the_task_and_tells_its_result(
        self, held: Held, caplog: pytest.LogCaptureFixture
    ) -> None:
        task = run(self.act(lambda: 1 // 0))

        record = CallRecord.objects.get()
        assert (task.status, task.is_recorded) == ("completed", True)
        assert self.is_told(task)
        assert (record.outcome, record.error_class) == ("follow_up_failed", "ZeroDivisionError")
        assert Group.objects.filter(name="kept").exists()
        assert [line.name for line in caplog.records if line.levelno >= logging.ERROR] == [
            "django_mcp.calls"
        ]

    def test_it_is_not_run_again_however_idempotent_the_tool_is(self, held: Held) -> None:
        task = run(self.act(lambda: 1 // 0), idempotent=True, retry=Retry(times=2, backoff=0))

        assert (task.status, task.attempts) == ("completed", 1)

    def test_hook_that_works_ends_as_ever(self, held: Held) -> None:
        ran: list[str] = []
        task = run(self.act(lambda: ran.append(ToolTask.objects.get().status)))

        assert (task.status, CallRecord.objects.get().outcome) == ("completed", "ok")
        assert result_of(task.pk).structured == {"result": "written"}
        assert ran == ["working"]  # nobody is told of an end that may still change

    def test_task_does_not_wait_for_a_robust_hook_whose_failure_is_not_its_own(
        self, held: Held
    ) -> None:
        ran: list[str] = []

        def hook() -> None:
            ran.append(ToolTask.objects.get().status)
            raise ZeroDivisionError

        task = run(self.act(hook, robust=True))

        assert (task.status, CallRecord.objects.get().outcome) == ("completed", "ok")
        assert ran == ["completed"]

    def test_hook_outside_the_transaction_of_the_task_is_the_tool_s_failure(
        self, held: Held
    ) -> None:
        task = run(self.act(lambda: 1 // 0), atomic=False)

        assert task.status == "failed"
        with pytest.raises(ToolFailedError):
            result_of(task.pk)

    def test_worker_that_dies_in_a_hook_leaves_work_that_is_not_repeated(
        self, held: Held, latch: Latch
    ) -> None:
        function = self.act(lambda: latch.wait("hook"))
        with offering(function, background=True, idempotent=True):
            task = queued("act")
            with ThreadPoolExecutor(1) as worker:
                running = worker.submit(run_task, task.pk)
                asyncio.run(latch.arrival())
                aged(task, heartbeat=STALE)
                swept = recover_tasks()
                latch.open()
                running.result()
                worker.submit(connections.close_all)
        ended = ToolTask.objects.get()

        assert (swept.ended, swept.queued) == (1, 0)
        assert (ended.status, ended.attempts) == ("completed", 1)
        assert self.is_told(ended)
        assert CallRecord.objects.get().outcome == "follow_up_failed"

    def test_run_whose_hook_takes_too_long_is_not_told_as_undone(
        self, held: Held, latch: Latch
    ) -> None:
        with offering(self.act(lambda: latch.wait("hook")), background=True, timeout=0.3):
            task = queued("act")
            with ThreadPoolExecutor(1) as worker:
                running = worker.submit(run_task, task.pk)
                asyncio.run(latch.arrival())
                until(lambda: ToolTask.objects.get().has_ended)
                latch.open()
                running.result()
                worker.submit(connections.close_all)
        ended = ToolTask.objects.get()

        assert ended.status == "completed"
        assert self.is_told(ended)

    def test_task_that_is_cancelled_during_a_hook_keeps_its_result(
        self, held: Held, latch: Latch
    ) -> None:
        with offering(self.act(lambda: latch.wait("hook")), background=True):
            task = queued("act")
            with ThreadPoolExecutor(1) as worker:
                running = worker.submit(run_task, task.pk)
                asyncio.run(latch.arrival())
                cancel(task.pk)
                latch.open()
                running.result()
                worker.submit(connections.close_all)

        assert result_of(task.pk).structured == {"result": "written"}

    def test_hook_of_what_prepares_the_tool_keeps_it_from_running(self, held: Held) -> None:
        def ask() -> None:
            transaction.on_commit(lambda: 1 // 0)

        def act() -> None:
            """Act."""

        with (
            offering(act, background=True, prepare=ask),
            pytest.raises(FollowUpFailedError),
        ):
            serve(call_of("act"))

        assert CallRecord.objects.get().outcome == "follow_up_failed"
        assert not ToolTask.objects.exists()
        assert held == []
