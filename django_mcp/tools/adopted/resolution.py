"""Resolution of an `AdoptedToolDeclaration` into a `Tool`."""

from typing import Any

from django_mcp.primitives.resolution import Resolution
from django_mcp.tools.adopted.declaration import AdoptedToolDeclaration
from django_mcp.tools.adopted.definitions import HINTS
from django_mcp.tools.adopted.output import AdoptedOutput
from django_mcp.tools.resolution import build_tool
from django_mcp.tools.sources.signature import source_signature
from django_mcp.tools.tool import Tool


def resolve(declaration: AdoptedToolDeclaration) -> Tool:
    """Return the tool of a declaration. Raises `ValueError` with all problems, for its author."""
    resolution = Resolution(declaration)
    definition = declaration.definition
    schema = {"properties": {}, **definition.input_schema}
    if schema.get("type") != "object":
        resolution.problems.append("its input schema is not that of an object")
    output_schema = definition.output_schema
    if output_schema is not None and output_schema.get("type") != "object":
        resolution.problems.append(
            "its output schema is not that of an object, which clients of the 2025 revisions need"
        )
    return build_tool(
        resolution,
        declaration,
        signature=resolution.attempt(source_signature, schema),
        output=AdoptedOutput(output_schema),
        annotations=_annotations(declaration),
    )


def _annotations(declaration: AdoptedToolDeclaration) -> dict[str, Any]:
    """Return the annotations that the server has published, and over them the given options."""
    published = declaration.definition.annotations
    annotations: dict[str, Any] = {}
    if published is not None:
        annotations = published.model_dump(exclude_none=True)
    for option, hint in HINTS.items():
        given = getattr(declaration.adopted, option)
        if given is not None:
            annotations[hint] = given
    return annotations
