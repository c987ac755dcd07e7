"""Answers to the questions of tasks: into the row, and the task on its way again."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django_mcp.background.encryption import seal, unseal
from django_mcp.background.submit import hand_over
from django_mcp.conf import settings
from django_mcp.exceptions import InvalidAnswersError, Question
from django_mcp.models import ToolTask
from django_mcp.threads.notifications import publish

ACTIONS = ("accept", "decline", "cancel")


def written_questions(questions: Mapping[str, Question]) -> str:
    """Questions as text."""
    return json.dumps({key: asdict(question) for key, question in questions.items()})


def open_questions(task: ToolTask) -> dict[str, Question]:
    """What a task waits for, by the keys that answers must have; empty unless it waits."""
    stored = json.loads(task.questions or "{}")
    return {key: Question(**question) for key, question in stored.items()}


def answer(key: UUID, responses: Mapping[str, Any]) -> None:
    """Take the answers to what a task asks, as MCP's `ElicitResult` has them.

    Once there is one to every question the task is queued again; the tool's function judges them
    when it is run, and asks again for those that it cannot use. What is no open question, or none
    any more, is ignored. Raises `InvalidAnswersError`, and takes nothing then. Call it from a
    thread that may wait some seconds.
    """
    while True:
        task = ToolTask.objects.filter(pk=key, status=ToolTask.Status.INPUT_REQUIRED).first()
        if task is None:
            return
        questions = open_questions(task)
        taken = {name: _read(responses[name]) for name in questions if name in responses}
        if not taken:
            return
        rest = {name: question for name, question in questions.items() if name not in taken}
        answers = seal({**unseal(task.answers), **taken})
        if len(answers) > settings.BACKGROUND_MAX_BYTES:
            raise InvalidAnswersError(
                f"The answers are larger than {settings.BACKGROUND_MAX_BYTES} bytes."
            )
        # Otherwise somebody else has answered between the two statements: look again.
        if ToolTask.objects.answer(
            task, questions=written_questions(rest) if rest else "", answers=answers
        ):
            break
    if not rest:
        hand_over(task)
    publish(key)


def _read(response: Any) -> dict[str, Any]:
    """An answer as it is kept."""
    action = response.get("action") if isinstance(response, Mapping) else None
    if action not in ACTIONS:
        raise InvalidAnswersError(f"An answer must have one of the actions {', '.join(ACTIONS)}.")
    content = response.get("content") or {}
    if not isinstance(content, Mapping):
        raise InvalidAnswersError("The content of an answer must be an object.")
    return (
        {"action": action, "content": dict(content)} if action == "accept" else {"action": action}
    )
