"""Definitions of tools, resources and prompts on the wire, for their lists."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from mcp_types import (
    Annotations,
    Icon,
    Prompt,
    PromptArgument,
    Resource,
    ResourceTemplate,
    Tool,
    ToolAnnotations,
)

from django_mcp import content
from django_mcp.prompts import prompt as prompts
from django_mcp.protocol.content_blocks import model_json
from django_mcp.resources import resource as resources
from django_mcp.resources.models.entries import Entry
from django_mcp.schemas.datetimes import with_time_zones
from django_mcp.tools import tool as tools


def wire_tool(tool: tools.Tool) -> Tool:
    """Return the definition of a tool for `tools/list`."""
    return Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.input_schema,
        output_schema=tool.output_schema,
        annotations=_tool_annotations(tool),
        icons=wire_icons(tool.icons),
    )


def wire_tool_json(tool: tools.Tool) -> dict[str, Any]:
    """Return the definition as JSON, as the SDK would serialize its model for every list."""
    schemas = {"inputSchema": tool.input_schema}
    if tool.output_schema is not None:
        schemas["outputSchema"] = tool.output_schema
    # The tool's own schemas, because copies of them would take most of the memory.
    return {**model_json(wire_tool(tool)), **schemas}


def wire_resource(resource: resources.Resource) -> Resource:
    """Return the definition of a resource without variables, for `resources/list`."""
    return Resource(
        uri=resource.uri,
        name=resource.name,
        title=resource.title,
        description=resource.description,
        mime_type=resource.mime_type,
        size=resource.size,
        annotations=_annotations(resource, resource.last_modified),
        icons=wire_icons(resource.icons),
    )


def wire_entry(resource: resources.Resource, entry: Entry) -> Resource:
    """Return the definition of one of the resources of a template, for `resources/list`."""
    return Resource(
        uri=entry.uri,
        name=entry.name,
        title=entry.title,
        description=entry.description,
        mime_type=resource.mime_type,
        annotations=_annotations(resource, entry.last_modified),
        icons=wire_icons(resource.icons),
    )


def wire_resource_template(resource: resources.Resource) -> ResourceTemplate:
    """Return the definition of a template, for `resources/templates/list`."""
    return ResourceTemplate(
        uri_template=resource.uri,
        name=resource.name,
        title=resource.title,
        description=resource.description,
        mime_type=resource.mime_type,
        annotations=_annotations(resource, None),
        icons=wire_icons(resource.icons),
    )


def wire_prompt(prompt: prompts.Prompt) -> Prompt:
    """Return the definition of a prompt, for `prompts/list`."""
    return Prompt(
        name=prompt.name,
        title=prompt.title,
        description=prompt.description,
        arguments=[
            PromptArgument(
                name=each.name,
                title=each.title,
                description=each.description,
                required=each.required,
            )
            for each in prompt.arguments
        ],
        icons=wire_icons(prompt.icons),
    )


def wire_icons(icons: Iterable[content.Icon]) -> list[Icon] | None:
    """Return icons as MCP has them; None without any."""
    return [
        Icon(
            src=icon.src,
            mime_type=icon.mime_type,
            sizes=list(icon.sizes) or None,
            theme=icon.theme,
        )
        for icon in icons
    ] or None


def _tool_annotations(tool: tools.Tool) -> ToolAnnotations | None:
    if tool.annotations is not None:
        return ToolAnnotations(**tool.annotations) if tool.annotations else None
    return ToolAnnotations(
        read_only_hint=tool.read_only,
        destructive_hint=tool.destructive,
        idempotent_hint=tool.idempotent,
        open_world_hint=tool.open_world,
    )


def _annotations(
    resource: resources.Resource, last_modified: datetime | None
) -> Annotations | None:
    moment = None if last_modified is None else with_time_zones(last_modified).isoformat()
    stated = Annotations(
        audience=list(resource.audience) or None,
        priority=resource.priority,
        last_modified=moment,
    )
    return stated if model_json(stated) else None
