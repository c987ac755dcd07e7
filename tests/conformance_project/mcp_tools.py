"""The tools that the official suite and the end-to-end tests call.

With `--auth`, all but `test_simple_text` need the scope `fixture:use`, and `boom` needs
`fixture:break` as well; without, none needs any.
"""

import asyncio
import base64
import io
import os
import time
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from django_mcp import (
    Audio,
    EmbeddedResource,
    Image,
    Text,
    ToolContext,
    ToolError,
    tool,
)
from django_mcp.context import LogLevel
from tests.conformance_project.options import BOOM_SECRET, Options
from tests.workload import spend

USE = ["fixture:use"] if Options.from_environment().auth else []
BREAK = [*USE, "fixture:break"] if USE else []

STEP = 0.2
"""Seconds between two progress reports of the slow tools."""

RED_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
)


def silence() -> bytes:
    """A tenth of a second of silence as a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(8000)
        sound.writeframes(b"\x80" * 800)
    return file.getvalue()


def note(event: Literal["start", "done", "cancelled"], tag: str) -> None:
    """Append `event tag` to the file that `FIXTURE_LOG` names, for tests to read."""
    if path := os.environ.get("FIXTURE_LOG"):
        with Path(path).open("a") as log:
            log.write(f"{event} {tag}\n")


# What the official suite calls, by the names that it uses.


@tool(group="fixtures", read_only=True)
def test_simple_text() -> Text:
    """Answer with one block of text."""
    return Text(text="This is a simple text response for testing.")


@tool(group="fixtures", scopes=USE, read_only=True)
def test_image_content() -> Image:
    """Answer with a picture."""
    return Image(data=RED_PIXEL, mime_type="image/png")


@tool(group="fixtures", scopes=USE, read_only=True)
def test_audio_content() -> Audio:
    """Answer with a sound."""
    return Audio(data=silence(), mime_type="audio/wav")


@tool(group="fixtures", scopes=USE, read_only=True)
def test_embedded_resource() -> EmbeddedResource:
    """Answer with a document inside the result."""
    return EmbeddedResource(
        uri="test://embedded-resource",
        mime_type="text/plain",
        text="This is an embedded resource content.",
    )


@tool(group="fixtures", scopes=USE, read_only=True)
def test_multiple_content_types() -> list[Text | Image | EmbeddedResource]:
    """Answer with text, a picture and a document."""
    return [
        Text(text="Multiple content types test:"),
        Image(data=RED_PIXEL, mime_type="image/png"),
        EmbeddedResource(
            uri="test://mixed-content-resource",
            mime_type="application/json",
            text='{"test":"data","value":123}',
        ),
    ]


@tool(group="fixtures", scopes=USE, read_only=True)
def test_error_handling() -> str:
    """Fail with a message for the agent."""
    raise ToolError("This tool intentionally returns an error for testing")


@tool(group="fixtures", scopes=USE, read_only=True)
async def test_tool_with_progress(context: ToolContext) -> str:
    """Report progress three times: at 0, 50 and 100 of 100."""
    for done in (0, 50, 100):
        await context.areport_progress(done, 100)
        # The suite suggests 50 ms, but reports are thinned to ten a second and it wants all three.
        await asyncio.sleep(0.12)
    return "Reported 0, 50 and 100 of 100."


@tool(group="fixtures", scopes=USE, read_only=True)
def test_logging_tool(context: ToolContext) -> str:
    """Log a message at every level, for clients that ask for them."""
    for level in get_args(LogLevel):
        context.log(level, f"This is a message of level {level}")
    return "Logged at every level."


@tool(group="fixtures", scopes=USE, read_only=True)
async def test_tool_with_logging(context: ToolContext) -> str:
    """Log three messages, with some time between them."""
    await context.alog("info", "Tool execution started")
    await asyncio.sleep(0.05)
    await context.alog("info", "Tool processing data")
    await asyncio.sleep(0.05)
    await context.alog("info", "Tool execution completed")
    return "Logged three messages."


@tool(group="fixtures", scopes=USE, read_only=True)
def test_header_parameter(
    region: Annotated[str, Field(json_schema_extra={"x-mcp-header": "Region"})],
) -> str:
    """Answer with the region, which 2026-07-28 clients also send as `Mcp-Param-Region`.

    Args:
        region: Where the call should be routed to.
    """
    return region


class address(BaseModel):  # noqa: N801  (the suite looks this definition up by its name)
    """A postal address."""

    model_config = ConfigDict(json_schema_extra={"$anchor": "addressDef"})

    street: str = ""
    city: str = ""


@tool(
    group="fixtures",
    scopes=USE,
    read_only=True,
    schema_extra={
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
        "if": {
            "properties": {"contactMethod": {"const": "phone"}},
            "required": ["contactMethod"],
        },
        "then": {"required": ["phone"]},
        "else": {"required": ["email"]},
    },
)
def json_schema_2020_12_tool(
    name: str = "",
    address: address | None = None,
    contactMethod: Literal["phone", "email"] = "email",  # noqa: N803  (the suite's spelling)
    phone: str = "",
    email: str = "",
) -> str:
    """Accept a contact whose schema uses the wider vocabulary of JSON Schema 2020-12."""
    if not (phone if contactMethod == "phone" else email):
        raise ToolError(f"The contact has no {contactMethod}.", hint=f"Give {contactMethod}.")
    return f"{name} by {contactMethod}"


# What its scenarios of tasks call.


@tool(group="fixtures", scopes=USE, read_only=True)
def greet(name: str) -> str:
    """Answer at once."""
    return f"Hello, {name}!"


@tool(group="fixtures", scopes=USE, read_only=True, background=True)
def slow_compute(seconds: float, context: ToolContext, label: str = "-") -> str:
    """Take some time on a worker, unless the task is cancelled.

    Args:
        seconds: How long.
        label: What the result calls this call.
    """
    started = time.monotonic()
    while (elapsed := time.monotonic() - started) < seconds and not context.is_cancelled:
        context.report_progress(round(elapsed, 1), seconds, label)
        spend(min(STEP, seconds - elapsed))
    return f"{label} took {seconds} s"


@tool(group="fixtures", scopes=USE, read_only=True, background=True, require_task=True)
def failing_job() -> str:
    """Fail with a message for the agent, as a task and not otherwise."""
    raise ToolError("This job intentionally returns an error for testing")


@tool(group="fixtures", scopes=USE, read_only=True, background=True)
def protocol_error_job() -> str:
    """Fail on a worker in a way that its author did not foresee."""
    raise RuntimeError("This job intentionally fails for testing")


class Confirmation(BaseModel):
    """What `confirm_delete` asks."""

    confirm: bool


class Entry(BaseModel):
    """What `multi_input` asks, twice at once."""

    name: str


class Greeted(TypedDict):
    """What the user fills in before `test_tool_with_task` becomes a task."""

    user_name: str


def ask_name(context: ToolContext) -> Greeted:
    """Ask for a name."""
    return {"user_name": context.elicit("What is your name?", Entry).name}


@tool(group="fixtures", scopes=USE, destructive=True, background=True)
def confirm_delete(filename: str, context: ToolContext) -> str:
    """Ask whether to delete a file, which does not exist.

    Args:
        filename: What to ask for.
    """
    answer = context.elicit(f"Delete {filename}?", Confirmation)
    return f"{filename} was {'deleted' if answer.confirm else 'kept'}"


@tool(group="fixtures", scopes=USE, background=True)
def multi_input(context: ToolContext) -> str:
    """Ask two things at once."""
    answers = context.elicit_all(
        {"first": ("What comes first?", Entry), "second": ("What comes second?", Entry)}
    )
    return f"{answers['first'].name}, then {answers['second'].name}"


@tool(group="fixtures", scopes=USE, background=True, require_task=True, prepare=ask_name)
def test_tool_with_task(user_name: str) -> str:
    """Ask for a name, and then greet it on a worker."""
    return f"Hello, {user_name}!"


# What the end-to-end tests call.


@tool(group="fixtures", scopes=USE, read_only=True)
def echo(text: str, n: int = 0) -> str:
    """Answer with the text's length, the number and the text's first 40 characters.

    Args:
        text: Any text.
        n: Any number.
    """
    return f"{len(text)} {n} {text[:40]}"


@tool(group="fixtures", scopes=USE)
async def slow(seconds: float, context: ToolContext, tag: str = "-") -> str:
    """Take some time, and report progress meanwhile.

    Args:
        seconds: How long.
        tag: What the fixture log calls this call.
    """
    note("start", tag)
    try:
        started = time.monotonic()
        while (elapsed := time.monotonic() - started) < seconds:
            await context.areport_progress(round(elapsed, 2), seconds, tag)
            await asyncio.sleep(min(STEP, seconds - elapsed))
        await context.areport_progress(seconds, seconds, tag)
    except asyncio.CancelledError:
        note("cancelled", tag)
        raise
    note("done", tag)
    return f"{tag} took {seconds} s"


# Not atomic: on SQLite an open transaction would keep every other writer waiting meanwhile.
@tool(group="fixtures", scopes=USE, atomic=False)
def slow_sync(seconds: float, context: ToolContext, tag: str = "-") -> str:
    """Take some time on a thread, and report progress meanwhile.

    Args:
        seconds: How long.
        tag: What the fixture log calls this call.
    """
    note("start", tag)
    started = time.monotonic()
    while (elapsed := time.monotonic() - started) < seconds:
        if context.is_cancelled:
            note("cancelled", tag)
            raise ToolError("The call was cancelled.")
        context.report_progress(round(elapsed, 2), seconds, tag)
        spend(min(STEP, seconds - elapsed))
    context.report_progress(seconds, seconds, tag)
    note("done", tag)
    return f"{tag} took {seconds} s"


@tool(group="fixtures", scopes=BREAK)
def boom() -> str:
    """Fail in a way that its author did not foresee."""
    raise RuntimeError(f"could not connect with the password {BOOM_SECRET}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """What was set aside."""

    item: str
    quantity: int


@tool(group="fixtures", scopes=USE)
def reserve(item: str, quantity: Annotated[int, Field(ge=1)]) -> Reservation:
    """Set some of an item aside: structured output, or an error that says what to change.

    Args:
        item: What to set aside.
        quantity: How many; there are ten.
    """
    if quantity > 10:
        raise ToolError(f"There are only 10 of {item}.", hint="Ask for at most 10.")
    return Reservation(item=item, quantity=quantity)
