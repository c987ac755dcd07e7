"""Which tools a principal sees, and why not the others."""

from collections import Counter
from dataclasses import dataclass

from django_mcp.policy.advice import NO_TOOLS, closed_groups_advice
from django_mcp.policy.reasons import Names, reasons_of
from django_mcp.policy.snapshot import current_snapshot, known_snapshot
from django_mcp.policy.visibility import Denial, Visibility
from django_mcp.principals import Principal
from django_mcp.threads.executors import run_in_control
from django_mcp.tools.registry import get_registry
from django_mcp.tools.tool import Tool


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One tool as it stands for one principal; without a `denial` it is listed.

    `reasons` are in words for operators: one for each denial, not the first alone, and one where
    the principal lacks scopes. They name what is missing.
    """

    tool: Tool
    denial: Denial | None
    missing_scopes: frozenset[str]
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """Result of the look-up of a tool for a principal: the tool, unless it is hidden or missing.

    `login_scopes` are the scopes of a tool for which logging in is all that an anonymous caller
    needs, seen or not; empty for any other.
    """

    tool: Tool | None
    login_scopes: frozenset[str] = frozenset()


def survey(principal: Principal) -> list[Entry]:
    """Every tool, in the order of lists, as it stands for this principal. Call it from a thread."""
    visibility = Visibility(principal, current_snapshot())
    tools = get_registry().tools.values()
    denials = {tool: tuple(visibility.denials(tool)) for tool in tools}
    names = Names.of(denials, visibility)
    return [
        Entry(
            tool=tool,
            denial=next(iter(found), None),
            missing_scopes=tool.scopes - principal.scopes,
            reasons=tuple(reasons_of(tool, found, visibility, names)),
        )
        for tool, found in denials.items()
    ]


def empty_list_reason(principal: Principal) -> str:
    """Why this principal is shown no tool, in words for operators that name no user.

    Call it from a thread.
    """
    entries = survey(principal)
    if not entries:
        return NO_TOOLS
    closed = {each.tool.group for each in entries if each.denial is Denial.GROUP_DISABLED}
    denials = (each.denial for each in entries)
    others = Counter(each for each in denials if each and each is not Denial.GROUP_DISABLED)
    sentences = []
    if others:
        counted = ", ".join(f"{denial.label} ({count})" for denial, count in others.items())
        sentences.append(
            f"Hidden from this caller: {counted}; python manage.py mcp_catalog --user NAME lists "
            "what a user is shown, and why not the rest."
        )
    if closed:
        sentences.append(closed_groups_advice(sorted(closed)))
    return " ".join(sentences)


def visible_tools(principal: Principal) -> list[Tool]:
    """The tools that this principal is shown; those that lack only scopes are among them."""
    visibility = Visibility(principal, current_snapshot())
    return [tool for tool in get_registry().tools.values() if visibility.sees(tool)]


async def find_tool(principal: Principal, name: str) -> Tool | None:
    """The tool of this name, if the principal sees it."""
    return (await look_up(principal, name)).tool


async def look_up(principal: Principal, name: str) -> Lookup:
    """Look a tool up by its name, and judge whether the principal sees it: once for a call.

    Hidden tools and missing ones take the same way: on a thread where rights are read, else none.
    """
    tool = get_registry().get(name)
    snapshot = known_snapshot()
    if snapshot is None:
        snapshot = await run_in_control(current_snapshot)
    visibility = Visibility(principal, snapshot)
    if visibility.may_query_to_show(tool):
        return await run_in_control(_judge, visibility, tool)
    return _judge(visibility, tool)


def _judge(visibility: Visibility, tool: Tool | None) -> Lookup:
    shown = visibility.shown(tool)
    if tool is None or not visibility.must_log_in(tool):
        return Lookup(tool=shown)
    return Lookup(tool=shown, login_scopes=tool.scopes)
