"""In-memory snapshot of the policy and of declared rows, so that calls do not query for them."""

import math
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock

from django_mcp.conf import settings
from django_mcp.kinds import Key
from django_mcp.models import ClientRegistration, ToolGroup, ToolSwitch
from django_mcp.policy.requirements import Verdicts
from django_mcp.primitives.primitive import Primitive
from django_mcp.primitives.registry import Registry, get_registry
from django_mcp.primitives.rows import read_rows, with_rows

MAX_AGE_SECONDS = 1.0
"""Age after which a snapshot is read again; a change counts everywhere within two seconds."""

BUDGET_COLUMNS = ("rows_per_hour", "rows_per_day", "bytes_per_hour", "bytes_per_day")


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPolicy:
    """Policy of one tool group, as its row has it.

    `allowed_groups` holds keys of Django groups, `switched_off` kinds and names of primitives,
    `read_rate` and `write_rate` texts such as `100/m`, or nothing, and `budget` the rows and bytes
    that a caller may take out, by the names of the columns.
    """

    enabled: bool
    read_only: bool = False
    allowed_groups: frozenset[int] = frozenset()
    allowed_clients: frozenset[str] = frozenset()
    switched_off: frozenset[Key] = frozenset()
    read_rate: str = ""
    write_rate: str = ""
    budget: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientPolicy:
    """Rates of one OAuth client, as its row has them: texts such as `100/m`, or nothing."""

    read_rate: str = ""
    write_rate: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Policies of all groups at one moment, and the verdicts of predicates since then.

    `clients` are those with limits of their own, by their ids, and `rows` the primitives that rows
    declare at that moment.
    """

    groups: Mapping[str, GroupPolicy]
    clients: Mapping[str, ClientPolicy] = field(default_factory=dict)
    rows: tuple[Primitive, ...] = ()
    verdicts: Verdicts = field(default_factory=Verdicts, compare=False, repr=False)

    @property
    def registry(self) -> Registry:
        """Registry of all that is declared, by the code and in rows."""
        return with_rows(get_registry(), self.rows)

    @property
    def allows_groups(self) -> bool:
        """True if a tool group is limited to some user groups."""
        return any(policy.allowed_groups for policy in self.groups.values())

    def policy(self, group: str) -> GroupPolicy:
        """Return the policy of a group, or that of new groups for one that has no row yet."""
        return self.groups.get(group) or GroupPolicy(enabled=settings.ENABLE_NEW_GROUPS)


def read_snapshot() -> Snapshot:
    """Read every group's policy from the database in two queries, then clients and declared rows.

    A group and who may use it come in one: with a change between two queries, a group that was
    closed to all but a few could look open to everybody. Its switches come after it, because
    people open a group and switch some of what is in it off in one go.
    """
    rows = list(
        ToolGroup.objects.values(
            "name",
            "enabled",
            "read_only",
            "allowed_clients",
            "allowed_groups",
            "read_rate",
            "write_rate",
            *BUDGET_COLUMNS,
        ).order_by()
    )
    members: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        if row["allowed_groups"] is not None:
            members[row["name"]].add(row["allowed_groups"])
    switched_off: dict[str, set[Key]] = defaultdict(set)
    rows_off = ToolSwitch.objects.filter(enabled=False)
    for group, kind, name in rows_off.values_list("group__name", "kind", "name"):
        switched_off[group].add((kind, name))
    return Snapshot(
        rows=read_rows(),
        groups={
            row["name"]: GroupPolicy(
                enabled=row["enabled"],
                read_only=row["read_only"],
                allowed_groups=frozenset(members[row["name"]]),
                # One row that no form has checked must not close every group.
                allowed_clients=frozenset(map(str, row["allowed_clients"] or ())),
                switched_off=frozenset(switched_off[row["name"]]),
                read_rate=row["read_rate"],
                write_rate=row["write_rate"],
                budget={name: row[name] for name in BUDGET_COLUMNS if row[name] is not None},
            )
            for row in rows
        },
        clients={
            client: ClientPolicy(read_rate=read_rate, write_rate=write_rate)
            for client, read_rate, write_rate in ClientRegistration.objects.limited()
        },
    )


_lock = Lock()
# In one piece: a thread that was held up between two must not take an old snapshot for a new one.
_latest: tuple[Snapshot, float] | None = None


def known_snapshot() -> Snapshot | None:
    """Return the latest snapshot if it is less than `MAX_AGE_SECONDS` old. Never queries."""
    latest = _latest
    if latest is None or time.monotonic() - latest[1] >= MAX_AGE_SECONDS:
        return None
    return latest[0]


def latest_snapshot() -> Snapshot | None:
    """Return the latest snapshot, however old; None before the first. Never queries.

    For what follows a look-up of the same request, which has read a current one.
    """
    return None if _latest is None else _latest[0]


def current_snapshot() -> Snapshot:
    """Return a snapshot at most `MAX_AGE_SECONDS` old. Call it from a thread: it may query."""
    global _latest
    known = known_snapshot()
    if known is None:
        with _lock:
            known = known_snapshot()  # another thread may have come first
            if known is None:
                # The time before the query, so that a change during it is seen in time.
                now = time.monotonic()
                known = read_snapshot()
                _latest = (known, now)
    return known


def forget_snapshot() -> None:
    """Drop the snapshot of this process; the next use reads the database again."""
    global _latest
    with _lock:
        # Kept for those whose look-up came before; no age is less than infinite.
        _latest = None if _latest is None else (_latest[0], -math.inf)
