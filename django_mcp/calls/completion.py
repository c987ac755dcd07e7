"""Completion of an argument by the code of the project, inside `around` of every guard."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from django_mcp.calls.call import Call
from django_mcp.calls.pipeline import Guards, enclosed
from django_mcp.calls.run import is_cancelled
from django_mcp.calls.steps import Place, Step, Steps
from django_mcp.completions.completer import Completer
from django_mcp.completions.completion import Completion, completion_of
from django_mcp.db.text import storable_text
from django_mcp.exceptions import BusyError
from django_mcp.schemas.input.strings import from_strings

logger = logging.getLogger(__name__)

PLAIN = (list, tuple, set, frozenset, dict)
"""Collections whose values are there already; reading others may query."""


def completed(
    call: Call, guards: Guards, completer: Completer, *, argument: str, value: str
) -> Steps[Completion]:
    """Return the values of an argument that begin with `value`, by a function of the project.

    The arguments of the call are those given so far. A failure is logged, and completes nothing;
    raises `BusyError` alone.
    """
    body = partial(_values, call, completer, value)
    try:
        return (yield from enclosed(call, guards, body))
    except (BusyError, GeneratorExit):
        raise
    except (Exception, SystemExit, asyncio.CancelledError) as error:
        if isinstance(error, asyncio.CancelledError) and is_cancelled(call):
            raise
        if error is not call.refusal:  # of a guard, which has logged its own faults
            # Without the values: they are the user's.
            logger.error(
                "The completion of %r of %s failed",
                argument,
                call.primitive.dotted_name,
                exc_info=error,
            )
        return Completion()


def _values(call: Call, completer: Completer, value: str) -> Steps[Completion]:
    runs_validators = call.primitive.signature.runs_validators
    arguments = {}
    if "arguments" in completer.takes:
        arguments = yield _step(partial(_arguments, call), may_query=runs_validators)
    keywords = completer.keywords(call.principal, value=value, arguments=arguments)
    values = yield Step(partial(completer.function, **keywords), Place.FUNCTION)
    may_query = not isinstance(values, PLAIN)
    completion: Completion = yield _step(partial(completion_of, values, value), may_query=may_query)
    return completion


def _step(work: Callable[[], Any], *, may_query: bool) -> Step:
    return Step(work, Place.TOOL if may_query else Place.HERE)


def _arguments(call: Call) -> dict[str, Any]:
    """Return the arguments given so far that exist, each of its type where it is valid."""
    schema = call.primitive.input_schema
    texts = {
        name: storable_text(text, len(text))
        for name, text in call.invocation.arguments.items()
        if name in schema["properties"]
    }
    return {**texts, **call.primitive.signature.bind_each(from_strings(texts, schema))}
