"""Content blocks on the wire."""

from base64 import b64encode
from typing import Any

from django.utils.encoding import iri_to_uri
from mcp_types import (
    AudioContent,
    BlobResourceContents,
    ContentBlock,
    EmbeddedResource,
    ImageContent,
    ResourceLink,
    TextContent,
    TextResourceContents,
)
from pydantic import BaseModel

from django_mcp import content
from django_mcp.schemas.output.output import Rendered


def model_json(model: BaseModel) -> dict[str, Any]:
    """Return a model of the SDK as the JSON that is sent."""
    return model.model_dump(by_alias=True, mode="json", exclude_none=True)


def content_blocks(rendered: Rendered) -> list[ContentBlock]:
    """Return the content blocks of a result, without its structured form."""
    return [block_model(each) for each in rendered.content]


def block_json(block: content.Content) -> dict[str, Any]:
    """Return a content block as the JSON that is sent."""
    if isinstance(block, content.Text):
        return {"type": "text", "text": block.text}
    return model_json(block_model(block))


def block_model(block: content.Content) -> ContentBlock:
    """Return a content block as the SDK has it. Raises `TypeError` for a class of another's."""
    match block:
        case content.Text():
            return TextContent(text=block.text)
        case content.Image():
            return ImageContent(data=_base64(block.data), mime_type=block.mime_type)
        case content.Audio():
            return AudioContent(data=_base64(block.data), mime_type=block.mime_type)
        case content.EmbeddedResource():
            return EmbeddedResource(resource=resource_contents(block))
        case content.ResourceLink():
            return ResourceLink(
                uri=iri_to_uri(block.uri),
                name=block.name,
                title=block.title,
                description=block.description,
                mime_type=block.mime_type,
                size=block.size,
            )
    raise TypeError(f"{type(block).__name__} is no kind of content that MCP knows")


def resource_contents(
    block: content.EmbeddedResource,
) -> TextResourceContents | BlobResourceContents:
    """Return the contents of an embedded resource, or of one that was read."""
    uri = iri_to_uri(block.uri)  # clients may send other characters, and messages may not
    if block.data is not None:
        return BlobResourceContents(uri=uri, mime_type=block.mime_type, blob=_base64(block.data))
    return TextResourceContents(uri=uri, mime_type=block.mime_type, text=block.text or "")


def _base64(data: bytes) -> str:
    return b64encode(data).decode("ascii")
