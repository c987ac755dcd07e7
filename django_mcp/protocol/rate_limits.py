"""Limits of the caller in the definitions of lists: in their `_meta`, and in words."""

from typing import Any, TypeVar

from mcp_types import Prompt, Resource, ResourceTemplate, Tool

from django_mcp.meta_keys import RATE_LIMITS_META_KEY
from django_mcp.policy.rate_limits import RateLimit, own_limits
from django_mcp.policy.snapshot import latest_snapshot
from django_mcp.primitives.primitive import Primitive

D = TypeVar("D", Tool, Resource, ResourceTemplate, Prompt)


def with_limits(definition: D, primitive: Primitive) -> D:
    """Return a definition with the limits that each caller has, if there are any.

    Those that count the calls of several callers are told to none. Follow a look-up by this: it
    takes the latest snapshot.
    """
    limits = own_limits(primitive, latest_snapshot())
    if not limits:
        return definition
    added = _members(definition.description or "", definition.meta or {}, limits, primitive)
    return definition.model_copy(
        update={"description": added["description"], "meta": added["_meta"]}
    )


def with_limits_json(definition: dict[str, Any], primitive: Primitive) -> dict[str, Any]:
    """Return the JSON of a definition as `with_limits` does; its other members are not copied."""
    limits = own_limits(primitive, latest_snapshot())
    if not limits:
        return definition
    meta = definition.get("_meta", {})
    return {**definition, **_members(definition["description"], meta, limits, primitive)}


def _members(
    description: str, meta: dict[str, Any], limits: list[RateLimit], primitive: Primitive
) -> dict[str, Any]:
    words = ", ".join(each.words() for each in limits)
    listed = [each.as_json(primitive.kind) for each in limits]
    return {
        "description": f"{description}\n\nAt most {words}.".strip(),
        "_meta": {**meta, RATE_LIMITS_META_KEY: listed},
    }
