"""Results on the wire: of calls, reads and gets that ended well."""

from typing import Any
from uuid import UUID

from mcp_types import GetPromptResult, PromptMessage, ReadResourceResult

from django_mcp import content
from django_mcp.meta_keys import CALL_ID_META_KEY
from django_mcp.primitives.primitive import Primitive
from django_mcp.protocol.content_blocks import block_json, block_model, resource_contents
from django_mcp.schemas.output.output import Rendered


def wire_result(rendered: Rendered, call_id: UUID) -> dict[str, Any]:
    """Return the result of a tool, as the JSON of a `CallToolResult`.

    The SDK checks it once more on its way out, so that nothing is gained by its model.
    """
    data = {} if rendered.structured is None else {"structuredContent": rendered.structured}
    return {
        "content": [block_json(each) for each in rendered.content],
        **data,
        "isError": False,
        "resultType": "complete",
        "_meta": _meta(rendered, call_id),
    }


def read_result(rendered: Rendered, call_id: UUID) -> ReadResourceResult:
    """Return the result of `resources/read`."""
    return ReadResourceResult(
        contents=[
            resource_contents(each)
            for each in rendered.content
            if isinstance(each, content.EmbeddedResource)
        ],
        _meta=_meta(rendered, call_id),
    )


def prompt_result(rendered: Rendered, call_id: UUID, prompt: Primitive) -> GetPromptResult:
    """Return the result of `prompts/get`."""
    return GetPromptResult(
        description=prompt.description,
        messages=[
            PromptMessage(role=each.role, content=block_model(each.block))
            for each in rendered.content
            if isinstance(each, content.PromptMessage)
        ],
        _meta=_meta(rendered, call_id),
    )


def _meta(rendered: Rendered, call_id: UUID) -> dict[str, Any]:
    return {**rendered.meta, CALL_ID_META_KEY: str(call_id)}
