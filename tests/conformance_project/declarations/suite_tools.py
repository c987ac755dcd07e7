"""Tools that the official suite calls, by the names that it uses."""

import asyncio
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from django_mcp import Audio, EmbeddedResource, Image, Text, ToolContext, ToolError, tool
from django_mcp.context import LogLevel
from tests.conformance_project.declarations.media import RED_PIXEL, silence
from tests.conformance_project.declarations.scopes import USE


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
