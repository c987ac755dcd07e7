"""Catalog of the primitives that a principal sees, with the reasons that hide the others."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from django_mcp.kinds import Kind
from django_mcp.policy.denial_texts import Names, denial_texts_of
from django_mcp.policy.operator_messages import closed_groups_advice, nothing_declared
from django_mcp.policy.snapshot import Snapshot, current_snapshot, known_snapshot
from django_mcp.policy.visibility import Denial, Visibility, hides_by_caller
from django_mcp.primitives.primitive import Primitive
from django_mcp.principals import Principal
from django_mcp.threads.executors import run_in_control

P = TypeVar("P", bound=Primitive)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Primitive with its visibility for one principal; without a `denial` it is listed.

    `reasons` are in words for operators: one for each denial, not the first alone, and one where
    the principal lacks scopes. They name what is missing.
    """

    primitive: Primitive
    denial: Denial | None
    missing_scopes: frozenset[str]
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup(Generic[P]):
    """Result of a look-up for a principal: what was found, unless it is hidden or missing.

    `login_scopes` are its scopes where logging in is all that an anonymous caller needs, seen or
    not; empty for any other.
    """

    found: P | None
    login_scopes: frozenset[str] = frozenset()


def survey(principal: Principal) -> list[Entry]:
    """Return every primitive with its visibility for this principal, in the order of lists.

    Call it from a thread.
    """
    snapshot = current_snapshot()
    visibility = Visibility(principal, snapshot)
    every = snapshot.registry.primitives.values()
    denials = {each: tuple(visibility.denials(each)) for each in every}
    names = Names.of(denials, visibility)
    return [
        Entry(
            primitive=primitive,
            denial=next(iter(found), None),
            missing_scopes=primitive.scopes - principal.scopes,
            reasons=tuple(denial_texts_of(primitive, found, visibility, names)),
        )
        for primitive, found in denials.items()
    ]


def empty_list_reason(kind: Kind, principal: Principal) -> str:
    """Return the reasons for an empty list, as text for operators that names no user.

    Call it from a thread.
    """
    entries = [each for each in survey(principal) if each.primitive.kind is kind]
    if not entries:
        return nothing_declared(kind)
    closed = {each.primitive.group for each in entries if each.denial is Denial.GROUP_DISABLED}
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


def visible(cls: type[P], principal: Principal) -> list[P]:
    """Return the primitives of a class that this principal is shown, such as every `Tool`.

    Those that lack only scopes are among them.
    """
    snapshot = current_snapshot()
    visibility = Visibility(principal, snapshot)
    return [each for each in snapshot.registry.of(cls).values() if visibility.sees(each)]


def varies_by_caller(cls: type[Primitive]) -> bool:
    """Return whether `visible` may be another list for another principal of an endpoint."""
    snapshot = current_snapshot()
    every = snapshot.registry.of(cls).values()
    return any(hides_by_caller(each, snapshot.policy(each.group)) for each in every)


def reads_alike(primitive: Primitive) -> bool:
    """Return whether every caller may read the same of a primitive, as far as it declares.

    What takes the user or the context may return another result for another caller, as may what is
    kept by values of the project's own.
    """
    signature = primitive.signature
    by_caller = signature.user_parameter or signature.context_parameter or primitive.scopes
    by_tenant = primitive.cache is not None and primitive.cache.functions
    policy = current_snapshot().policy(primitive.group)
    return not by_caller and not by_tenant and not hides_by_caller(primitive, policy)


async def find(cls: type[P], name: str, principal: Principal) -> P | None:
    """Return the primitive of this class and name, if the principal sees it."""
    return (await look_up(cls, name, principal)).found


async def look_up(cls: type[P], name: str, principal: Principal) -> Lookup[P]:
    """Look a primitive up, and judge whether the principal sees it: once for a call.

    Hidden ones and missing ones take the same way: on a thread where rights are read, else none.
    """
    snapshot = await _snapshot()
    declared = snapshot.registry.find(cls, name)
    return await _look_up(() if declared is None else (declared,), principal, snapshot)


async def look_up_first(candidates: Sequence[P], principal: Principal) -> Lookup[P]:
    """Look up the first of several primitives that the principal sees, as `look_up` does."""
    return await _look_up(candidates, principal, await _snapshot())


async def _snapshot() -> Snapshot:
    known = known_snapshot()
    return await run_in_control(current_snapshot) if known is None else known


async def _look_up(candidates: Sequence[P], principal: Principal, snapshot: Snapshot) -> Lookup[P]:
    visibility = Visibility(principal, snapshot)
    first = next(iter(candidates), None)
    if len(candidates) > 1 or visibility.may_query_to_show(first):
        return await run_in_control(_judge, visibility, candidates)
    return _judge(visibility, candidates)


def _judge(visibility: Visibility, candidates: Sequence[P]) -> Lookup[P]:
    found = next((each for each in candidates if visibility.sees(each)), None)
    shown = visibility.shown(found)
    asked = found or next(filter(visibility.must_log_in, candidates), None)
    if asked is None or not visibility.must_log_in(asked):
        return Lookup(found=shown)
    return Lookup(found=shown, login_scopes=asked.scopes)
