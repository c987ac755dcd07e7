"""Requests about tasks: who may send them, how they must look, and what they do."""

import asyncio
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_mcp.models import CallRecord, ToolTask
from tests.background.rows import settled
from tests.latch import Latch
from tests.protocol.tasks import ask, ending, start, state
from tests.wire import TASKS, Answer, Client

METHODS = ("tasks/get", "tasks/cancel", "tasks/update")
EVERY_METHOD = pytest.mark.parametrize("method", METHODS)
NOBODYS = "0b5b7c1e-3f52-4c1b-9d0e-5a3c8f6f2d11"
UNKNOWN = {"code": -32602, "message": "Unknown task"}


@pytest.fixture
def tasker(modern: Client) -> Client:
    return modern.with_tasks()


async def about(client: Client, method: str, task_id: str) -> Answer:
    params: dict[str, Any] = {"inputResponses": {}} if method == "tasks/update" else {}
    return await ask(client, method, task_id, **params)


@EVERY_METHOD
def test_client_that_does_not_declare_the_extension_is_told_to(modern: Client, method: str) -> None:
    answer = asyncio.run(about(modern, method, NOBODYS))

    assert answer.status == 400
    assert answer.error["code"] == -32021
    assert answer.error["data"] == {"requiredCapabilities": {"extensions": {TASKS: {}}}}


@EVERY_METHOD
def test_older_clients_have_no_such_method(legacy: Client, method: str) -> None:
    answer = asyncio.run(about(legacy.with_tasks(), method, NOBODYS))

    assert answer.error["code"] == -32601


@pytest.mark.parametrize("method", ["tasks/list", "tasks/result"])
def test_methods_of_the_older_tasks_do_not_exist(tasker: Client, method: str) -> None:
    answer = asyncio.run(ask(tasker, method, NOBODYS))

    assert (answer.status, answer.error["code"]) == (404, -32601)


@EVERY_METHOD
@pytest.mark.parametrize("name", ["some-other-id", "", None])
def test_header_must_name_the_task(tasker: Client, method: str, name: str | None) -> None:
    params = {"taskId": NOBODYS, "inputResponses": {}}
    answer = asyncio.run(tasker.asend(method, params, headers={"Mcp-Name": name}))

    assert (answer.status, answer.error["code"]) == (400, -32020)


@EVERY_METHOD
@pytest.mark.parametrize(
    "task_id", [NOBODYS, "nope", "", NOBODYS.replace("-", ""), f"{{{NOBODYS}}}"]
)
def test_id_of_no_task_is_unknown(tasker: Client, method: str, task_id: str) -> None:
    answer = asyncio.run(about(tasker, method, task_id))

    assert (answer.status, answer.error) == (400, UNKNOWN)


@EVERY_METHOD
def test_task_of_somebody_else_cannot_be_told_from_none(
    tasker: Client, latch: Latch, method: str
) -> None:
    for name in ("alice", "bob"):
        User.objects.create_user(name)

    async def scenario() -> list[Answer]:
        task_id = await start(tasker.with_key("alice"), "work", to=1)
        await latch.arrival()
        strangers = (tasker.with_key("bob"), tasker.with_key("-"), tasker)
        foreign = [await about(each, method, task_id) for each in strangers]
        missing = [await about(each, method, NOBODYS) for each in strangers]
        latch.open()
        assert (await ending(tasker.with_key("alice"), task_id))["status"] == "completed"
        return [*foreign, *missing]

    answers = asyncio.run(scenario())

    settled()
    assert [(answer.status, answer.error) for answer in answers] == [(400, UNKNOWN)] * 6
    assert CallRecord.objects.count() == 1


@pytest.mark.implementation
@pytest.mark.parametrize("is_foreign", [False, True])
def test_request_costs_one_query_whether_the_task_is_ones_own_foreign_or_none(
    tasker: Client, is_foreign: bool
) -> None:
    async def scenario() -> str:
        task_id = await start(tasker, "describe", name="Ada")
        await ending(tasker, task_id)
        return task_id

    task_id = asyncio.run(scenario())
    settled()
    if is_foreign:
        ToolTask.objects.update(user="4711")
    requests = [task_id, NOBODYS]
    counts = []
    for each in requests:
        with CaptureQueriesContext(connection) as queries:
            sent, body = tasker.request("tasks/get", {"taskId": each})
            tasker.post(body, headers=sent)
        counts.append(len(queries))

    assert counts == [1, 1]


def test_running_tool_is_told_that_its_task_was_cancelled(tasker: Client, latch: Latch) -> None:
    async def scenario() -> tuple[dict[str, Any], dict[str, Any]]:
        task_id = await start(tasker, "work_until_cancelled")
        await latch.arrival()
        acknowledged = (await ask(tasker, "tasks/cancel", task_id)).result
        return acknowledged, await ending(tasker, task_id)

    acknowledged, ended = asyncio.run(scenario())

    settled()
    assert {key for key in acknowledged if key != "_meta"} == {"resultType"}
    assert acknowledged["resultType"] == "complete"
    assert (ended["status"], ended["statusMessage"]) == ("cancelled", "The call was cancelled.")
    assert CallRecord.objects.get().outcome == "cancelled"


def test_task_that_has_ended_stays_as_it_is_when_cancelled(tasker: Client) -> None:
    async def scenario() -> tuple[dict[str, Any], dict[str, Any], Answer]:
        task_id = await start(tasker, "describe", name="Ada")
        before = await ending(tasker, task_id)
        answer = await ask(tasker, "tasks/cancel", task_id)
        return before, await state(tasker, task_id), answer

    before, after, answer = asyncio.run(scenario())

    assert answer.result["resultType"] == "complete"
    assert after == before


def test_answers_to_what_a_task_does_not_ask_are_ignored(tasker: Client, latch: Latch) -> None:
    async def scenario() -> tuple[Answer, dict[str, Any]]:
        task_id = await start(tasker, "work", to=1)
        await latch.arrival()
        answer = await ask(
            tasker, "tasks/update", task_id, inputResponses={"nope": {"action": "accept"}}
        )
        working = await state(tasker, task_id)
        latch.open()
        await ending(tasker, task_id)
        return answer, working

    answer, working = asyncio.run(scenario())

    settled()
    assert {key for key in answer.result if key != "_meta"} == {"resultType"}
    assert working["status"] == "working"


@pytest.mark.parametrize("responses", [None, [], "yes"])
def test_update_without_an_object_of_answers_is_invalid(tasker: Client, responses: Any) -> None:
    answer = asyncio.run(ask(tasker, "tasks/update", NOBODYS, inputResponses=responses))

    assert (answer.status, answer.error["code"]) == (400, -32602)
