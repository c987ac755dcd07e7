"""What a user gives with each scope: the tools that it opens to this user, in plain words."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from oauth2_provider.scopes import get_scopes_backend

from django_mcp.auth.scopes import in_words
from django_mcp.models import ToolGroup
from django_mcp.policy.snapshot import current_snapshot
from django_mcp.policy.visibility import Visibility
from django_mcp.principals import Principal
from django_mcp.tools.registry import get_registry
from django_mcp.tools.tool import Tool


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedTool:
    """A tool as its user reads of it. `more_scopes` are those that it needs as well."""

    title: str
    effect: str | Promise
    is_harmful: bool
    more_scopes: Sequence[str]

    @classmethod
    def of(cls, tool: Tool, scope: str = "") -> Self:
        """Describe a tool, as one that `scope` opens."""
        if tool.read_only:
            effect = _("only reads")
        elif tool.destructive is False:
            effect = _("adds or changes")
        else:
            # As in the protocol: what its author left open may destroy.
            effect = _("may change or delete")
        return cls(
            title=tool.title or in_words(tool.name),
            effect=effect,
            is_harmful=not tool.read_only and tool.destructive is not False,
            more_scopes=sorted(tool.scopes - {scope}),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedGroup:
    """Tools of one group."""

    title: str
    tools: Sequence[OfferedTool]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedScope:
    """A scope that is asked for, and the tools that it opens; none for one of the host's own."""

    name: str
    description: str
    is_of_tools: bool
    groups: Sequence[OfferedGroup]

    @property
    def tool_count(self) -> int:
        return sum(len(group.tools) for group in self.groups)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """All that is asked for, scopes of tools first, and the tools that need no scope."""

    scopes: Sequence[OfferedScope]
    open_groups: Sequence[OfferedGroup]


def make_offer(principal: Principal) -> Offer:
    """Describe the principal's scopes, by the tools that its user may see at this moment."""
    visibility = Visibility(principal, current_snapshot())
    visible = [tool for tool in get_registry().tools.values() if visibility.sees(tool)]
    descriptions = get_scopes_backend().get_all_scopes()
    titles = dict(ToolGroup.objects.values_list("name", "title"))

    def grouped(scope: str, tools: Iterable[Tool]) -> list[OfferedGroup]:
        by_group: dict[str, list[OfferedTool]] = defaultdict(list)
        for tool in tools:
            by_group[tool.group].append(OfferedTool.of(tool, scope))
        return [
            OfferedGroup(title=titles.get(group) or in_words(group), tools=offered)
            for group, offered in sorted(by_group.items())
        ]

    scopes_of_tools = get_registry().scopes
    return Offer(
        scopes=[
            OfferedScope(
                name=scope,
                description=str(descriptions.get(scope, scope)),
                is_of_tools=scope in scopes_of_tools,
                groups=grouped(scope, [tool for tool in visible if scope in tool.scopes]),
            )
            for scope in sorted(
                principal.scopes,
                key=lambda each: (each not in scopes_of_tools, scopes_of_tools.get(each), each),
            )
        ],
        open_groups=grouped("", [tool for tool in visible if not tool.scopes]),
    )
