"""Input of a task: its open elicitation requests, and the responses that its client sends."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django_mcp.background.encryption import decrypt, encrypt
from django_mcp.background.submit import enqueue
from django_mcp.conf import settings
from django_mcp.exceptions import ElicitationRequest, InvalidInputResponsesError
from django_mcp.models import ToolTask
from django_mcp.threads.notifications import publish

ACTIONS = ("accept", "decline", "cancel")


def serialize_requests(requests: Mapping[str, ElicitationRequest]) -> str:
    """Serialize input requests for the row of their task."""
    return json.dumps({key: asdict(request) for key, request in requests.items()})


def open_requests(task: ToolTask) -> dict[str, ElicitationRequest]:
    """Input requests of a task by the keys of their responses; empty unless it waits for some."""
    stored = json.loads(task.input_requests or "{}")
    return {key: ElicitationRequest(**request) for key, request in stored.items()}


def accept_responses(key: UUID, responses: Mapping[str, Any]) -> None:
    """Store responses to the open requests of a task, as MCP's `ElicitResult` has them.

    Once every request has one the task is queued again; the tool's function judges them when it is
    run, and requests again those that it cannot use. A response to what is not, or no longer, an
    open request is ignored. Raises `InvalidInputResponsesError`, and stores nothing then. Call it
    from a thread that may wait some seconds.
    """
    while True:
        task = ToolTask.objects.filter(pk=key, status=ToolTask.Status.INPUT_REQUIRED).first()
        if task is None:
            return
        requests = open_requests(task)
        accepted = {name: _validated(responses[name]) for name in requests if name in responses}
        if not accepted:
            return
        rest = {name: request for name, request in requests.items() if name not in accepted}
        encrypted = encrypt({**decrypt(task.input_responses), **accepted})
        if len(encrypted) > settings.BACKGROUND_MAX_BYTES:
            raise InvalidInputResponsesError(
                f"The responses are larger than {settings.BACKGROUND_MAX_BYTES} bytes."
            )
        # Otherwise another request has responded between the two statements: read again.
        if ToolTask.objects.store_responses(
            task, input_requests=serialize_requests(rest) if rest else "", input_responses=encrypted
        ):
            break
    if not rest:
        enqueue(task)
    publish(key)


def _validated(response: Any) -> dict[str, Any]:
    """Validate a response, and return it as it is stored."""
    action = response.get("action") if isinstance(response, Mapping) else None
    if action not in ACTIONS:
        raise InvalidInputResponsesError(
            f"A response must have one of the actions {', '.join(ACTIONS)}."
        )
    content = response.get("content") or {}
    if not isinstance(content, Mapping):
        raise InvalidInputResponsesError("The content of a response must be an object.")
    return (
        {"action": action, "content": dict(content)} if action == "accept" else {"action": action}
    )
