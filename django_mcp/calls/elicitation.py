"""Elicitation by one run of a function: the responses so far, and the requests still open.

A function that asks is run again from its beginning with every response there is, until nothing is
open. Each response belongs to the very request that was made: another message, another form or a
second time are another request, so no consent is ever taken for something else.
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
    ElicitationRequest,
    InputRequiredError,
    UnaskableError,
)
from django_mcp.schemas.input.elicitation_forms import form_of, read_form

MAX_REQUESTS = 100
"""Requests of one call: a function that makes ever new ones must end too."""

MAX_MESSAGE_CHARACTERS = 10_000
"""Of one message."""

KEY_CHARACTERS = 24

InputResponse = Mapping[str, Any]
"""Response to an input request: an `action` of MCP elicitation, with `content` for `accept`."""


class SuspendedError(BaseException):
    """Leaves a function that waits for input; no `Exception`, so that nothing catches it."""

    def __init__(self, requests: Mapping[str, ElicitationRequest]) -> None:
        self.requests = dict(requests)
        super().__init__("waits for input")


class TooManyElicitationsError(Exception):
    """The function made too many requests: their text may change from run to run."""


class Elicitation:
    """Elicitation of one run: its `ElicitationHandler`, with all `responses` so far."""

    def __init__(
        self, responses: Mapping[str, InputResponse], *, unaskable: UnaskableError | None
    ) -> None:
        self._responses = responses
        self._open: dict[str, ElicitationRequest] = {}
        self._unaskable = unaskable
        self._use_counts: Counter[str] = Counter()

    @contextmanager
    def of(self, call: Call) -> Iterator[None]:
        """Handle elicitation inside the block; raise `SuspendedError` at its end to wait for input.

        However it ended: a function may have taken the exception for something else.
        """
        try:
            with call.using_elicitation(self):
                yield
        finally:
            if self._open:
                raise SuspendedError(self._open)

    def elicit(self, questions: Mapping[str, tuple[str, type[BaseModel]]]) -> dict[str, Any]:
        """See `ElicitationHandler.elicit`."""
        filled_forms = {}
        refusals = []
        for name, (message, model) in questions.items():
            text = str(message).encode("utf-8", "replace").decode("utf-8")
            if len(text) > MAX_MESSAGE_CHARACTERS:
                raise ValueError(f"a question has at most {MAX_MESSAGE_CHARACTERS} characters")
            request = ElicitationRequest(message=text, form=form_of(model))
            filled_forms[name], refusal = self._fill(request, model)
            refusals += [refusal] if refusal else []
        if self._open:
            raise SuspendedError(self._open)
        if refusals:
            raise refusals[0]
        return filled_forms

    def _fill(
        self, request: ElicitationRequest, model: type[BaseModel]
    ) -> tuple[Any, ElicitationDeclinedError | ElicitationCancelledError | None]:
        """Return the filled form or the refusal; without a response the request is open now."""
        message = request.message
        while True:
            key = self._key(request)
            response = self._responses.get(key)
            if response is None:
                self._leave_open(key, request)
                return None, None
            if response["action"] == "decline":
                return None, ElicitationDeclinedError(message)
            if response["action"] == "cancel":
                return None, ElicitationCancelledError(message)
            filled, reasons = read_form(model, response.get("content") or {})
            if filled is not None:
                return filled, None
            request = ElicitationRequest(message=f"{message}\n\n{reasons}", form=request.form)

    def _key(self, request: ElicitationRequest) -> str:
        """Return the key of this request: a digest of its text and of how often it was used."""
        text = json.dumps([request.message, request.form], sort_keys=True)
        self._use_counts[text] += 1
        digest = hashlib.sha256(f"{self._use_counts[text]} {text}".encode())
        return digest.hexdigest()[:KEY_CHARACTERS]

    def _leave_open(self, key: str, request: ElicitationRequest) -> None:
        if self._unaskable is not None:
            raise self._unaskable
        if len(self._responses) + len(self._open) >= MAX_REQUESTS:
            raise TooManyElicitationsError(
                f"more than {MAX_REQUESTS} elicitation requests in one call"
            )
        self._open[key] = request


@contextmanager
def elicitation_in_request(call: Call, unaskable: UnaskableError | None) -> Iterator[None]:
    """Handle elicitation inside the block, within the request: the client calls again to respond.

    Raises `InputRequiredError` at the end of the block while there are open requests.
    """
    responses = call.invocation.input_responses
    try:
        with Elicitation(responses, unaskable=unaskable).of(call):
            yield
    except SuspendedError as waiting:
        raise InputRequiredError(
            input_requests=waiting.requests, input_responses=responses
        ) from None
