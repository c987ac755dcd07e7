"""Requested scopes on the consent page, with all that each opens to the user."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Self

from django.utils.functional import Promise
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from oauth2_provider.scopes import get_scopes_backend

from django_mcp.auth.oauth.scopes import readable_name
from django_mcp.kinds import Kind
from django_mcp.models import ToolGroup
from django_mcp.models.kinds import KIND_CHOICES, counted
from django_mcp.policy.snapshot import current_snapshot
from django_mcp.policy.visibility import Visibility
from django_mcp.primitives.primitive import Primitive
from django_mcp.principals import Principal
from django_mcp.tools.tool import Tool

MAX_UNFOLDED = 10
"""Number of tools, resources and prompts above which they are folded below their counts."""

SUMMARY_SCOPES = 4
SUMMARY_CHARACTERS = 60
"""Length of the description of each of the scopes in a summary."""


class Effect(IntEnum):
    """Effect of a call by the annotations of a tool; the greater, the more harmful."""

    READ = 1
    CHANGE = 2
    DELETE = 3

    @classmethod
    def of(cls, primitive: Primitive) -> Self:
        """Return the effect of a primitive."""
        if primitive.read_only:
            return cls(cls.READ)
        # As in the protocol: what its author left open may destroy.
        is_harmless = isinstance(primitive, Tool) and primitive.destructive is False
        return cls(cls.CHANGE if is_harmless else cls.DELETE)

    @property
    def label(self) -> str | Promise:
        """Label for users."""
        labels = {
            Effect.READ: _("only reads"),
            Effect.CHANGE: _("adds or changes"),
            Effect.DELETE: _("may change or delete"),
        }
        return labels[self]

    @property
    def is_harmful(self) -> bool:
        """True if a call may change or delete something."""
        return self is Effect.DELETE


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectCount:
    """Number of primitives of one effect."""

    effect: Effect
    number: int

    def __str__(self) -> str:
        match self.effect:
            case Effect.READ:
                text = ngettext("%(n)d only reads", "%(n)d only read", self.number)
            case Effect.CHANGE:
                text = ngettext("%(n)d adds or changes", "%(n)d add or change", self.number)
            case Effect.DELETE:
                text = ngettext(
                    "%(n)d may change or delete", "%(n)d may change or delete", self.number
                )
        return text % {"n": self.number}


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedPrimitive:
    """Primitive in the form that users read. `more_scopes` are others that it needs as well."""

    kind: Kind
    title: str
    effect: Effect
    more_scopes: Sequence[str]

    @property
    def kind_label(self) -> str | Promise:
        """Label of the kind for users; empty for a tool."""
        return "" if self.kind is Kind.TOOL else KIND_CHOICES[self.kind]

    @classmethod
    def of(cls, primitive: Primitive, scope: str = "") -> Self:
        """Return the form of a primitive that `scope` opens."""
        return cls(
            kind=primitive.kind,
            title=primitive.title or readable_name(primitive.name),
            effect=Effect.of(primitive),
            more_scopes=sorted(primitive.scopes - {scope}),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedGroup:
    """Primitives of one group."""

    title: str
    primitives: Sequence[OfferedPrimitive]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedPrimitives:
    """Primitives by group, with the number of each kind and of each effect."""

    groups: Sequence[OfferedGroup]

    def __len__(self) -> int:
        return sum(len(group.primitives) for group in self.groups)

    @property
    def contents(self) -> str:
        """Number of each kind that occurs, in words."""
        return counted(each.kind for group in self.groups for each in group.primitives)

    @property
    def counts(self) -> list[EffectCount]:
        """Number of primitives of each effect that occurs, the most harmful effect first."""
        numbers = Counter(each.effect for group in self.groups for each in group.primitives)
        return [
            EffectCount(effect=effect, number=numbers[effect])
            for effect in sorted(numbers, reverse=True)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedScope:
    """Requested scope with all that it opens; nothing for one of the host's own.

    `is_new` is true where the application holds other scopes of this user, and not this one.
    """

    name: str
    description: str
    is_declared: bool
    is_new: bool
    opened: OfferedPrimitives


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Bounded summary of the requested scopes: descriptions of the first, number of the others.

    `is_of_new` is true if it has only scopes that the application does not hold yet.
    """

    words: Sequence[str]
    others: int
    is_of_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Requested scopes, new ones and declared ones first, and all that needs no scope.

    `is_step_up` is true where the application holds some scopes of this user.
    """

    scopes: Sequence[OfferedScope]
    unscoped: OfferedPrimitives
    is_step_up: bool

    @property
    def is_short(self) -> bool:
        """True if all of them together are few enough to be listed at once."""
        number = sum(len(scope.opened) for scope in self.scopes) + len(self.unscoped)
        return number <= MAX_UNFOLDED

    @property
    def summary(self) -> Summary:
        """Summary of the new scopes of a step-up, else of all."""
        new = [scope for scope in self.scopes if scope.is_new]
        scopes = new or self.scopes
        return Summary(
            words=[
                Truncator(scope.description.rstrip(" .")).chars(SUMMARY_CHARACTERS)
                for scope in scopes[:SUMMARY_SCOPES]
            ],
            others=len(scopes[SUMMARY_SCOPES:]),
            is_of_new=bool(new),
        )


def make_offer(principal: Principal, *, granted: frozenset[str] = frozenset()) -> Offer:
    """Return the offer for the scopes of a principal, with all that its user sees now.

    `granted` are the scopes that the application holds of this user already.
    """
    snapshot = current_snapshot()
    visibility = Visibility(principal, snapshot)
    registry = snapshot.registry
    visible = [each for each in registry.primitives.values() if visibility.sees(each)]
    descriptions = get_scopes_backend().get_all_scopes()
    titles = dict(ToolGroup.objects.values_list("name", "title"))

    def grouped(scope: str, primitives: Iterable[Primitive]) -> OfferedPrimitives:
        by_group: dict[str, list[OfferedPrimitive]] = defaultdict(list)
        for primitive in primitives:
            by_group[primitive.group].append(OfferedPrimitive.of(primitive, scope))
        return OfferedPrimitives(
            groups=[
                OfferedGroup(title=titles.get(group) or readable_name(group), primitives=offered)
                for group, offered in sorted(by_group.items())
            ]
        )

    declared = registry.scopes
    return Offer(
        scopes=[
            OfferedScope(
                name=scope,
                description=str(descriptions.get(scope, scope)),
                is_declared=scope in declared,
                is_new=bool(granted) and scope not in granted,
                opened=grouped(scope, [each for each in visible if scope in each.scopes]),
            )
            for scope in sorted(
                principal.scopes,
                key=lambda each: (
                    each in granted,
                    each not in declared,
                    declared.get(each),
                    each,
                ),
            )
        ],
        unscoped=grouped("", [each for each in visible if not each.scopes]),
        is_step_up=bool(granted),
    )
