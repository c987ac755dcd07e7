"""Detection of types whose validation runs code of the project."""

from typing import Any

from pydantic import TypeAdapter

from django_mcp.schemas.core_schemas import FUNCTIONS, has_kind

WITH_CODE = (*FUNCTIONS, "model", "dataclass", "call")
"""Kinds of schemas that run functions, initialisers or default factories of the author's."""


def runs_validators(adapter: TypeAdapter[Any]) -> bool:
    """Return whether validating may run code of the function's author."""
    return has_kind(adapter.core_schema, WITH_CODE)
