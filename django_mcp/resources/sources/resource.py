"""Base class of the resources of a source, and the signature by which they are read."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django_mcp.resources.resource import Resource
from django_mcp.schemas.input.function_signature import read_signature
from django_mcp.schemas.input.signature import Signature

CONTEXT = "django_mcp_context"
"""Parameter of the function of a source by which it is given the caller."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SourceResource(Resource):
    """Resources of a source, whose function takes the `CONTEXT` and the variables of the URI."""

    @property
    def may_report(self) -> bool:
        """See `Primitive`: False, because a source sends nothing before its content."""
        return False


def source_signature(
    variables: Mapping[str, Any], *, descriptions: Mapping[str, str], requires_user: bool
) -> Signature:
    """Return the signature of the function of a source: its variables, by their annotations.

    Raises `ValueError` for the author of the declaration.
    """

    def read(**variables: Any) -> None:
        """Read a resource."""

    parameters = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation)
        for name, annotation in variables.items()
    ]
    read.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    read.__annotations__ = dict(variables)
    signature = read_signature(read, descriptions=descriptions, schema_extra=None)
    return replace(signature, requires_user=requires_user, context_parameter=CONTEXT)
