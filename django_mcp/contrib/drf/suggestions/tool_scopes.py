"""Scopes of tools that are suggested: those that the group has already, else of its name."""

from collections import Counter
from collections.abc import Iterable

from django_mcp.primitives.primitive import Primitive
from django_mcp.tools.tool import Tool


def suggested_scopes(
    group: str, *, read_only: bool, primitives: Iterable[Primitive]
) -> tuple[str, ...]:
    """Return the scopes that most tools of a group ask for, of those that read or of the others."""
    used = Counter(
        tuple(sorted(each.scopes))
        for each in primitives
        if isinstance(each, Tool) and each.group == group and each.read_only is read_only
    )
    used.pop((), None)
    if used:
        return used.most_common(1)[0][0]
    return (f"{group}:read" if read_only else f"{group}:write",)
