"""What a worker makes of a task: it runs once, for whoever may still call, and can be run again."""

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import current_thread
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection, connections
from django.db.backends.signals import connection_created
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from django_mcp.background.cancellation import cancel
from django_mcp.background.worker import run_task
from django_mcp.catalog import visible
from django_mcp.endpoints import Endpoint, get_endpoints, using_endpoints
from django_mcp.models import CallRecord, ToolGroup, ToolTask
from django_mcp.signals import tool_called
from django_mcp.tools.tool import Tool
from tests.background import backends
from tests.background.rows import aged, queued
from tests.background.tools import SECRET
from tests.calls import caller
from tests.keys import PATH
from tests.latch import Latch

PIN = "pin-4711"  # digits alone could be part of an id


Held = list[tuple[UUID, float]]


def run(task: ToolTask) -> ToolTask:
    """The task after a worker has been given its id."""
    run_task(task.pk, worker="a worker")
    return ToolTask.objects.get(pk=task.pk)


def record() -> CallRecord:
    return CallRecord.objects.get()


@pytest.fixture
def ann(application: object) -> User:
    return User.objects.create_user("ann")


class TestClaim:
    def test_task_is_handed_over_once_by_its_id(self, held: Held) -> None:
        task = queued("add", a=1)

        assert held == [(task.pk, 0)]
        assert (task.status, task.attempts) == ("queued", 0)
        assert record().outcome == "running"

    def test_of_many_workers_one_runs_the_task(self, held: Held, latch: Latch) -> None:
        task = queued("write", name="once")

        def work(number: int) -> None:
            try:
                run_task(task.pk, worker=str(number))
            finally:
                connections.close_all()

        with ThreadPoolExecutor(5) as workers:
            list(workers.map(work, range(5)))

        ended = ToolTask.objects.get()
        assert (ended.status, ended.attempts) == ("completed", 1)
        assert Group.objects.filter(name="once").count() == 1
        assert record().worker == ended.worker

    def test_record_is_finished_by_one_statement(self, held: Held) -> None:
        task = queued("add", a=1)

        with CaptureQueriesContext(connection) as queries:
            run(task)

        table = CallRecord._meta.db_table
        (statement,) = (query["sql"] for query in queries if table in query["sql"])
        assert statement.startswith("UPDATE ")

    def test_id_of_no_task_is_nothing_to_run(self, held: Held) -> None:
        run_task(uuid4())

        assert not ToolTask.objects.exists()

    def test_task_that_has_ended_never_changes(self, held: Held) -> None:
        task = run(queued("add", a=1))

        cancel(task.pk)

        assert run(task).updated == task.updated
        assert record().outcome == "ok"


class TestPermission:
    """Everything is judged again when the task is about to run."""

    def revoked(self, task: ToolTask) -> None:
        ended = run(task)
        assert (ended.status, json.loads(ended.error)["class"]) == ("failed", "RevokedError")
        assert record().outcome == "revoked"

    def test_caller_that_may_still_call_gets_its_result(self, held: Held, ann: User) -> None:
        task = run(queued("read_notes", principal=caller(ann, scopes=["notes:read"])))

        assert json.loads(task.result)["structured"] == {"result": "ann"}

    def test_user_that_was_barred_is_not_served(self, held: Held, ann: User) -> None:
        task = queued("read_notes", principal=caller(ann, scopes=["notes:read"]))
        User.objects.update(is_active=False)

        self.revoked(task)

    def test_user_that_was_deleted_is_not_served(self, held: Held, ann: User) -> None:
        task = queued("add", principal=caller(ann), a=1)
        ann.delete()

        self.revoked(task)

    def test_endpoint_that_was_removed_is_not_another_one(
        self, held: Held, ann: User, caplog: pytest.LogCaptureFixture
    ) -> None:
        desk = Endpoint(name="desk", url="http://testserver/desk/mcp")
        task = queued("add", principal=replace(caller(ann), endpoint=desk), a=1)

        self.revoked(task)

        assert record().endpoint == "desk"
        assert "endpoint 'desk'" in caplog.text

    def test_endpoint_of_the_row_is_the_one_that_is_called(self, held: Held, ann: User) -> None:
        default = get_endpoints().default
        desk = Endpoint(name="desk", url="http://testserver/desk/mcp", groups=frozenset({"notes"}))
        reader = replace(caller(ann, scopes=["notes:read"]), endpoint=desk)
        task = queued("read_notes", principal=reader)

        with using_endpoints(replace(default, groups=frozenset()), desk):
            ended = run(task)

        assert ended.status == "completed"
        assert record().endpoint == "desk"

    def test_group_that_the_endpoint_serves_no_more_is_not_served(
        self, held: Held, ann: User
    ) -> None:
        desk = Endpoint(name="desk", url="http://testserver/desk/mcp", groups=frozenset({"notes"}))
        reader = replace(caller(ann, scopes=["notes:read"]), endpoint=desk)
        task = queued("read_notes", principal=reader)

        with using_endpoints(get_endpoints().default, replace(desk, groups=frozenset())):
            self.revoked(task)

    def test_group_that_was_closed_is_not_served(self, held: Held, ann: User) -> None:
        task = queued("read_notes", principal=caller(ann, scopes=["notes:read"]))
        ToolGroup.objects.update_or_create(name="notes", defaults={"enabled": False})

        self.revoked(task)

    @pytest.mark.parametrize("name", ["trusted", "atrusted"])
    def test_requirement_that_is_met_no_more_is_not_served(
        self, held: Held, ann: User, name: str
    ) -> None:
        principal = caller(ann)
        ann.groups.add(Group.objects.create(name="trusted"))
        # Within the same second: what the call was allowed by does not count for the run.
        shown = {each.name for each in visible(Tool, principal)}
        task = queued(name, principal=principal)
        ann.groups.clear()

        self.revoked(task)
        assert name in shown

    def test_requirement_that_is_still_met_is_served(self, held: Held, ann: User) -> None:
        ann.groups.add(Group.objects.create(name="trusted"))

        task = run(queued("trusted", principal=caller(ann)))

        assert json.loads(task.result)["structured"] == {"result": "trusted"}

    def test_credential_that_was_withdrawn_is_not_served(
        self, held: Held, ann: User, settings: Settings
    ) -> None:
        settings.DJANGO_MCP_AUTHENTICATORS = ["tests.background.authenticators.Withdrawing"]
        principal = caller(ann, authenticator="tests.background.authenticators.Withdrawing")

        self.revoked(queued("add", principal=principal, a=1))

    def test_scopes_that_were_withdrawn_do_not_count(
        self, held: Held, ann: User, settings: Settings
    ) -> None:
        path = "tests.background.authenticators.Narrowing"
        settings.DJANGO_MCP_AUTHENTICATORS = [path]
        principal = caller(ann, scopes=["notes:read"], authenticator=path)

        self.revoked(queued("read_notes", principal=principal))

    def test_authenticator_that_is_used_no_more_vouches_for_nobody(
        self, held: Held, ann: User
    ) -> None:
        principal = caller(ann, authenticator="gone.Authenticator")

        self.revoked(queued("add", principal=principal, a=1))

    def test_authenticator_that_cannot_tell_is_not_asked(self, held: Held, ann: User) -> None:
        task = run(queued("add", principal=caller(ann, authenticator=PATH), a=1))

        assert task.status == "completed"


class TestRetry:
    def runs(self, held: Held, task: ToolTask) -> ToolTask:
        """Run the task as often as it is handed over."""
        while held:
            held.pop()
            task = run(task)
        return task

    @pytest.mark.parametrize("kind", ["flaky", "retryable"])
    def test_what_is_declared_is_run_again(self, held: Held, latch: Latch, kind: str) -> None:
        task = self.runs(held, queued("flaky", failures=2, kind=kind))

        assert (task.status, task.attempts) == ("completed", 3)
        assert record().outcome == "ok"
        assert Group.objects.filter(name="flaky").count() == 1

    def test_run_that_fails_too_often_has_failed(self, held: Held, latch: Latch) -> None:
        task = self.runs(held, queued("flaky", failures=9, kind="flaky"))

        assert (task.status, task.attempts) == ("failed", 3)
        assert record().error_class == "FlakyError"

    @pytest.mark.parametrize(("kind", "status"), [("final", "completed"), ("other", "failed")])
    def test_anything_else_is_final(self, held: Held, latch: Latch, kind: str, status: str) -> None:
        task = self.runs(held, queued("flaky", failures=2, kind=kind))

        assert (task.status, task.attempts) == (status, 1)

    def test_tool_that_declares_nothing_is_never_repeated(self, held: Held) -> None:
        task = self.runs(held, queued("boom"))

        assert (task.status, task.attempts) == ("failed", 1)


class TestCancelling:
    def test_task_that_waits_never_starts(self, held: Held) -> None:
        task = queued("write", name="never")

        cancel(task.pk)

        assert run(task).status == "cancelled"
        assert record().outcome == "cancelled"
        assert not Group.objects.exists()

    @pytest.mark.parametrize("name", ["watch", "awatch"])
    def test_tool_that_is_told_within_a_second_and_stops_is_cancelled(
        self, held: Held, latch: Latch, name: str
    ) -> None:
        task = queued(name)

        with ThreadPoolExecutor(1) as worker:
            running = worker.submit(run, task)
            assert asyncio.run(latch.arrival()) == name
            asked = timezone.now()
            cancel(task.pk)
            ended = running.result()
            worker.submit(connections.close_all)

        assert ended.status == "cancelled"
        assert ended.ended is not None
        assert ended.ended - asked < timedelta(seconds=1)

    def test_tool_that_raises_when_it_is_told_is_cancelled_and_not_retried(
        self, held: Held, latch: Latch
    ) -> None:
        task = queued("watch_and_raise")

        with ThreadPoolExecutor(1) as worker:
            running = worker.submit(run, task)
            asyncio.run(latch.arrival())
            cancel(task.pk)
            ended = running.result()
            worker.submit(connections.close_all)

        assert (ended.status, ended.attempts) == ("cancelled", 1)
        assert record().outcome == "cancelled"

    def test_tool_that_never_looks_keeps_its_result(self, held: Held, latch: Latch) -> None:
        task = queued("hold", name="kept")

        with ThreadPoolExecutor(1) as worker:
            running = worker.submit(run, task)
            asyncio.run(latch.arrival())
            cancel(task.pk)
            latch.open()
            ended = running.result()
            worker.submit(connections.close_all)

        assert (ended.status, ended.cancel_requested) == ("completed", True)

    def test_run_is_ended_by_force_where_operators_want_it(
        self, held: Held, latch: Latch, settings: Settings
    ) -> None:
        settings.DJANGO_MCP_BACKGROUND_TERMINATE = True
        task = queued("hold")

        with ThreadPoolExecutor(1) as worker:
            running = worker.submit(run, task)
            asyncio.run(latch.arrival())
            cancel(task.pk)
            cancelled = ToolTask.objects.get()
            latch.open()
            running.result()
            worker.submit(connections.close_all)

        assert backends.terminated == [task.pk]
        assert cancelled.status == "cancelled"
        assert ToolTask.objects.get().updated == cancelled.updated


@pytest.fixture
def told() -> Iterator[list[str]]:
    """The outcomes of calls as the signal tells them."""
    outcomes: list[str] = []

    def hear(outcome: str, **facts: Any) -> None:
        outcomes.append(outcome)

    tool_called.connect(hear)
    yield outcomes
    tool_called.disconnect(hear)


def test_overdue_runs_that_stop_when_they_are_told_have_timed_out_and_end_once(
    held: Held, told: list[str]
) -> None:
    tasks = [queued("awatch_briefly") for _ in range(8)]

    def work(task: ToolTask) -> str:
        try:
            return run(task).error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(tasks)) as workers:
        errors = set(workers.map(work, tasks))

    assert {json.loads(error)["class"] for error in errors} == {"TimedOutError"}
    assert told == ["timed_out"] * len(tasks)


def test_exit_after_the_commit_costs_neither_the_work_nor_the_worker(held: Held) -> None:
    task = run(queued("write_and_exit", name="kept"))

    assert (task.status, task.is_recorded) == ("completed", True)
    assert record().outcome == "follow_up_failed"
    assert Group.objects.filter(name="kept").exists()


def test_runs_are_looked_after_over_one_connection(held: Held) -> None:
    opened = []

    def count(**facts: Any) -> None:
        if current_thread().name == "django_mcp_heartbeat":
            opened.append(facts["connection"])

    connection_created.connect(count)
    try:
        task = run(queued("climb", to=3))
    finally:
        connection_created.disconnect(count)

    assert (task.status, task.progress) == ("completed", 3)
    # Django asks a MariaDB what it can do, once per thread, over a connection of its own.
    assert len(opened) == (2 if connection.vendor == "mysql" else 1)


class TestSecrets:
    def columns(self) -> str:
        """Everything that the row says."""
        return json.dumps(ToolTask.objects.values().get(), default=str)

    def test_they_are_encrypted_in_the_row_and_reach_the_tool(self, held: Held) -> None:
        task = queued("login", name="ann", password=SECRET, pin=PIN)

        stored = self.columns()
        assert SECRET not in stored
        assert PIN not in stored
        assert json.loads(task.arguments) == {"name": "ann"}
        assert json.loads(run(task).result)["structured"] == {"result": f"ann {SECRET} {PIN}"}

    def test_they_are_gone_when_the_task_has_ended(self, held: Held) -> None:
        task = queued("login", name="ann", password=SECRET)

        assert task.secrets != ""
        cancel(task.pk)
        assert ToolTask.objects.get().secrets == ""

    def test_key_that_was_rotated_still_opens_them(self, held: Held, settings: Settings) -> None:
        task = queued("login", name="ann", password=SECRET)
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
        settings.SECRET_KEY = "another-one"

        assert run(task).status == "completed"

    def test_key_that_was_replaced_does_not(self, held: Held, settings: Settings) -> None:
        task = queued("login", name="ann", password=SECRET)
        settings.SECRET_KEY = "another-one"

        assert run(task).status == "failed"
        assert record().error_class == "UnreadableSecretsError"


class TestOwnership:
    def test_only_the_same_user_and_client_find_a_task(self, held: Held, ann: User) -> None:
        bob = User.objects.create_user("bob")
        mine = caller(ann, client_id="desktop")
        task = queued("add", principal=mine, a=1)

        def finds(**others: Any) -> bool:
            principal = caller(others.get("user", ann), client_id=others.get("client", "desktop"))
            return ToolTask.objects.owned_by(principal).filter(pk=task.pk).exists()

        assert finds()
        assert not finds(user=bob)
        assert not finds(user=None)
        assert not finds(client="other")


def test_tasks_are_deleted_when_their_time_is_over(held: Held) -> None:
    kept = run(queued("login", name="ann", password=SECRET))
    assert kept.expires is not None
    assert kept.ended is not None
    assert kept.expires - kept.ended == timedelta(minutes=5)

    assert ToolTask.objects.prune() == 0
    aged(kept, expires=1)
    assert ToolTask.objects.prune() == 1
    assert not ToolTask.objects.exists()
