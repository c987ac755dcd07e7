"""Tools and their results on the wire."""

from base64 import b64encode
from typing import Any
from uuid import UUID

from mcp_types import (
    AudioContent,
    BlobResourceContents,
    ContentBlock,
    EmbeddedResource,
    Icon,
    ImageContent,
    ResourceLink,
    TextContent,
    TextResourceContents,
    Tool,
    ToolAnnotations,
)
from pydantic import BaseModel

from django_mcp import content
from django_mcp.schemas.output.output import Rendered
from django_mcp.tools import tool as tools

CALL_ID_META_KEY = "django-mcp/call-id"
"""In the `_meta` of every result of a tool: the id under which the call is on record."""


def wire_tool(tool: tools.Tool) -> Tool:
    """Return the definition of a tool for `tools/list`."""
    return Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.input_schema,
        output_schema=tool.output_schema,
        annotations=ToolAnnotations(
            read_only_hint=tool.read_only,
            destructive_hint=tool.destructive,
            idempotent_hint=tool.idempotent,
            open_world_hint=tool.open_world,
        ),
        icons=[
            Icon(src=icon.src, mime_type=icon.mime_type, sizes=list(icon.sizes) or None)
            for icon in tool.icons
        ]
        or None,
    )


def wire_tool_json(tool: tools.Tool) -> dict[str, Any]:
    """Return the definition as JSON, as the SDK would serialize its model for every list."""
    schemas = {"inputSchema": tool.input_schema}
    if tool.output_schema is not None:
        schemas["outputSchema"] = tool.output_schema
    # The tool's own schemas, because copies of them would take most of the memory.
    return {**_json(wire_tool(tool)), **schemas}


def wire_result(rendered: Rendered, call_id: UUID) -> dict[str, Any]:
    """Return the result of a tool that ended well, as the JSON of a `CallToolResult`.

    The SDK checks it once more on its way out, so that nothing is gained by its model.
    """
    data = {} if rendered.structured is None else {"structuredContent": rendered.structured}
    return {
        "content": [_block(each) for each in rendered.content],
        **data,
        "isError": False,
        "resultType": "complete",
        "_meta": {CALL_ID_META_KEY: str(call_id)},
    }


def content_blocks(rendered: Rendered) -> list[ContentBlock]:
    """Return the content blocks of a result, without its structured form."""
    return [_block_model(each) for each in rendered.content]


def _json(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(by_alias=True, mode="json", exclude_none=True)


def _block(block: content.Content) -> dict[str, Any]:
    if isinstance(block, content.Text):
        return {"type": "text", "text": block.text}
    return _json(_block_model(block))


def _block_model(block: content.Content) -> ContentBlock:
    match block:
        case content.Text():
            return TextContent(text=block.text)
        case content.Image():
            return ImageContent(data=_base64(block.data), mime_type=block.mime_type)
        case content.Audio():
            return AudioContent(data=_base64(block.data), mime_type=block.mime_type)
        case content.EmbeddedResource():
            return EmbeddedResource(resource=_resource_contents(block))
        case content.ResourceLink():
            return ResourceLink(
                uri=block.uri,
                name=block.name,
                title=block.title,
                description=block.description,
                mime_type=block.mime_type,
            )
    raise TypeError(f"{type(block).__name__} is no kind of content that MCP knows")


def _resource_contents(
    block: content.EmbeddedResource,
) -> TextResourceContents | BlobResourceContents:
    if block.data is not None:
        return BlobResourceContents(
            uri=block.uri, mime_type=block.mime_type, blob=_base64(block.data)
        )
    return TextResourceContents(uri=block.uri, mime_type=block.mime_type, text=block.text or "")


def _base64(data: bytes) -> str:
    return b64encode(data).decode("ascii")
