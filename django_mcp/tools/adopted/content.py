"""Content blocks of the results of adopted servers, as those of this package."""

from base64 import b64decode
from collections.abc import Iterable, Iterator
from typing import Any

from django_mcp.content import Audio, Block, EmbeddedResource, Image, ResourceLink, Text
from django_mcp.exceptions import InvalidResultError


def read_blocks(blocks: Iterable[Any]) -> Iterator[Block]:
    """Yield content blocks of the SDK as those of this package.

    Raises `InvalidResultError` for one of a kind that MCP does not know.
    """
    for block in blocks:
        match block.type:
            case "text":
                yield Text(text=block.text)
            case "image":
                yield Image(data=b64decode(block.data), mime_type=block.mime_type)
            case "audio":
                yield Audio(data=b64decode(block.data), mime_type=block.mime_type)
            case "resource":
                yield _embedded(block.resource)
            case "resource_link":
                yield ResourceLink(
                    uri=str(block.uri),
                    name=block.name,
                    title=block.title,
                    description=block.description,
                    mime_type=block.mime_type,
                    size=block.size,
                )
            case kind:
                raise InvalidResultError(f"{kind!r} is no kind of content that MCP knows")


def _embedded(resource: Any) -> EmbeddedResource:
    blob = getattr(resource, "blob", None)
    return EmbeddedResource(
        uri=str(resource.uri),
        text=None if blob is not None else resource.text,
        data=None if blob is None else b64decode(blob),
        mime_type=resource.mime_type,
    )
