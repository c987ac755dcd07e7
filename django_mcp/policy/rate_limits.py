"""Limits of calls in time: those of the code, of the settings and of rows that concern a call."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django_mcp.conf import settings
from django_mcp.policy.callers import caller_key, digest
from django_mcp.policy.snapshot import Snapshot
from django_mcp.primitives.primitive import Primitive
from django_mcp.principals import Principal
from django_mcp.rate import Rate

logger = logging.getLogger(__name__)

NOUNS = {"": "call", "read": "read", "write": "write"}
"""Nouns of what a limit counts, by the suffix that its name has in the settings."""

SUBJECTS = ("user", "client", "user_client", "tool", "group", "endpoint", "all")
"""Subjects of the limits in the settings: those whose calls are counted together."""

OWN_SUBJECTS = ("user", "user_client", "each tool", "each group")
"""Subjects of which nobody else's calls are counted: its limit may be known to the caller."""

OWN_WORDS = {
    "each tool": "",
    "each group": " over its group",
    "user": " in all",
    "user_client": " in all through one client",
}
"""Words for a caller, of which of its calls a limit is."""

SHARED_TEXTS = {
    "client": "Too many calls come through this client at the moment.",
    "client row": "Too many calls come through this client at the moment.",
    "tool": "This is called too often at the moment.",
    "group": "This and what belongs to it is called too often at the moment.",
    "endpoint": "There are too many calls at the moment.",
    "all": "There are too many calls at the moment.",
}
"""Refusals by limits that count the calls of others as well, without their numbers."""

CALLER_SUBJECTS = ("user", "client", "user_client", "endpoint", "all")
"""Subjects in the settings that do not depend on what is called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """Limit of the calls of a subject.

    The subject is one of the settings, or `each tool`, `each group` or `client row`: each caller of
    a declaration with a rate, or of a group whose row has one, and the client of such a row. `noun`
    is what is counted: `call`, `read` or `write`.
    """

    subject: str
    noun: str
    rate: Rate

    @property
    def is_own(self) -> bool:
        """True if it counts the calls of the caller alone."""
        return self.subject in OWN_SUBJECTS

    @property
    def is_of_endpoint(self) -> bool:
        """True if it counts all calls of all callers, so that nobody can call before it ends."""
        return self.subject in ("endpoint", "all") and self.noun == NOUNS[""]

    def words(self) -> str:
        """Return a limit of the caller's own in words, such as `30 reads per minute in all`."""
        return f"{self.rate.of(self.noun)}{OWN_WORDS[self.subject]}"

    def refusal_text(self, kind: str) -> str:
        """Return the message of a refusal by it, of a call of this kind of primitive."""
        if not self.is_own:
            return SHARED_TEXTS[self.subject]
        of_this = f" of this {kind}" if self.subject == "each tool" else ""
        return f"You may make at most {self.words()}{of_this}."

    def as_json(self, kind: str) -> dict[str, Any]:
        """Return a limit of the caller's own as clients are told it, for this kind of primitive."""
        per = {"each tool": str(kind), "each group": "group"}.get(self.subject, self.subject)
        return {
            "limit": self.rate.limit,
            "seconds": self.rate.seconds,
            "per": per,
            "of": f"{self.noun}s",
        }

    @property
    def name(self) -> str:
        """Name by which its calls are counted."""
        return f"{self.subject}:{self.noun}"

    def key(self, primitive: Primitive | None, principal: Principal, address: str) -> str:
        """Return the key by which it counts a call of the primitive by this caller."""
        target = ("", "", "") if primitive is None else (*primitive.key, primitive.group)
        kind, name, group = target
        if self.subject == "user":
            return caller_key(principal, address)
        if self.subject == "user_client":
            return digest(caller_key(principal, address), principal.client_id)
        if self.subject in ("client", "client row"):
            return principal.client_id
        if self.subject == "tool":
            return digest(kind, name)
        if self.subject == "each tool":
            return digest(caller_key(principal, address), kind, name)
        if self.subject == "group":
            return group
        if self.subject == "each group":
            return digest(caller_key(principal, address), group)
        return principal.endpoint.name if self.subject == "endpoint" else ""


def limits_of(
    primitive: Primitive | None, principal: Principal, snapshot: Snapshot | None
) -> list[RateLimit]:
    """Return the limits that concern a call, the caller's own first.

    That is the order to count them in: a call which the caller's own limit refuses takes nothing
    from others. A call without a primitive, such as of an unknown name, counts as one that reads.
    """
    is_read = primitive is None or primitive.read_only
    configured = _configured(is_read=is_read)
    found = _own_limits(primitive, snapshot, configured)
    for each in configured:
        concerns_call = primitive is not None or each.subject in CALLER_SUBJECTS
        if concerns_call and not each.is_own and (each.subject != "client" or principal.client_id):
            found.append(each)
    if snapshot is not None and (row := snapshot.clients.get(principal.client_id)):
        found += _of_row("client row", row.read_rate if is_read else row.write_rate, is_read)
    return found


def own_limits(primitive: Primitive, snapshot: Snapshot | None) -> list[RateLimit]:
    """Return the limits of a primitive that each caller has for itself."""
    return _own_limits(primitive, snapshot, _configured(is_read=primitive.read_only))


def _own_limits(
    primitive: Primitive | None, snapshot: Snapshot | None, configured: Sequence[RateLimit]
) -> list[RateLimit]:
    found: list[RateLimit] = []
    if primitive is not None:
        rates = primitive.rates
        found += [RateLimit(subject="each tool", noun="call", rate=rate) for rate in rates]
        row = None if snapshot is None else snapshot.groups.get(primitive.group)
        if row is not None:
            is_read = primitive.read_only
            found += _of_row("each group", row.read_rate if is_read else row.write_rate, is_read)
    for each in configured:
        if each.is_own:
            found.append(each)
    return found


def read_limit(name: str, text: str) -> RateLimit:
    """Return a limit as the setting spells it. Raises `ValueError` for one that is none."""
    subject, colon, suffix = name.partition(":")
    if subject not in SUBJECTS or suffix not in NOUNS or (colon and not suffix):
        raise ValueError(
            f"{name!r} is none of {', '.join(SUBJECTS)}, each alone or with :read or :write"
        )
    return RateLimit(subject=subject, noun=NOUNS[suffix], rate=Rate.parse(text))


def _configured(*, is_read: bool) -> tuple[RateLimit, ...]:
    rates = settings.RATES
    return _parsed(tuple(rates.items()), is_read=is_read) if rates else ()


@lru_cache(maxsize=16)
def _parsed(rates: tuple[tuple[str, str | None], ...], *, is_read: bool) -> tuple[RateLimit, ...]:
    nouns = ("call", "read" if is_read else "write")
    limits = (read_limit(name, text) for name, text in rates if text is not None)
    return tuple(each for each in limits if each.noun in nouns)


def _of_row(subject: str, text: str, is_read: bool) -> list[RateLimit]:
    rate = _rate_of_row(text) if text else None
    if rate is None:
        return []
    return [RateLimit(subject=subject, noun="read" if is_read else "write", rate=rate)]


@lru_cache(maxsize=1024)
def _rate_of_row(text: str) -> Rate | None:
    """Return the rate of a column; None, and one line in the log, for one that no form has seen."""
    try:
        return Rate.parse(text)
    except ValueError:
        logger.exception("A rate in the database limits nothing")
        return None
