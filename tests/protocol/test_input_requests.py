"""Questions to users on the wire: before there is a task, and while it runs."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.utils import timezone
from pytest_django import Settings

from django_mcp import Endpoint, Peer, Principal
from django_mcp.asgi import Application
from django_mcp.background.recovery import recover_tasks
from django_mcp.meta_keys import IDEMPOTENCY_KEY_META_KEY, REPEATED_META_KEY
from django_mcp.models import CallRecord, ToolGroup, ToolTask, UsedRequestState
from django_mcp.policy.snapshot import forget_snapshot
from tests.background import asking_tools
from tests.background.rows import quiet, settled
from tests.keys import PATH, KeyAuthenticator
from tests.protocol.tasks import ask, ending, reached, start, state
from tests.refusals import facts
from tests.wire import TASKS, Answer, Client, serving

REMOVE = pytest.mark.parametrize("name", ["remove", "aremove"])

ADA = {"action": "accept", "content": {"name": "Ada"}}
YES = {"action": "accept", "content": {"confirm": True}}


class NamedClients(KeyAuthenticator):
    """The header `X-Client` names the client."""

    def authenticate(self, peer: Peer, endpoint: Endpoint) -> Principal | None:
        found = super().authenticate(peer, endpoint)
        return None if found is None else replace(found, client_id=peer.headers.get("x-client", ""))


@pytest.fixture
def application(transactional_db: None, settings: Settings) -> Iterator[Application]:
    """Anybody may call the tools that ask."""
    settings.DJANGO_MCP_AUTHENTICATORS = [PATH]
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
    asking_tools.runs.clear()
    with serving(asking_tools.TOOLS) as application:
        yield application
        quiet()


@pytest.fixture
def asked(modern: Client) -> Client:
    """A 2026-07-28 client that shows forms to its user."""
    return modern.with_forms()


@pytest.fixture
def tasker(modern: Client) -> Client:
    """One that takes tasks as well."""
    return modern.with_tasks().with_forms()


def call(client: Client, name: str, /, **params: Any) -> Answer:
    arguments, meta = params.pop("arguments", {}), params.pop("meta", None)
    sent = {"name": name, "arguments": arguments, **params}
    return asyncio.run(client.asend("tools/call", sent, meta=meta))


def reply(asking: Answer, *responses: Any) -> dict[str, Any]:
    """The params that answer the questions of a call."""
    result = asking.result
    assert result["resultType"] == "input_required", result
    keys = result["inputRequests"]
    return {
        "inputResponses": dict(zip(keys, responses, strict=True)),
        "requestState": result["requestState"],
    }


# Before there is a task.


@REMOVE
def test_question_comes_before_the_task(asked: Client, name: str) -> None:
    answer = call(asked, name, arguments={"name": "x"})

    (request,) = answer.result["inputRequests"].values()
    record = CallRecord.objects.get()
    assert answer.result["resultType"] == "input_required"
    assert request == {
        "method": "elicitation/create",
        "params": {
            "mode": "form",
            "message": "Who removes x?",
            "requestedSchema": {
                "type": "object",
                "properties": {
                    "name": {
                        "type": "string",
                        "minLength": 2,
                        "description": "As in the passport.",
                    },
                    "born": {"type": "string", "format": "date"},
                },
                "required": ["name"],
            },
        },
    }
    assert answer.result["_meta"]["django-mcp/call-id"] == str(record.call_id)
    assert (record.outcome, record.arguments) == ("input_required", {"name": "x"})
    assert record.task_id == ""
    assert not ToolTask.objects.exists()
    assert not Group.objects.exists()


@REMOVE
def test_call_with_the_answer_runs_the_tool(asked: Client, name: str) -> None:
    first = call(asked, name, arguments={"name": "x"})
    second = call(asked, name, arguments={"name": "x"}, **reply(first, ADA))

    task = settled()
    record = CallRecord.objects.latest()
    assert second.result["structuredContent"] == {"result": "x by Ada"}
    assert (record.outcome, record.arguments) == ("ok", {"name": "x", "by": "Ada"})
    assert record.task_id == str(task.pk)
    assert CallRecord.objects.count() == 2
    assert Group.objects.count() == (1 if name == "remove" else 0)


@REMOVE
def test_round_that_asks_leaves_the_idempotency_key_to_the_one_with_the_answer(
    asked: Client, name: str
) -> None:
    keyed = {"arguments": {"name": "x"}, "meta": {IDEMPOTENCY_KEY_META_KEY: "k-1"}}
    first = call(asked, name, **keyed)
    # The same round once more too: its state is used by then.
    answers = [call(asked, name, **keyed, **reply(first, ADA)) for _ in range(2)]
    answers.append(call(asked, name, **keyed))

    assert [each.result["structuredContent"]["result"] for each in answers] == ["x by Ada"] * 3
    repeated = [each.result["_meta"].get(REPEATED_META_KEY, False) for each in answers]
    assert repeated == [False, True, True]
    assert ToolTask.objects.count() == 1


def test_client_of_tasks_receives_one_with_the_answer(tasker: Client) -> None:
    async def scenario() -> tuple[Answer, dict[str, Any], dict[str, Any]]:
        params: dict[str, Any] = {"name": "remove", "arguments": {"name": "x"}}
        first = await tasker.asend("tools/call", params)
        handle = (await tasker.asend("tools/call", {**params, **reply(first, ADA)})).result
        return first, handle, await ending(tasker, handle["taskId"])

    first, handle, ended = asyncio.run(scenario())

    assert "taskId" not in first.result
    assert handle["resultType"] == "task"
    assert not handle.keys() & {"requestState", "inputRequests"}
    assert ended["result"]["structuredContent"] == {"result": "x by Ada"}


def test_in_a_test_s_own_thread_the_same_is_asked(asked: Client) -> None:
    params = {"name": "remove", "arguments": {"name": "x"}}
    first = asked.send("tools/call", params)
    second = asked.send("tools/call", {**params, **reply(first, ADA)})

    assert second.result["structuredContent"] == {"result": "x by Ada"}


def test_what_the_user_is_asked_for_no_agent_can_fill_in(asked: Client) -> None:
    listed = {tool["name"]: tool for tool in asked.send("tools/list").result["tools"]}
    answer = call(asked, "remove", arguments={"name": "x", "by": "the agent"})

    assert list(listed["remove"]["inputSchema"]["properties"]) == ["name"]
    assert answer.result["isError"]
    assert "by: is not known here" in answer.result["content"][0]["text"]


def test_what_the_agent_may_fill_in_is_asked_for_when_it_is_left_out(asked: Client) -> None:
    given = call(asked, "report", arguments={"day": "2026-01-31"})
    asking = call(asked, "report")
    chosen = call(
        asked, "report", **reply(asking, {"action": "accept", "content": {"day": "2026-02-28"}})
    )

    assert given.result["structuredContent"] == {"result": "2026-01-31"}
    assert chosen.result["structuredContent"] == {"result": "2026-02-28"}


def test_questions_may_follow_each_other(asked: Client) -> None:
    first = call(asked, "pair")
    second = call(asked, "pair", **reply(first, ADA))
    third = call(asked, "pair", **reply(second, {"action": "accept", "content": {"name": "Bob"}}))

    (request,) = second.result["inputRequests"].values()
    assert request["params"]["message"] == "And who but Ada?"
    assert third.result["structuredContent"] == {"result": "Ada and Bob"}


@pytest.mark.parametrize("action", ["decline", "cancel"])
def test_refusal_is_the_result_of_the_call(asked: Client, action: str) -> None:
    first = call(asked, "clear")
    second = call(asked, "clear", **reply(first, {"action": action}))

    assert second.result["isError"]
    assert "Sure?" in second.result["content"][0]["text"]
    assert not ToolTask.objects.exists()
    assert CallRecord.objects.latest().outcome == "tool_error"


def test_answer_that_does_not_fit_is_asked_for_again(asked: Client) -> None:
    first = call(asked, "remove", arguments={"name": "x"})
    second = call(
        asked,
        "remove",
        arguments={"name": "x"},
        **reply(first, {"action": "accept", "content": {"name": "A"}}),
    )

    assert not first.result["inputRequests"].keys() & second.result["inputRequests"].keys()
    (request,) = second.result["inputRequests"].values()
    assert request["params"]["message"] == (
        "Who removes x?\n\n- name: must have at least 2 characters"
    )


def test_answers_count_for_nothing_without_the_state_of_their_questions(asked: Client) -> None:
    first = call(asked, "clear")
    responses = reply(first, YES)["inputResponses"]
    second = call(asked, "clear", inputResponses=responses)

    assert second.result["resultType"] == "input_required"


def test_state_is_good_in_every_process(asked: Client) -> None:
    first = call(asked, "clear")
    with serving(asking_tools.TOOLS) as another:
        second = call(asked.having(application=another), "clear", **reply(first, YES))

    assert second.result["structuredContent"] == {"result": "cleared"}


REFUSED = {
    "code": -32602,
    "message": "Invalid or expired requestState",
    "data": {"reason": "invalid_request_state"},
}


def test_state_that_was_tampered_with_is_refused(asked: Client) -> None:
    params = reply(call(asked, "clear"), YES)
    tampered = params["requestState"][:-2] + "AA"
    answer = call(asked, "clear", **{**params, "requestState": tampered})

    assert answer.error == REFUSED


def test_state_is_good_for_its_tool_arguments_and_caller_alone(asked: Client) -> None:
    User.objects.create_user("ada")
    params = reply(call(asked, "remove", arguments={"name": "x"}), ADA)
    others = [
        call(asked, "aremove", arguments={"name": "x"}, **params),
        call(asked, "remove", arguments={"name": "y"}, **params),
        call(asked.with_key("ada"), "remove", arguments={"name": "x"}, **params),
    ]

    assert [answer.error for answer in others] == [REFUSED] * 3
    assert not ToolTask.objects.exists()


def test_state_is_good_for_its_user_alone(asked: Client) -> None:
    """Two users of the same client, at the same endpoint."""
    for name in ("alice", "bob"):
        User.objects.create_user(name)
    alice, bob = asked.with_key("alice"), asked.with_key("bob")
    params = reply(call(alice, "remove", arguments={"name": "x"}), ADA)

    assert call(bob, "remove", arguments={"name": "x"}, **params).error == REFUSED
    assert call(asked.with_key("-"), "remove", arguments={"name": "x"}, **params).error == REFUSED
    assert call(alice, "remove", arguments={"name": "x"}, **params).result["isError"] is False


def test_state_is_good_for_its_client_alone(settings: Settings, asked: Client) -> None:
    """Two clients of the same user, at the same endpoint."""
    settings.DJANGO_MCP_AUTHENTICATORS = [f"{__name__}.NamedClients"]
    User.objects.create_user("alice")
    desk, phone = [
        asked.with_key("alice").having(headers={"X-Client": n}) for n in ("desk", "phone")
    ]
    params = reply(call(desk, "remove", arguments={"name": "x"}), ADA)

    assert call(phone, "remove", arguments={"name": "x"}, **params).error == REFUSED
    assert call(desk, "remove", arguments={"name": "x"}, **params).result["isError"] is False


def test_state_is_good_for_its_endpoint_alone(settings: Settings, asked: Client) -> None:
    """Two endpoints with the same key."""
    params = reply(call(asked, "clear"), YES)
    settings.DJANGO_MCP_URL = "https://other.example/mcp"
    settings.ALLOWED_HOSTS = ["*"]
    with serving(asking_tools.TOOLS) as other:
        refused = call(asked.having(application=other), "clear", **params)

    assert refused.error == REFUSED
    assert call(asked, "clear", **params).result["isError"] is False


USED_MESSAGE = "This requestState has been used. Call again without it."
USED = {
    "code": -32602,
    "message": USED_MESSAGE,
    "data": {"reason": "invalid_request_state", **facts("invalid_arguments", USED_MESSAGE)},
}


@REMOVE
def test_state_is_used_once(asked: Client, name: str) -> None:
    params = reply(call(asked, name, arguments={"name": "x"}), ADA)
    first = call(asked, name, arguments={"name": "x"}, **params)
    again = call(asked, name, arguments={"name": "x"}, **params)

    settled()
    record = CallRecord.objects.latest()
    assert first.result["structuredContent"] == {"result": "x by Ada"}
    assert again.error == USED
    assert (record.outcome, record.error_class) == ("invalid_arguments", "RequestStateUsedError")
    assert record.task_id == ""
    assert Group.objects.count() == (1 if name == "remove" else 0)


def test_state_is_used_once_by_a_client_of_tasks(tasker: Client) -> None:
    params = reply(call(tasker, "clear"), YES)
    handle = call(tasker, "clear", **params)
    again = call(tasker, "clear", **params)

    settled()
    assert handle.result["resultType"] == "task"
    assert again.error == USED


@REMOVE
def test_state_is_used_once_in_a_test_s_own_thread(asked: Client, name: str) -> None:
    params = {"name": name, "arguments": {"name": "x"}}
    first = asked.send("tools/call", params)
    second = asked.send("tools/call", {**params, **reply(first, ADA)})
    again = asked.send("tools/call", {**params, **reply(first, ADA)})

    assert second.result["structuredContent"] == {"result": "x by Ada"}
    assert again.error == USED


@REMOVE
def test_of_two_calls_with_one_state_at_the_same_time_one_runs(asked: Client, name: str) -> None:
    params = reply(call(asked, name, arguments={"name": "x"}), ADA)
    sent = {"name": name, "arguments": {"name": "x"}, **params}

    async def scenario() -> list[Answer]:
        return await asyncio.gather(*(asked.asend("tools/call", sent) for _ in range(4)))

    answers = asyncio.run(scenario())

    settled()
    ran = [answer for answer in answers if "result" in answer.messages[-1]]
    assert [answer.result["structuredContent"] for answer in ran] == [{"result": "x by Ada"}]
    assert [answer.error for answer in answers if answer not in ran] == [USED] * 3
    assert Group.objects.count() == (1 if name == "remove" else 0)


def test_state_is_used_by_the_question_that_follows(asked: Client) -> None:
    first = call(asked, "pair")
    second = call(asked, "pair", **reply(first, ADA))
    again = call(asked, "pair", **reply(first, {"action": "accept", "content": {"name": "Eve"}}))
    third = call(asked, "pair", **reply(second, ADA))

    assert again.error == USED
    assert third.result["structuredContent"] == {"result": "Ada and Ada"}


@pytest.mark.parametrize("action", ["decline", "cancel"])
def test_state_is_used_by_a_refusal(asked: Client, action: str) -> None:
    first = call(asked, "clear")
    refused = call(asked, "clear", **reply(first, {"action": action}))
    again = call(asked, "clear", **reply(first, YES))

    assert refused.result["isError"]
    assert again.error == USED
    assert not ToolTask.objects.exists()


def test_state_is_not_used_by_a_call_that_is_refused_before(asked: Client) -> None:
    params = reply(call(asked, "clear"), YES)
    ToolGroup.objects.update_or_create(name="default", defaults={"enabled": False})
    forget_snapshot()
    refused = call(asked, "clear", **params)
    ToolGroup.objects.update(enabled=True)
    forget_snapshot()
    again = call(asked, "clear", **params)

    assert "Unknown tool" in refused.error["message"]
    assert again.result["structuredContent"] == {"result": "cleared"}


@pytest.mark.parametrize("name", ["stumbling", "astumbling"])
def test_state_is_not_used_by_a_run_that_is_rolled_back(asked: Client, name: str) -> None:
    params = reply(call(asked, name), ADA)
    failed = call(asked, name, **params)
    again = call(asked, name, **params)

    assert failed.result["isError"]
    assert again.result["structuredContent"] == {"result": "Ada"}
    assert Group.objects.count() == (1 if name == "stumbling" else 0)


def test_state_is_not_used_by_a_call_whose_task_cannot_be_kept(
    settings: Settings, asked: Client
) -> None:
    params = reply(call(asked, "remove", arguments={"name": "x"}), ADA)
    settings.DJANGO_MCP_BACKGROUND_MAX_BYTES = 1
    refused = call(asked, "remove", arguments={"name": "x"}, **params)
    groups = Group.objects.count()
    del settings.DJANGO_MCP_BACKGROUND_MAX_BYTES
    again = call(asked, "remove", arguments={"name": "x"}, **params)

    assert "must be less than 1 bytes" in refused.result["content"][0]["text"]
    assert groups == 0
    assert again.result["structuredContent"] == {"result": "x by Ada"}


def test_used_states_are_forgotten_when_they_have_expired_anyway(
    settings: Settings, asked: Client
) -> None:
    call(asked, "clear", **reply(call(asked, "clear"), YES))
    recover_tasks()
    kept = UsedRequestState.objects.count()
    UsedRequestState.objects.update(expires=timezone.now())
    recover_tasks()

    assert kept == 1
    assert not UsedRequestState.objects.exists()


def test_state_expires(settings: Settings, asked: Client) -> None:
    settings.DJANGO_MCP_ANSWER_WITHIN = 1e-6
    with serving(asking_tools.TOOLS) as hasty:
        client = asked.having(application=hasty)
        answer = call(client, "clear", **reply(call(client, "clear"), YES))

    assert answer.error == REFUSED


@pytest.mark.parametrize("capabilities", [{}, {"elicitation": {"url": {}}}])
def test_client_without_forms_is_told_what_it_lacks(
    modern: Client, capabilities: dict[str, Any]
) -> None:
    answer = call(modern.having(capabilities=capabilities), "clear")

    assert (answer.status, answer.error["code"]) == (400, -32021)
    message = "This tool has to ask the user something, and this client cannot be asked."
    hint = "Use a client of MCP 2026-07-28 that declares elicitation."
    assert answer.error["data"] == {
        "requiredCapabilities": {"elicitation": {"form": {}}},
        **facts("tool_error", message, hint=hint),
    }
    assert "declares elicitation" in answer.error["message"]
    assert CallRecord.objects.get().error_class == "UnaskableError"
    assert not ToolTask.objects.exists()


def test_client_of_an_older_revision_is_told_that_it_cannot_be_asked(legacy: Client) -> None:
    answer = call(legacy, "remove", arguments={"name": "x"})

    assert answer.result["isError"]
    assert answer.result["content"][0]["text"] == (
        "This tool has to ask the user something, and this client cannot be asked.\n"
        "Use a client of MCP 2026-07-28 that declares elicitation."
    )
    record = CallRecord.objects.get()
    assert (record.outcome, record.task_id) == ("tool_error", "")
    assert not ToolTask.objects.exists()
    assert not Group.objects.exists()


@pytest.mark.parametrize("wrong", ["type", "name"])
def test_wrong_preparation_is_our_fault(asked: Client, wrong: str) -> None:
    answer = call(asked, "misprepared", arguments={"wrong": wrong})

    record = CallRecord.objects.get()
    assert answer.result["isError"]
    assert str(record.call_id) in answer.result["content"][0]["text"]
    assert (record.outcome, record.error_class) == ("failed", "InvalidResultError")


# While the task runs.


async def questions(client: Client, task_id: str) -> dict[str, Any]:
    """The requests of a task, once it has some."""
    found = await reached(client, task_id, lambda found: found["status"] != "working")
    assert found["status"] == "input_required", found
    requests: dict[str, Any] = found["inputRequests"]
    return requests


def test_task_asks_and_goes_on_with_the_answer(tasker: Client) -> None:
    async def scenario() -> tuple[dict[str, Any], Answer, dict[str, Any]]:
        task_id = await start(tasker, "found", name="Owls")
        requests = await questions(tasker, task_id)
        responses = {**dict.fromkeys(requests, YES), "unknown": {"ignored": True}}
        answered = await ask(tasker, "tasks/update", task_id, inputResponses=responses)
        return requests, answered, await ending(tasker, task_id)

    requests, answered, ended = asyncio.run(scenario())

    (request,) = requests.values()
    assert request == {
        "method": "elicitation/create",
        "params": {
            "mode": "form",
            "message": "Keep Owls?",
            "requestedSchema": {
                "type": "object",
                "properties": {"confirm": {"type": "boolean"}},
                "required": ["confirm"],
            },
        },
    }
    assert {k: v for k, v in answered.result.items() if k != "_meta"} == {"resultType": "complete"}
    assert ended["result"]["structuredContent"] == {"result": "kept"}


def test_task_shows_what_is_still_open(tasker: Client) -> None:
    async def scenario() -> tuple[list[str], dict[str, Any], dict[str, Any]]:
        task_id = await start(tasker, "marry")
        one, other = await questions(tasker, task_id)
        await ask(tasker, "tasks/update", task_id, inputResponses={one: ADA})
        rest = await state(tasker, task_id)
        await ask(tasker, "tasks/update", task_id, inputResponses={one: YES, other: ADA})
        return [other], rest, await ending(tasker, task_id)

    keys, rest, ended = asyncio.run(scenario())

    assert (rest["status"], list(rest["inputRequests"])) == ("input_required", keys)
    assert ended["result"]["structuredContent"] == {"result": "Ada and Ada"}


@pytest.mark.parametrize("response", [{}, {"action": "agree"}, "yes", None])
def test_what_is_no_answer_is_refused(tasker: Client, response: Any) -> None:
    async def scenario() -> tuple[Answer, str]:
        task_id = await start(tasker, "found", name="Owls")
        (key,) = await questions(tasker, task_id)
        refused = await ask(tasker, "tasks/update", task_id, inputResponses={key: response})
        return refused, (await state(tasker, task_id))["status"]

    refused, status = asyncio.run(scenario())

    assert refused.error["code"] == -32602
    assert status == "input_required"


def test_nobody_answers_for_somebody_else(tasker: Client) -> None:
    User.objects.create_user("ada")

    async def scenario() -> tuple[Answer, Answer, str]:
        task_id = await start(tasker, "found", name="Owls")
        (key,) = await questions(tasker, task_id)
        eve = tasker.with_key("ada")
        foreign = await ask(eve, "tasks/update", task_id, inputResponses={key: YES})
        missing = await ask(
            eve,
            "tasks/update",
            "00000000-0000-4000-8000-000000000000",
            inputResponses={key: YES},
        )
        return foreign, missing, (await state(tasker, task_id))["status"]

    foreign, missing, status = asyncio.run(scenario())

    assert foreign.error == missing.error
    assert status == "input_required"


def test_cancelled_task_takes_no_answer(tasker: Client) -> None:
    async def scenario() -> tuple[Answer, dict[str, Any]]:
        task_id = await start(tasker, "found", name="Owls")
        (key,) = await questions(tasker, task_id)
        await ask(tasker, "tasks/cancel", task_id)
        late = await ask(tasker, "tasks/update", task_id, inputResponses={key: YES})
        return late, await state(tasker, task_id)

    late, found = asyncio.run(scenario())

    assert late.result["resultType"] == "complete"
    assert found["status"] == "cancelled"
    assert "inputRequests" not in found
    assert not Group.objects.exists()


def test_task_of_a_client_without_forms_ends_with_what_it_lacks(modern: Client) -> None:
    client = modern.with_tasks()

    async def scenario() -> dict[str, Any]:
        return await ending(client, await start(client, "found", name="Owls"))

    ended = asyncio.run(scenario())

    assert ended["status"] == "completed"
    assert ended["result"]["isError"]
    assert "cannot be asked" in ended["result"]["content"][0]["text"]
    assert not Group.objects.exists()


def test_client_without_tasks_cannot_be_asked_by_a_running_tool(asked: Client) -> None:
    answer = call(asked, "found", arguments={"name": "Owls"})

    assert answer.error["code"] == -32021
    assert answer.error["data"]["requiredCapabilities"] == {
        "elicitation": {"form": {}},
        "extensions": {TASKS: {}},
    }
    assert answer.error["data"]["django-mcp/error"]["kind"] == CallRecord.objects.get().outcome
    assert settled().status == "completed"
    assert not Group.objects.exists()


def test_client_of_an_older_revision_cannot_be_asked_by_a_running_tool(legacy: Client) -> None:
    answer = call(legacy, "found", arguments={"name": "Owls"})

    assert answer.result["isError"]
    assert "io.modelcontextprotocol/tasks" in answer.result["content"][0]["text"]
    assert settled().status == "completed"
    assert not Group.objects.exists()
