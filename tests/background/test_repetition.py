"""A task that ended without a result, called again in the name of its caller."""

import asyncio
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from django_mcp import tool
from django_mcp.dispatch import call_again
from django_mcp.exceptions import BusyError, MissingScopeError, RevokedError, UnknownToolError
from django_mcp.models import CallRecord, ToolTask
from django_mcp.primitives.declaration import collecting
from tests.background import backends
from tests.background.rows import quiet, settled
from tests.guards import examples
from tests.keys import PATH
from tests.polls import until
from tests.wire import Client, serving

with collecting() as TOOLS:

    @tool(background=True, scopes=["greet"])
    def greet(owner: User, name: str) -> str:
        """Greet somebody, but strangers only the second time."""
        if ToolTask.objects.count() == 1:
            raise LookupError(name)
        return f"{owner.get_username()} greets {name}"


@pytest.fixture
def failed(transactional_db: None, settings: Settings) -> Iterator[ToolTask]:
    """The task of a call of ada's, which failed."""
    settings.DJANGO_MCP_AUTHENTICATORS = [PATH]
    User.objects.create_user("ada")
    with serving(TOOLS) as application:
        client = Client(application=application).with_key("ada greet other")
        asyncio.run(client.acall("greet", name="Ben"))
        task = settled()
        assert task.status == ToolTask.Status.FAILED
        yield task
        quiet()  # what it starts anew writes no record during the next test


def test_repetition_is_a_call_of_its_own_for_the_same_caller(failed: ToolTask) -> None:
    key = call_again(failed)
    assert key is not None

    until(lambda: ToolTask.objects.get(pk=key).is_recorded)
    task = ToolTask.objects.get(pk=key)
    record = CallRecord.objects.get(call_id=task.call_id)
    assert (task.status, task.arguments, task.scopes) == (
        "completed",
        failed.arguments,
        "greet other",
    )
    assert "ada greets Ben" in task.result
    assert (record.outcome, record.task_id, record.username) == ("ok", str(key), "ada")
    # Nobody sent a request for it.
    assert (record.address, record.traceparent) == ("", "")
    failed.refresh_from_db()
    assert failed.status == ToolTask.Status.FAILED
    assert CallRecord.objects.get(call_id=failed.call_id).outcome == "failed"


def test_repetition_can_ask_nobody(failed: ToolTask) -> None:
    ToolTask.objects.update(is_askable=True)
    failed.refresh_from_db()

    key = call_again(failed)
    assert key is not None

    assert ToolTask.objects.get(pk=key).is_askable is False


def test_operators_repeat_calls_of_those_who_have_as_many_tasks_as_they_may(
    failed: ToolTask, settings: Settings
) -> None:
    settings.DJANGO_MCP_MAX_TASKS_PER_CALLER = 1
    settings.DJANGO_MCP_BACKGROUND_BACKEND = backends.PATH

    keys = [call_again(failed) for _ in range(3)]

    again = ToolTask.objects.unended()
    assert set(again.values_list("pk", flat=True)) == {*keys}
    again.delete()  # no worker comes for them


def test_caller_who_may_not_call_any_more_is_not_spoken_for(failed: ToolTask) -> None:
    User.objects.update(is_active=False)

    with pytest.raises(RevokedError):
        call_again(failed)

    assert ToolTask.objects.get() == failed
    assert CallRecord.objects.count() == 1


def test_repetition_lacks_the_scopes_that_its_call_lacked(failed: ToolTask) -> None:
    failed.scopes = "other"

    with pytest.raises(MissingScopeError):
        call_again(failed)

    record = CallRecord.objects.latest()
    assert ToolTask.objects.get() == failed
    assert (record.outcome, record.task_id) == ("missing_scope", "")


def test_tool_that_is_gone_is_unknown(failed: ToolTask) -> None:
    with serving([]), pytest.raises(UnknownToolError):
        call_again(failed)

    record = CallRecord.objects.latest()
    assert ToolTask.objects.get() == failed
    assert (record.outcome, record.task_id) == ("unknown_tool", "")


def test_guard_that_answers_leaves_no_task(failed: ToolTask, settings: Settings) -> None:
    settings.DJANGO_MCP_GUARDS = [f"{examples.HERE}.Cache"]

    assert call_again(failed) is None

    record = CallRecord.objects.latest()
    assert ToolTask.objects.get() == failed
    assert (record.outcome, record.task_id) == ("ok", "")


def test_guard_that_would_have_the_call_wait_refuses_it_as_busy(
    failed: ToolTask, settings: Settings
) -> None:
    settings.DJANGO_MCP_GUARDS = [f"{examples.HERE}.Waiting"]

    with pytest.raises(BusyError):
        call_again(failed)

    record = CallRecord.objects.latest()
    assert ToolTask.objects.get() == failed
    assert (record.outcome, record.task_id) == ("busy", "")
