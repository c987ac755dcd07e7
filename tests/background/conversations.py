"""Calls of tools that ask, with a client that lets them and answers."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from django_mcp.background.input import accept_responses, open_requests
from django_mcp.exceptions import ElicitationRequest
from django_mcp.models import ToolTask
from django_mcp.schemas.output.output import Rendered
from django_mcp.threads.executors import run_in_control
from tests.background.rows import quiet
from tests.calls import call_of, serve_call
from tests.polls import until

Responses = Mapping[str, Any]
Round = Callable[[Mapping[str, ElicitationRequest]], Responses]

DECLINE: Responses = {"action": "decline"}
CANCEL: Responses = {"action": "cancel"}


def accept(**content: Any) -> Responses:
    return {"action": "accept", "content": content}


def all_with(response: Responses) -> Round:
    """Answer every question alike."""
    return lambda questions: dict.fromkeys(questions, response)


def waiting() -> ToolTask:
    """The only task, once it waits for answers."""
    rows = ToolTask.objects.filter(status=ToolTask.Status.INPUT_REQUIRED)
    until(lambda: rows.all().exists())
    return rows.get()


def converse(name: str, /, *rounds: Round, **arguments: Any) -> Rendered:
    """Call a tool, answer every time that it asks, and return its result, which is on record."""

    async def talk(call: Awaitable[Rendered]) -> Rendered:
        for respond in rounds:
            task = await run_in_control(waiting)
            responses = respond(open_requests(task))
            await run_in_control(accept_responses, task.pk, responses)
        return await call

    return asyncio.run(_while_called(name, talk, arguments))


def interrupt(name: str, /, act: Callable[[ToolTask], None], **arguments: Any) -> Rendered:
    """Call a tool, do something to its task when it asks, and return its result."""

    async def talk(call: Awaitable[Rendered]) -> Rendered:
        task = await run_in_control(waiting)
        await run_in_control(act, task)
        return await call

    return asyncio.run(_while_called(name, talk, arguments))


async def _while_called(
    name: str, talk: Callable[[Awaitable[Rendered]], Awaitable[Rendered]], arguments: Responses
) -> Rendered:
    context = call_of(name, arguments=dict(arguments), is_askable=True, takes_task=True)
    call = asyncio.create_task(serve_call(context))
    try:
        return await talk(call)
    finally:
        call.cancel()
        await run_in_control(quiet)
