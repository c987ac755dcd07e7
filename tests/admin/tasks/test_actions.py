"""Cancelling tasks, and running them again."""

import json
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from django_mcp.exceptions import TaskLostError
from django_mcp.models import CallRecord, ToolGroup, ToolTask
from django_mcp.policy.snapshot import forget_snapshot
from tests.admin.pages import TASKS, action, links_of, task_page, text_of
from tests.background.backends import held
from tests.factories import task

Status = ToolTask.Status

pytestmark = pytest.mark.usefixtures("background")


def confirmed(name: str, *tasks: ToolTask, **more: str) -> dict[str, Any]:
    return action(name, *tasks, confirmed="yes", **more)


def failed(user: User, **changes: Any) -> ToolTask:
    """A failed task of this user's."""
    values = {"user": str(user.pk), "username": "ada", "client": "d-1", "arguments": '{"year": 7}'}
    return task(error=TaskLostError(), **(values | changes))


def log() -> list[tuple[str, str]]:
    return [
        (entry.object_id or "", entry.get_change_message())
        for entry in LogEntry.objects.order_by("pk")
    ]


@pytest.mark.parametrize("view", ["cancel", "retry"])
def test_nothing_happens_before_it_is_confirmed(controller: Client, ada: User, view: str) -> None:
    chosen = task() if view == "cancel" else failed(ada)

    from_page = controller.get(
        dict(links_of(controller.get(task_page(chosen))))[
            "Cancel" if view == "cancel" else "Run again"
        ]
    )
    from_list = controller.post(TASKS, action(f"{view}_selected", chosen))

    for asked in (from_page, from_list):
        assert f"build_report ({chosen.pk}), {chosen.get_status_display()}" in text_of(asked)
        page = asked.content.decode()
        assert f'name="_selected_action" value="{chosen.pk}"' in page
        assert f'action="{TASKS}?period=all"' in page
        assert f'name="action" value="{view}_selected"' in page
    assert ToolTask.objects.get().status == chosen.status
    assert log() == []


def test_waiting_task_that_is_cancelled_never_starts(controller: Client) -> None:
    waiting = task(hours=1_000)

    after = controller.post(f"{TASKS}?period=all", confirmed("cancel_selected", waiting))

    waiting.refresh_from_db()
    assert after.headers["Location"] == task_page(waiting)
    assert waiting.status == Status.CANCELLED
    assert CallRecord.objects.get(call_id=waiting.call_id).outcome == "cancelled"
    assert log() == [(str(waiting.pk), "Cancelled.")]
    assert "1 task is cancelled or was asked to stop." in text_of(controller.get(TASKS))


def test_running_task_is_told_to_stop_and_an_ended_one_is_left_alone(controller: Client) -> None:
    running, ended = task(status=Status.WORKING), task(error=TaskLostError())

    asked = controller.post(TASKS, action("cancel_selected", running, ended))
    after = controller.post(TASKS, confirmed("cancel_selected", running, ended), follow=True)

    running.refresh_from_db()
    assert "is left alone: has ended already" in text_of(asked)
    assert (running.status, running.cancel_requested) == (Status.WORKING, True)
    assert "cancelling" in text_of(after)
    assert log() == [(str(running.pk), "Cancelled.")]


def test_retry_is_a_new_call_of_the_same_caller(
    controller: Client,
    ada: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    old = failed(ada)

    with django_capture_on_commit_callbacks(execute=True):
        after = controller.post(TASKS, confirmed("retry_selected", old))

    new = ToolTask.objects.exclude(pk=old.pk).get()
    call = CallRecord.objects.get()
    assert after.headers["Location"] == task_page(new)
    assert [key for key, _ in held] == [new.pk]
    assert (new.status, new.attempts, json.loads(new.arguments)) == ("queued", 0, {"year": 7})
    assert (new.user, new.client) == (old.user, "d-1")
    assert (call.call_id, call.task_id, call.outcome) == (new.call_id, str(new.pk), "running")
    assert call.call_id != old.call_id
    assert call.arguments == {"year": 7}
    old.refresh_from_db()
    assert old.status == Status.FAILED
    assert log() == [
        (str(old.pk), f"Run again as {new.pk}."),
        (str(new.pk), f"Repeats {old.pk}."),
    ]


def test_several_tasks_are_run_again_at_once(controller: Client, ada: User) -> None:
    first, second = failed(ada), failed(ada, status=Status.CANCELLED)

    after = controller.post(TASKS, confirmed("retry_selected", first, second), follow=True)

    assert "2 tasks are run again." in text_of(after)
    assert ToolTask.objects.count() == 4


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"has_secrets": True}, "had secret arguments, which are gone"),
        ({"status": Status.COMPLETED}, "has neither failed nor been cancelled"),
        ({"status": Status.WORKING}, "has neither failed nor been cancelled"),
        ({"name": "gone"}, "is of a tool that the code does not have any more"),
        ({"name": "count_rows"}, "is of a tool that the code does not have any more"),
        ({"name": "report_on"}, "is of a tool that asks or adds something first"),
    ],
)
def test_task_that_cannot_be_repeated_is_left_alone(
    controller: Client, ada: User, changes: dict[str, Any], reason: str
) -> None:
    old = failed(ada, **changes)

    page = controller.get(task_page(old))
    refused = controller.post(TASKS, confirmed("retry_selected", old, risk_confirmed="yes"))

    assert "Run again" not in text_of(page)
    assert f"is left alone: {reason}" in text_of(refused)
    assert "There is nothing to do." in text_of(refused)
    assert ToolTask.objects.get() == old
    assert log() == []


def test_tool_that_may_act_twice_is_run_again_only_when_that_is_said_aloud(
    controller: Client, ada: User
) -> None:
    old = failed(ada, name="import_rows", arguments='{"file": "a.csv"}')

    asked = controller.get(task_page(old, "retry"))
    refused = controller.post(TASKS, confirmed("retry_selected", old))
    count = ToolTask.objects.count()
    controller.post(TASKS, confirmed("retry_selected", old, risk_confirmed="yes"))

    assert "may have taken effect, and its tool is not declared idempotent" in text_of(asked)
    assert "Nothing was run. Tick the box to run it although it may happen twice." in text_of(
        refused
    )
    assert count == 1
    assert ToolTask.objects.count() == 2


def test_tool_that_never_began_needs_no_such_word(controller: Client, ada: User) -> None:
    old = failed(ada, name="import_rows", arguments='{"file": "a.csv"}', attempts=0)

    controller.post(TASKS, confirmed("retry_selected", old))

    assert ToolTask.objects.count() == 2


def bar(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def close_group(user: User) -> None:
    ToolGroup.objects.update(enabled=False)
    forget_snapshot()


@pytest.mark.parametrize(
    ("withdraw", "reason", "outcomes"),
    [
        (bar, "The permission for this call was withdrawn before it ran.", []),
        (close_group, "Unknown tool: build_report", ["unknown_tool"]),
    ],
)
def test_caller_who_may_not_call_any_more_is_not_spoken_for(
    controller: Client, ada: User, withdraw: Any, reason: str, outcomes: list[str]
) -> None:
    old = failed(ada)
    withdraw(ada)

    after = controller.post(TASKS, confirmed("retry_selected", old), follow=True)

    assert f"Not run again: build_report ({old.pk}). {reason}" in text_of(after)
    assert after.redirect_chain == [(task_page(old), 302)]
    assert ToolTask.objects.get() == old
    assert [record.outcome for record in CallRecord.objects.all()] == outcomes
    assert log() == []


def test_arguments_are_judged_again(controller: Client, ada: User) -> None:
    old = failed(ada, arguments='{"year": "seven"}')

    after = controller.post(TASKS, confirmed("retry_selected", old), follow=True)

    assert f"Not run again: build_report ({old.pk}). The arguments are invalid." in text_of(after)
    assert CallRecord.objects.get().outcome == "invalid_arguments"


def test_who_may_only_look_can_do_nothing(watcher: Client, ada: User) -> None:
    waiting, old = task(), failed(ada)

    for view, chosen in (("cancel", waiting), ("retry", old)):
        assert watcher.get(task_page(chosen, view)).status_code == 403
        watcher.post(TASKS, confirmed(f"{view}_selected", chosen))
        texts = [text for text, _ in links_of(watcher.get(task_page(chosen)))]
        assert not {"Cancel", "Run again"} & {*texts}

    assert {each.status for each in ToolTask.objects.all()} == {Status.QUEUED, Status.FAILED}
    assert log() == []


def test_actions_are_not_done_by_opening_a_link(controller: Client, ada: User) -> None:
    waiting, old = task(), failed(ada)

    controller.get(task_page(waiting, "cancel"), {"confirmed": "yes"})
    controller.get(task_page(old, "retry"), {"confirmed": "yes"})

    assert ToolTask.objects.count() == 2
    assert log() == []


def test_history_of_a_task_tells_who_did_what(controller: Client) -> None:
    waiting = task()
    controller.post(TASKS, confirmed("cancel_selected", waiting))

    history = controller.get(task_page(waiting, "history"))

    assert "olga Cancelled." in text_of(history)
