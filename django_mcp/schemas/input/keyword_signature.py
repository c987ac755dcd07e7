"""Signatures of functions that take the context of the call and keywords of given types."""

import inspect
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django_mcp.schemas.input.function_signature import FunctionSignature, read_signature

CONTEXT = "django_mcp_context"
"""Parameter by which the function is given the `ToolContext`."""


def keyword_signature(
    annotations: Mapping[str, Any],
    *,
    descriptions: Mapping[str, str],
    defaults: Mapping[str, Any] | None = None,
    requires_user: bool = False,
    page_size: int | None = None,
) -> FunctionSignature:
    """Return the signature of a function with these parameters, by their annotations.

    Those with `defaults` may be left out, and are not given to the function then. With a
    `page_size`, the parameters of pages are added. Raises `ValueError` for the author of the
    declaration.
    """

    def function(**arguments: Any) -> None:
        """Stand for the function."""

    defaults = defaults or {}
    parameters = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            annotation=annotation,
            default=defaults.get(name, inspect.Parameter.empty),
        )
        for name, annotation in annotations.items()
    ]
    function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    function.__annotations__ = dict(annotations)
    signature = read_signature(
        function, descriptions=descriptions, schema_extra=None, page_size=page_size
    )
    return replace(signature, requires_user=requires_user, context_parameter=CONTEXT)
