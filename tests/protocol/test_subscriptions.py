"""`subscriptions/listen`: the states of tasks, pushed."""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User

from django_mcp.models import ToolTask
from django_mcp.threads.executors import run_in_control
from tests.background.rows import quiet, settled
from tests.latch import Latch
from tests.protocol.tasks import ask, ending, start, state
from tests.wire import Answer, Client

SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId"


@pytest.fixture
def tasker(modern: Client) -> Client:
    return modern.with_tasks()


async def listen(client: Client, **notifications: Any) -> Answer:
    """The whole stream, when the server ends it."""
    return await client.asend("subscriptions/listen", {"notifications": notifications})


def acknowledged(message: Mapping[str, Any]) -> dict[str, Any]:
    assert message["method"] == "notifications/subscriptions/acknowledged"
    assert message["params"]["_meta"] == {SUBSCRIPTION: 1}
    honored: dict[str, Any] = message["params"]["notifications"]
    return honored


def told(message: Mapping[str, Any]) -> dict[str, Any]:
    """The state of a task in a message of the stream."""
    assert message["method"] == "notifications/tasks"
    assert message["params"]["_meta"] == {SUBSCRIPTION: 1}
    return {key: value for key, value in message["params"].items() if key != "_meta"}


def test_client_hears_of_a_task_until_it_has_ended(tasker: Client, latch: Latch) -> None:
    async def scenario() -> tuple[str, Answer, dict[str, Any]]:
        task_id = await start(tasker, "work", to=3)
        await latch.arrival()
        wanted = {"notifications": {"taskIds": [task_id]}}
        async with tasker.sending("subscriptions/listen", wanted) as opened:
            await opened.arrival(2)
            latch.open()
            answer = await opened.answer()
        return task_id, answer, await state(tasker, task_id)

    task_id, answer, asked_for = asyncio.run(scenario())

    settled()
    first, *news, result = answer.messages
    assert acknowledged(first) == {"taskIds": [task_id]}
    assert told(news[0])["status"] == "working"
    assert told(news[-1]) == {
        key: value for key, value in asked_for.items() if key not in ("resultType", "_meta")
    }
    assert asked_for["status"] == "completed"
    assert [told(each)["status"] for each in news].count("completed") == 1
    assert result["result"]["resultType"] == "complete"
    assert result["result"]["_meta"][SUBSCRIPTION] == 1


def test_client_hears_of_what_another_process_does(tasker: Client, latch: Latch) -> None:
    """What wakes waiters inside this process is not called when only the row changes."""

    async def scenario() -> Answer:
        task_id = await start(tasker, "work", to=1)
        await latch.arrival()
        wanted = {"notifications": {"taskIds": [task_id]}}
        async with tasker.sending("subscriptions/listen", wanted) as opened:
            await opened.arrival(2)
            await run_in_control(
                ToolTask.objects.all().end,
                ToolTask.Status.FAILED,
                error='{"class": "TaskLostError"}',
            )
            answer = await opened.answer()
        latch.open()
        return answer

    answer = asyncio.run(scenario())

    quiet()
    ended = told(answer.messages[-2])
    assert ended["status"] == "failed"
    assert "outcome unknown" in ended["error"]["message"]


def test_task_that_has_ended_is_told_of_once(tasker: Client) -> None:
    async def scenario() -> tuple[Answer, str]:
        task_id = await start(tasker, "describe", name="Ada")
        await ending(tasker, task_id)
        return await listen(tasker, taskIds=[task_id]), task_id

    answer, task_id = asyncio.run(scenario())

    first, news, result = answer.messages
    assert acknowledged(first) == {"taskIds": [task_id]}
    assert told(news)["result"]["structuredContent"] == {"name": "Ada", "nickname": None}
    assert "result" in result


def test_several_tasks_are_told_of_on_one_stream(tasker: Client, latch: Latch) -> None:
    async def scenario() -> tuple[set[str], Answer]:
        task_ids = {await start(tasker, "work", to=1) for _ in range(3)}
        for _ in task_ids:
            await latch.arrival()
        wanted = {"notifications": {"taskIds": sorted(task_ids)}}
        async with tasker.sending("subscriptions/listen", wanted) as opened:
            await opened.arrival(4)
            latch.open()
            return task_ids, await opened.answer()

    task_ids, answer = asyncio.run(scenario())

    states = [told(message) for message in answer.messages[1:-1]]
    ended = [each["taskId"] for each in states if each["status"] == "completed"]
    assert sorted(ended) == sorted(task_ids)


def test_only_tasks_of_ones_own_are_acknowledged(tasker: Client) -> None:
    for name in ("alice", "bob"):
        User.objects.create_user(name)
    alice, bob = tasker.with_key("alice"), tasker.with_key("bob")

    async def scenario() -> tuple[str, Answer]:
        hers, his = [await start(each, "describe", name="x") for each in (alice, bob)]
        await ending(alice, hers)
        await ending(bob, his)
        wanted = [hers, his, str(uuid4()), "nope", 7, hers]
        return hers, await listen(alice, taskIds=wanted)

    hers, answer = asyncio.run(scenario())

    assert acknowledged(answer.messages[0]) == {"taskIds": [hers]}
    assert [told(each)["taskId"] for each in answer.messages[1:-1]] == [hers]


@pytest.mark.parametrize(
    "notifications",
    [
        {},
        {"toolsListChanged": True},
        {"taskIds": []},
        {"taskIds": "nope"},
        {"taskIds": None},
        {"taskIds": 5},
    ],
)
def test_stream_with_nothing_to_tell_is_acknowledged_and_ended(
    modern: Client, notifications: dict[str, Any]
) -> None:
    first, result = asyncio.run(listen(modern, **notifications)).messages

    assert acknowledged(first) == {}
    assert result["result"]["resultType"] == "complete"


def test_client_that_does_not_declare_the_extension_hears_of_no_task(modern: Client) -> None:
    answer = asyncio.run(listen(modern, taskIds=[str(uuid4())]))

    assert answer.status == 400
    assert answer.error["code"] == -32021


def test_older_clients_cannot_listen(legacy: Client) -> None:
    assert asyncio.run(listen(legacy, taskIds=[str(uuid4())])).error["code"] == -32601


def test_listener_that_leaves_does_not_end_the_task(tasker: Client, latch: Latch) -> None:
    async def scenario() -> dict[str, Any]:
        task_id = await start(tasker, "work", to=1)
        await latch.arrival()
        wanted = {"notifications": {"taskIds": [task_id]}}
        async with tasker.sending("subscriptions/listen", wanted) as opened:
            await opened.arrival(2)
        latch.open()
        return await ending(tasker, task_id)

    assert asyncio.run(scenario())["status"] == "completed"


def test_cancelled_task_is_told_of(tasker: Client, latch: Latch) -> None:
    async def scenario() -> Answer:
        task_id = await start(tasker, "work_until_cancelled")
        await latch.arrival()
        wanted = {"notifications": {"taskIds": [task_id]}}
        async with tasker.sending("subscriptions/listen", wanted) as opened:
            await opened.arrival(2)
            await ask(tasker, "tasks/cancel", task_id)
            return await opened.answer()

    answer = asyncio.run(scenario())

    settled()
    assert told(answer.messages[-2])["status"] == "cancelled"
