"""What a background tool asks while it runs: its task waits for the answer, no worker does."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from threading import Barrier, Thread
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connections
from pytest_django import Settings

from django_mcp.background.cancellation import cancel
from django_mcp.background.input import accept_responses
from django_mcp.background.recovery import recover_tasks
from django_mcp.exceptions import (
    ElicitationRequest,
    InvalidInputResponsesError,
    RecordUnavailableError,
    TaskCancelledError,
    TaskUnansweredError,
    ToolError,
    ToolFailedError,
)
from django_mcp.models import CallRecord, ToolTask
from django_mcp.threads.executors import run_in_control
from tests.background import asking_tools
from tests.background.conversations import (
    CANCEL,
    DECLINE,
    Responses,
    accept,
    all_with,
    converse,
    interrupt,
)
from tests.background.rows import settled
from tests.calls import call_of, caller, serve, serve_call, serving_declared

YES = accept(confirm=True)
FOUND = pytest.mark.parametrize("name", ["found", "afound"])
MARRY = pytest.mark.parametrize("name", ["marry", "amarry"])


@pytest.fixture(autouse=True)
def offered(transactional_db: None) -> Iterator[None]:
    asking_tools.runs.clear()
    with serving_declared(asking_tools.TOOLS):
        yield


@FOUND
def test_tool_goes_on_with_the_answer(name: str) -> None:
    result = converse(name, all_with(YES), name="Owls")

    task = settled()
    record = CallRecord.objects.get()
    assert result.structured == {"result": "kept"}
    assert (task.status, task.attempts, task.suspensions) == ("completed", 2, 1)
    assert (task.input_requests, task.input_responses) == ("", "")
    assert (record.outcome, record.task_id) == ("ok", str(task.pk))


def test_what_a_tool_did_before_it_asked_is_undone() -> None:
    groups = []

    def look(task: ToolTask) -> None:
        groups.append(Group.objects.count())
        accept_responses(task.pk, dict.fromkeys(json.loads(task.input_requests), YES))

    interrupt("found", look, name="Owls")

    assert (groups, Group.objects.count()) == ([0], 1)


def test_question_is_a_message_with_a_flat_form() -> None:
    asked = {}

    def respond(questions: Mapping[str, ElicitationRequest]) -> Responses:
        asked.update({question.message: question.form for question in questions.values()})
        return dict.fromkeys(questions, accept(name="Ada", born="1815-12-10"))

    converse("marry", respond)

    form = {
        "type": "object",
        "properties": {
            "name": {"type": "string", "minLength": 2, "description": "As in the passport."},
            "born": {"type": "string", "format": "date"},
        },
        "required": ["name"],
    }
    assert asked == {"Who?": form, "And who?": form}


@MARRY
def test_tool_waits_until_every_question_is_answered(name: str) -> None:
    asked = []

    def respond(questions: Mapping[str, ElicitationRequest]) -> Responses:
        asked.append({question.message: key for key, question in questions.items()})
        first = next(key for key, question in questions.items())
        return {first: accept(name=f"Person {len(asked)}"), "unknown": {"ignored": True}}

    result = converse(name, respond, respond)

    assert [list(each) for each in asked] == [["Who?", "And who?"], ["And who?"]]
    assert asked[1].items() <= asked[0].items()
    assert result.structured == {"result": "Person 1 and Person 2"}
    assert settled().attempts == 2


def test_answers_that_arrive_at_the_same_time_all_count() -> None:
    barrier = Barrier(2)

    def respond(task: ToolTask, key: str, name: str) -> None:
        barrier.wait()
        accept_responses(task.pk, {key: accept(name=name)})
        connections.close_all()

    def both(task: ToolTask) -> None:
        one, other = json.loads(task.input_requests)
        threads = [
            Thread(target=respond, args=(task, one, "Ada")),
            Thread(target=respond, args=(task, other, "Bob")),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    result = interrupt("marry", both)

    assert result.structured == {"result": "Ada and Bob"}


def test_first_answer_to_a_question_stays() -> None:
    def twice(task: ToolTask) -> None:
        one, other = json.loads(task.input_requests)
        accept_responses(task.pk, {one: accept(name="Ada")})
        accept_responses(task.pk, {one: accept(name="Eve")})
        accept_responses(task.pk, {other: accept(name="Bob"), one: accept(name="Eve")})

    result = interrupt("marry", twice)

    assert result.structured == {"result": "Ada and Bob"}


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (DECLINE, "The user declined to answer: Keep Owls?"),
        (CANCEL, "The user dismissed the question: Keep Owls?"),
    ],
)
@FOUND
def test_refusal_ends_the_call_and_says_so(name: str, response: Responses, message: str) -> None:
    with pytest.raises(ToolError) as caught:
        converse(name, all_with(response), name="Owls")

    assert caught.value.message == message
    assert settled().status == "completed"
    assert CallRecord.objects.get().outcome == "tool_error"
    assert not Group.objects.exists()


def test_tool_may_take_a_refusal_for_an_answer_and_ask_the_same_again() -> None:
    result = converse("insist", all_with(DECLINE), all_with(YES))

    assert result.structured == {"result": "no True"}


def test_unusable_answer_is_asked_for_again_as_another_question() -> None:
    asked: list[tuple[str, str]] = []

    def respond(questions: Mapping[str, ElicitationRequest]) -> Responses:
        ((key, question),) = questions.items()
        asked.append((key, question.message))
        contents: list[dict[str, Any]] = [{"first": "x"}, {"first": 2, "last": 1}]
        contents += [{"first": 1, "last": 2.0, "more": "ignored"}]
        return {key: accept(**contents[len(asked) - 1])}

    result = converse("plan", respond, respond, respond)

    keys, messages = zip(*asked, strict=True)
    assert result.structured == {"result": [1, 2]}
    assert len(set(keys)) == 3
    assert messages[0] == "From when to when?"
    assert messages[1].startswith("From when to when?\n\n- first: must be an integer\n- last: is")
    assert "the last must not be before the first" in messages[2]


@pytest.mark.parametrize(
    "response", [{}, {"action": "agree"}, {"action": "accept", "content": [1]}, "yes", None]
)
def test_what_is_no_answer_is_refused_and_nothing_of_it_taken(response: Any) -> None:
    def both(task: ToolTask) -> None:
        one, other = json.loads(task.input_requests)
        with pytest.raises(InvalidInputResponsesError):
            accept_responses(task.pk, {one: accept(name="Eve"), other: response})
        accept_responses(task.pk, {one: accept(name="Ada"), other: accept(name="Bob")})

    result = interrupt("marry", both)

    assert result.structured == {"result": "Ada and Bob"}


def test_answers_larger_than_a_row_may_hold_are_refused(settings: Settings) -> None:
    settings.DJANGO_MCP_BACKGROUND_MAX_BYTES = 1000

    def both(task: ToolTask) -> None:
        one, other = json.loads(task.input_requests)
        with pytest.raises(InvalidInputResponsesError):
            accept_responses(task.pk, {one: accept(name="E" * 1000), other: accept(name="Bob")})
        accept_responses(task.pk, {one: accept(name="Ada"), other: accept(name="Bob")})

    result = interrupt("marry", both)

    assert result.structured == {"result": "Ada and Bob"}


def test_consent_is_never_taken_for_another_question() -> None:
    asked: list[str] = []

    def respond(questions: Mapping[str, ElicitationRequest]) -> Responses:
        asked.extend(question.message for question in questions.values())
        return dict.fromkeys(questions, YES)

    result = converse("waver", respond, respond, respond)

    assert asked == ["Delete number 1?", "Delete number 2?", "Delete number 3?"]
    assert result.structured == {"result": "number 3: True"}


@pytest.mark.implementation
def test_tool_that_finds_ever_new_questions_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django_mcp.calls.elicitation.MAX_REQUESTS", 2)

    with pytest.raises(ToolFailedError):
        converse("pester", all_with(YES), all_with(YES))

    assert CallRecord.objects.get().error_class == "TooManyElicitationsError"


def test_tool_cannot_run_on_without_its_answer() -> None:
    result = converse("swallow", all_with(YES))

    assert result.structured == {"result": "True"}


def test_asking_takes_nothing_from_the_retries() -> None:
    result = converse("stumble", all_with(YES), all_with(YES))

    task = settled()
    assert result.structured == {"result": "done"}
    assert (task.attempts, task.suspensions, task.tries) == (4, 2, 2)


@pytest.mark.parametrize(("name", "error"), [("demand", "TypeError"), ("ramble", "ValueError")])
def test_question_that_no_client_can_show_is_the_author_s_mistake(name: str, error: str) -> None:
    with pytest.raises(ToolFailedError):
        converse(name)

    assert CallRecord.objects.get().error_class == error


def test_answers_are_encrypted_in_the_row() -> None:
    rows: list[Any] = []

    def one_by_one(task: ToolTask) -> None:
        one, other = json.loads(task.input_requests)
        accept_responses(task.pk, {one: accept(name=asking_tools.SECRET)})
        rows.extend(ToolTask.objects.filter(pk=task.pk).values())
        accept_responses(task.pk, {other: accept(name="Bob")})

    result = interrupt("marry", one_by_one)

    assert result.structured == {"result": f"{asking_tools.SECRET} and Bob"}
    assert rows[0]["input_responses"]
    assert asking_tools.SECRET not in str(rows[0])


def test_cancelled_task_never_goes_on() -> None:
    def cancel_first(task: ToolTask) -> None:
        cancel(task.pk)
        accept_responses(task.pk, dict.fromkeys(json.loads(task.input_requests), YES))

    with pytest.raises(TaskCancelledError):
        interrupt("found", cancel_first, name="Owls")

    task = settled()
    assert (task.status, task.attempts) == ("cancelled", 1)
    assert CallRecord.objects.get().outcome == "cancelled"
    assert not Group.objects.exists()


def test_task_that_is_cancelled_before_it_asks_never_asks() -> None:
    async def scenario() -> None:
        context = call_of("linger", is_askable=True, takes_task=True)
        call = asyncio.create_task(serve_call(context))
        assert await asking_tools.latch.arrival() == "linger"
        assert context.task_id is not None
        await run_in_control(cancel, context.task_id)
        asking_tools.latch.open()
        await call

    with asking_tools.latch.closed(), pytest.raises(TaskCancelledError):
        asyncio.run(scenario())

    task = settled()
    assert (task.status, task.suspensions) == ("cancelled", 0)


def test_task_that_nobody_answers_is_given_up_in_time(settings: Settings) -> None:
    def let_time_pass(task: ToolTask) -> None:
        assert recover_tasks().ended == 0
        settings.DJANGO_MCP_ANSWER_WITHIN = 0.001
        assert recover_tasks().ended == 1

    with pytest.raises(TaskUnansweredError):
        interrupt("found", let_time_pass, name="Owls")

    assert settled().status == "failed"
    assert CallRecord.objects.get().outcome == "cancelled"


def test_what_cannot_be_recorded_is_not_prepared_either() -> None:
    unrecordable: Any = 5
    principal = caller(client_id=unrecordable)

    with pytest.raises(RecordUnavailableError):
        serve(call_of("remove", principal=principal, arguments={"name": "x"}))

    assert asking_tools.runs == []
