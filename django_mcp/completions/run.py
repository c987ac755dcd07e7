"""Run of a completion: without a thread, on a worker thread, or on the event loop."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from asgiref.sync import sync_to_async

from django_mcp.completions.choices import choices_of
from django_mcp.completions.completer import Completer
from django_mcp.completions.completion import Completion, completion_of, is_sendable
from django_mcp.completions.primitive import CompletablePrimitive
from django_mcp.db.text import storable_text
from django_mcp.exceptions import BusyError, InvalidArgumentsError, Violation
from django_mcp.principals import Principal
from django_mcp.schemas.input.strings import from_strings
from django_mcp.threads.executors import DatabaseThread, awaited, run_in_worker

logger = logging.getLogger(__name__)

R = TypeVar("R")

NOTHING = Completion()

PLAIN = (list, tuple, set, frozenset, dict)
"""Collections whose values are there already; reading others may query."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionRequest:
    """Request for values of one argument: what of it is typed, and the other arguments so far."""

    argument: str
    value: str
    arguments: Mapping[str, str]
    principal: Principal


async def complete(primitive: CompletablePrimitive, request: CompletionRequest) -> Completion:
    """Return the completion of an argument of a primitive that the caller sees.

    It is empty for callers without the scopes, and when a function fails, which is logged. Raises
    `InvalidArgumentsError` for an argument that does not exist, and `BusyError`.
    """
    name, principal = request.argument, request.principal
    if name not in primitive.input_schema["properties"]:
        known = ", ".join(primitive.input_schema["properties"]) or "none"
        reason = f"names no argument; there are: {known}"
        raise InvalidArgumentsError([Violation(path="argument.name", reason=reason)])
    if not primitive.scopes <= principal.scopes or not is_sendable(request.value):
        return NOTHING
    completer = primitive.completers.get(name)
    if completer is None:
        return completion_of(list(choices_of(primitive.input_schema, name)), request.value)
    if not completer.applies_to(principal):
        return NOTHING
    run = _Run(primitive, completer, request)
    return await (run.on_loop() if completer.is_async else run_in_worker(run.on_thread))


@dataclass(frozen=True, slots=True)
class _Run:
    """One run of a completer; a failure of the project's code is logged, and completes nothing."""

    primitive: CompletablePrimitive
    completer: Completer
    request: CompletionRequest

    def on_thread(self) -> Completion:
        try:
            values = awaited(self.completer.function(**self._keywords()))
            return completion_of(values, self.request.value)
        except (Exception, SystemExit, asyncio.CancelledError) as error:  # noqa: BLE001  (logged)
            return self._failed(error)

    async def on_loop(self) -> Completion:
        try:
            async with DatabaseThread():
                runs_validators = self.primitive.signature.runs_validators
                keywords = await _call(self._keywords, may_query=runs_validators)
                values = await self.completer.function(**keywords)
                work = partial(completion_of, values, self.request.value)
                return await _call(work, may_query=not isinstance(values, PLAIN))
        except BusyError:
            raise
        except asyncio.CancelledError as error:
            if _is_cancelled():
                raise
            return self._failed(error)
        except (Exception, SystemExit) as error:  # noqa: BLE001  (logged)
            return self._failed(error)

    def _keywords(self) -> dict[str, Any]:
        request, completer = self.request, self.completer
        arguments = self._arguments() if "arguments" in completer.takes else {}
        return completer.keywords(request.principal, value=request.value, arguments=arguments)

    def _arguments(self) -> dict[str, Any]:
        """Return the arguments given so far that exist, each of its type where it is valid."""
        schema = self.primitive.input_schema
        texts = {
            name: storable_text(text, len(text))
            for name, text in self.request.arguments.items()
            if name in schema["properties"]
        }
        return {**texts, **self.primitive.signature.bind_each(from_strings(texts, schema))}

    def _failed(self, error: BaseException) -> Completion:
        # Without the values: they are the user's.
        logger.error(
            "The completion of %r of %s failed",
            self.request.argument,
            self.primitive.dotted_name,
            exc_info=error,
        )
        return NOTHING


async def _call(work: Callable[[], R], *, may_query: bool) -> R:
    """Do work of an async completion: on the thread of its queries, if it may make some."""
    return await sync_to_async(work)() if may_query else work()


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
