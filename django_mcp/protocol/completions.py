"""Completion requests: the prompt or resource that they name, and the values of its argument."""

import asyncio
import logging

from django_mcp.calls.call import Call
from django_mcp.calls.completion import completed
from django_mcp.calls.steps import drive_on_loop, drive_on_thread
from django_mcp.catalog import Lookup, look_up, look_up_first
from django_mcp.completions.choices import choices_of
from django_mcp.completions.completion import Completion, completion_of, is_sendable
from django_mcp.completions.primitive import CompletablePrimitive
from django_mcp.exceptions import (
    InvalidArgumentsError,
    ResourceNotFoundError,
    UnknownPromptError,
    Violation,
)
from django_mcp.guards import all_guards
from django_mcp.guards.rates import Rates
from django_mcp.invocation import Invocation
from django_mcp.policy.snapshot import current_snapshot, known_snapshot
from django_mcp.principals import Principal
from django_mcp.prompts.prompt import Prompt
from django_mcp.resources.resource import Resource
from django_mcp.resources.routes import declared_as
from django_mcp.threads.answers import answered_within
from django_mcp.threads.executors import run_in_control, run_in_worker

logger = logging.getLogger(__name__)


async def referenced_prompt(name: str, principal: Principal) -> CompletablePrimitive:
    """Return the prompt of a name. Raises `UnknownPromptError` for a missing or hidden one."""
    found = (await look_up(Prompt, name, principal)).found
    if found is None:
        raise UnknownPromptError(name)
    return found


async def referenced_resource(uri: str, principal: Principal) -> CompletablePrimitive:
    """Return the resource that was declared with a URI or template: the very text, no match of it.

    Raises `ResourceNotFoundError` for a missing or hidden one.
    """
    declared = declared_as(uri)
    lookup: Lookup[Resource] = await look_up_first((declared,) if declared else (), principal)
    if lookup.found is None:
        raise ResourceNotFoundError(uri)
    return lookup.found


async def count_completion(principal: Principal, address: str) -> None:
    """Count a completion, before its reference is looked up.

    It is a call that reads, against the limits that do not depend on what is called: a reference
    to what is hidden counts like one to what is missing. Raises `RateLimitedError`,
    `RatesUnavailableError` and `BusyError`.
    """
    if known_snapshot() is None:
        await run_in_control(current_snapshot)
    invocation = Invocation(name="", arguments={}, principal=principal, address=address)
    call, rates = Call(invocation=invocation, target=None), Rates()
    if rates.may_block(call):
        await run_in_worker(rates.before, call)


async def complete(
    call: Call, primitive: CompletablePrimitive, *, argument: str, value: str
) -> Completion:
    """Return the values of an argument that begin with `value`; those of the call are the others.

    The call is never served: guards surround the functions of the project, and there is no record.
    The completion is empty for callers without the scopes, and where the project's code fails or
    takes longer than a call of the primitive may.
    Raises `InvalidArgumentsError` for an argument that does not exist, and `BusyError`.
    """
    schema, principal = primitive.input_schema, call.principal
    if argument not in schema["properties"]:
        known = ", ".join(schema["properties"]) or "none"
        reason = f"names no argument; there are: {known}"
        raise InvalidArgumentsError([Violation(path="argument.name", reason=reason)])
    if not primitive.scopes <= principal.scopes or not is_sendable(value):
        return Completion()
    completer = primitive.completers.get(argument)
    if completer is None:
        return completion_of(list(choices_of(schema, argument)), value)
    if not completer.applies_to(principal):
        return Completion()
    steps = completed(call, all_guards(), completer, argument=argument, value=value)
    if completer.is_async:
        work = drive_on_loop(steps)
    else:
        work = run_in_worker(drive_on_thread, steps, loop=asyncio.get_running_loop())
    try:
        return await answered_within(primitive.time_limit, work)
    except TimeoutError:
        logger.warning("The completion of %r of %s took too long", argument, primitive.dotted_name)
        return Completion()
