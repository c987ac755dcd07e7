"""Signature of the function of a source: the context of the call, and its arguments as JSON."""

from django_mcp.schemas.input.json_signature import JSONSignature, read_json_signature
from django_mcp.schemas.json_schema import JSONSchema

CONTEXT = "context"
"""Parameter by which the function is given the `ToolContext`."""

ARGUMENTS = "arguments"
"""Parameter by which the function is given the arguments, a dict."""


def source_signature(
    schema: JSONSchema, *, requires_user: bool = False, trims_text: bool = False
) -> JSONSignature:
    """Return the signature of `function(context, arguments)` with this input schema.

    Raises `ValueError` for the author of the declaration.
    """
    return read_json_signature(
        schema,
        parameter=ARGUMENTS,
        context_parameter=CONTEXT,
        requires_user=requires_user,
        trims_text=trims_text,
    )
