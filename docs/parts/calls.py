"""The path of a call: its steps with their functions, and the guards in order.

The functions are named by themselves and not in words: one that is renamed stops the build.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from django.test import override_settings

import django_mcp
from django_mcp import dispatch
from django_mcp.background import completion, heartbeat, serialization, submit, watch, worker
from django_mcp.calls import pipeline, run, steps
from django_mcp.guards import Guard, all_guards
from django_mcp.models.tasks import ToolTaskQuerySet
from django_mcp.protocol import call_results
from django_mcp.protocol.handlers import prompts, resources, tools
from django_mcp.threads import executors
from django_mcp.transports import view
from django_mcp.transports.http import (
    application,
    authentication,
    authorization,
    body,
    endpoint,
    guards,
    message,
)
from docs.parts.docstrings import summary
from docs.parts.markdown import code, table

PACKAGE = Path(django_mcp.__file__).parent
PHASES = ("before", "around", "after", "ended")


class PathStep(NamedTuple):
    """A step of a call, and the function that takes it."""

    words: str
    function: Callable[..., Any]


PATHS: Mapping[str, Sequence[PathStep]] = {
    "request": (
        PathStep("The path is an endpoint's; else Django answers", application.MCPApplication),
        PathStep("The same from a view, where nothing is in front of Django", view.endpoint_view),
        PathStep("The way of one request, step by step", endpoint.MCPEndpoint.__call__),
        PathStep("Host and `Origin` are allowed", guards.guard_origin),
        PathStep("Method and declared size are allowed", guards.guard),
        PathStep("The headers say who calls, else 401", authentication.principal_of),
        PathStep("The body is read, within its time and size", body.read_body),
        PathStep("It is parsed, and of the era of its headers", message.Message.read),
        PathStep(
            "What it names is looked up, as its caller sees it; its scopes are held, else 403",
            authorization.authorize,
        ),
        PathStep("The SDK has validated the message: the `Call` is made", tools.handle_call),
        PathStep("or that of a read", resources.read_resource),
        PathStep("or that of a prompt", prompts.get_prompt),
        PathStep("It is served in one of three ways", dispatch.begin),
        PathStep("or begun as a task, for a client that takes one", dispatch.start_task),
    ),
    "thread": (
        PathStep("A worker thread is taken, else busy", executors.run_in_worker),
        PathStep("Every step is taken on that thread", steps.drive_on_thread),
        PathStep("The guards judge the call, and it is run", pipeline.ordinary),
        PathStep("In a transaction: function, rendering, `after`", run.run_function),
        PathStep("The function is called, and its result rendered", run.call_function),
        PathStep("`after` of the guards, in reverse", pipeline.after),
        PathStep("After the commit: `ended` of the guards, in reverse", pipeline.ended),
    ),
    "loop": (
        PathStep("The steps are taken on the loop", steps.drive_on_loop),
        PathStep("but on a control thread, where one may block", executors.run_in_control),
        PathStep("and on one worker thread what queries for the tool", executors.DatabaseThread),
        PathStep("The steps are those of a call on a thread", pipeline.ordinary),
    ),
    "submission": (
        PathStep("A worker thread is taken, else busy", executors.run_in_worker),
        PathStep("The guards judge the call, and it is submitted", pipeline.submission),
        PathStep("Its row is committed, and its id given to the backend", submit.submit),
        PathStep("A client that takes no task waits for its end", watch.forward_progress),
        PathStep("and is given what it has come to", completion.result_of),
    ),
    "worker": (
        PathStep("The task is begun, by the backend that was given its id", worker.run_task),
        PathStep("Of all who try, one claims its row", ToolTaskQuerySet.claim),
        PathStep(
            "Signs of life are given, and cancellation is looked for",
            heartbeat.Heartbeat.keep_alive,
        ),
        PathStep("The caller is read again, as it stands now", serialization.current_principal),
        PathStep("The `Call` is made from the row", serialization.call_of),
        PathStep("The guards that repeat judge it, and it is run", pipeline.repetition),
        PathStep("The function is called, and its result rendered", run.call_function),
        PathStep("`after` of the guards, in reverse", pipeline.after),
        PathStep("The result is written into the row", completion.end_with_result),
        PathStep("The end is put on record", completion.record_end),
        PathStep("by `ended` of the guards, in reverse", pipeline.ended),
    ),
    "answer": (
        PathStep("The result, or the handle of a task", call_results.call_result),
        PathStep("or the error, as the agent can use it", call_results.error_result),
    ),
}


class ProjectGuards(Guard):
    """The guards of `DJANGO_MCP_GUARDS`, in the order of the setting."""

    repeats_in_worker = True


def path_lines(name: str) -> Iterator[str]:
    """A table of the steps on a part of the path."""
    rows = [
        (str(number), step.words, code(step.function.__qualname__), _file_of(step.function))
        for number, step in enumerate(PATHS[name], start=1)
    ]
    yield from table(("", "step", "function", "file"), rows)


def guard_lines() -> Iterator[str]:
    """A table of every guard, in order."""
    with override_settings(DJANGO_MCP_GUARDS=[f"{__name__}.{ProjectGuards.__name__}"]):
        found = list(all_guards())
    rows = [(str(number), *_described(type(guard))) for number, guard in enumerate(found, start=1)]
    yield from table(("", "guard", "is", "phases", "again in a worker", "file"), rows)


def docstring_lines(module: str) -> Iterator[str]:
    """The docstring of a module, as it stands there."""
    yield from ("```text", inspect.getdoc(import_module(module)) or "", "```")


def _described(guard: type[Guard]) -> tuple[str, str, str, str, str]:
    meaning = summary(inspect.getdoc(guard) or "")
    if guard is ProjectGuards:
        return "...", meaning, "any", "if it says so", "of the project"
    phases = [code(phase) for phase in PHASES if _has(guard, phase)]
    repeats = "yes" if guard.repeats_in_worker and _has(guard, "before") else ""
    return code(guard.__name__), meaning, ", ".join(phases), repeats, _file_of(guard)


def _has(guard: type[Guard], phase: str) -> bool:
    return any(
        getattr(guard, each, None) is not getattr(Guard, each, None)
        for each in (phase, f"a{phase}")
    )


def _file_of(function: Callable[..., Any]) -> str:
    path = Path(inspect.getfile(inspect.unwrap(function)))
    return code(str(path.relative_to(PACKAGE)))
