"""Which tools a principal sees, and why not the others."""

from dataclasses import dataclass

from django_mcp.concurrency import run_in_control
from django_mcp.policy.snapshot import current_snapshot, known_snapshot
from django_mcp.policy.visibility import Denial, Visibility
from django_mcp.principals import Principal
from django_mcp.tools.registry import get_registry
from django_mcp.tools.tool import Tool


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One tool as it stands for one principal; without a `denial` it is listed.

    `missing_permissions` are named where they are the reason.
    """

    tool: Tool
    denial: Denial | None
    missing_scopes: frozenset[str]
    missing_permissions: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """Why the tool is hidden, in words for operators; empty without a denial."""
        if self.denial is None:
            return ""
        details = self.missing_permissions
        if self.denial is Denial.REQUIREMENT_UNMET and self.tool.requires is not None:
            details = (self.tool.requires.name,)
        return ": ".join(filter(None, [str(self.denial), " ".join(details)]))


def survey(principal: Principal) -> list[Entry]:
    """Every tool, in the order of lists, as it stands for this principal. Call it from a thread."""
    visibility = Visibility(principal, current_snapshot())
    return [_entry(tool, visibility) for tool in get_registry().tools.values()]


def _entry(tool: Tool, visibility: Visibility) -> Entry:
    denial = visibility.denial(tool)
    lacks_permission = denial is Denial.PERMISSION_MISSING
    return Entry(
        tool=tool,
        denial=denial,
        missing_scopes=tool.scopes - visibility.principal.scopes,
        missing_permissions=visibility.missing_permissions(tool) if lacks_permission else (),
    )


def visible_tools(principal: Principal) -> list[Tool]:
    """The tools that this principal is shown; those that lack only scopes are among them."""
    visibility = Visibility(principal, current_snapshot())
    return [tool for tool in get_registry().tools.values() if visibility.sees(tool)]


async def find_tool(principal: Principal, name: str) -> Tool | None:
    """The tool of this name, if the principal sees it.

    Hidden tools and missing ones take the same way: on a thread where rights are read, else none.
    """
    snapshot = known_snapshot()
    if snapshot is None or Visibility(principal, snapshot).may_query_to_find(name):
        return await run_in_control(_find, principal, name)
    return Visibility(principal, snapshot).find(name)


def _find(principal: Principal, name: str) -> Tool | None:
    return Visibility(principal, current_snapshot()).find(name)
