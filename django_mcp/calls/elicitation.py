"""The questions of one run of a function: what was answered before, and what is still open.

A function that asks is run again from its beginning with every answer there is, until nothing is
open. Each answer belongs to the very question that was asked: another message, another form or a
second time are another question, so no consent is ever taken for something else.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pydantic import BaseModel

from django_mcp.calls.call import Call
from django_mcp.exceptions import (
    ElicitationCancelledError,
    ElicitationDeclinedError,
    InputRequiredError,
    Question,
    UnaskableError,
)
from django_mcp.schemas.input.forms import form_of, read_form

MAX_ANSWERS = 100
"""How often one call may ask: a function that finds ever new questions must end too."""

MAX_MESSAGE = 10_000
"""Characters of one message."""

KEY_LENGTH = 24

Answer = Mapping[str, Any]
"""An `action` of MCP elicitation, and the `content` of one that is `accept`."""


class SuspendedError(BaseException):
    """Leaves a function that waits for answers; no `Exception`, so that nobody stops it."""

    def __init__(self, questions: Mapping[str, Question]) -> None:
        self.questions = dict(questions)
        super().__init__("waits for answers")


class TooManyQuestionsError(Exception):
    """A function asks and asks: do the words of its questions change from run to run?"""


class Questions:
    """The questions of one run, and so its `Asker`. `answers` are all that were given so far."""

    def __init__(self, answers: Mapping[str, Answer], *, unaskable: UnaskableError | None) -> None:
        self._answers = answers
        self._open: dict[str, Question] = {}
        self._unaskable = unaskable
        self._asked: Counter[str] = Counter()

    @contextmanager
    def of(self, call: Call) -> Iterator[None]:
        """Let what runs inside the block ask; raises `SuspendedError` at its end to wait.

        However it ended: a function may have taken the exception for something else.
        """
        try:
            with call.asking(self):
                yield
        finally:
            if self._open:
                raise SuspendedError(self._open)

    def ask(self, questions: Mapping[str, tuple[str, type[BaseModel]]]) -> dict[str, Any]:
        """See `Asker.ask`."""
        answers = {}
        refusals = []
        for name, (message, model) in questions.items():
            words = str(message).encode("utf-8", "replace").decode("utf-8")
            if len(words) > MAX_MESSAGE:
                raise ValueError(f"a question has at most {MAX_MESSAGE} characters")
            answer, refusal = self._answer(Question(message=words, form=form_of(model)), model)
            answers[name] = answer
            refusals += [refusal] if refusal else []
        if self._open:
            raise SuspendedError(self._open)
        if refusals:
            raise refusals[0]
        return answers

    def _answer(
        self, question: Question, model: type[BaseModel]
    ) -> tuple[Any, ElicitationDeclinedError | ElicitationCancelledError | None]:
        """What was answered, if it was; otherwise the question is open from now on."""
        message = question.message
        while True:
            key = self._key(question)
            answer = self._answers.get(key)
            if answer is None:
                self._leave_open(key, question)
                return None, None
            if answer["action"] == "decline":
                return None, ElicitationDeclinedError(message)
            if answer["action"] == "cancel":
                return None, ElicitationCancelledError(message)
            filled, reasons = read_form(model, answer.get("content") or {})
            if filled is not None:
                return filled, None
            question = Question(message=f"{message}\n\n{reasons}", form=question.form)

    def _key(self, question: Question) -> str:
        """A name that only this question has: of these words, asked for this many times."""
        words = json.dumps([question.message, question.form], sort_keys=True)
        self._asked[words] += 1
        digest = hashlib.sha256(f"{self._asked[words]} {words}".encode())
        return digest.hexdigest()[:KEY_LENGTH]

    def _leave_open(self, key: str, question: Question) -> None:
        if self._unaskable is not None:
            raise self._unaskable
        if len(self._answers) + len(self._open) >= MAX_ANSWERS:
            raise TooManyQuestionsError(f"more than {MAX_ANSWERS} questions in one call")
        self._open[key] = question


@contextmanager
def asking_in_request(call: Call, unaskable: UnaskableError | None) -> Iterator[None]:
    """Let what runs inside the block ask, within the request: the client calls again to answer.

    Raises `InputRequiredError` at the end of the block while there are questions.
    """
    answers = call.invocation.answers
    try:
        with Questions(answers, unaskable=unaskable).of(call):
            yield
    except SuspendedError as waiting:
        raise InputRequiredError(questions=waiting.questions, answers=answers) from None
