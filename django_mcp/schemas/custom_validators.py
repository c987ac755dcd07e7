"""Which types bring code of their own into validation."""

from typing import Any

from pydantic import TypeAdapter

from django_mcp.schemas.core_schemas import FUNCTIONS, has_kind

WITH_CODE = (*FUNCTIONS, "model", "dataclass", "call")
"""Kinds of schemas that run functions, initialisers or default factories of the author's."""


def runs_validators(adapter: TypeAdapter[Any]) -> bool:
    """Whether validating may run code of the function's author, which may do anything."""
    return has_kind(adapter.core_schema, WITH_CODE)
