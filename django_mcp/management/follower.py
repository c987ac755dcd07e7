"""Poller of the record of calls, for `mcp_audit --follow`."""

import time
from collections.abc import Callable, Iterable

from django.db.models import Q

from django_mcp.models import CallRecord
from django_mcp.models.records import CallRecordQuerySet

MISSING_KEY_SECONDS = 60.0
"""Time for which a skipped key may still turn up: its transaction may commit later."""

MAX_ROWS = 1_000


class Follower:
    """Poller that finds the calls recorded, and those ended, since it was made.

    Keys are given when a row is written and seen when it is committed, so rows can turn up below
    others that are known already. `records` are the rows that are wanted; `outcome`, if any, is
    theirs: a call that does not match while it runs may match when it has ended.
    """

    def __init__(
        self,
        records: CallRecordQuerySet,
        *,
        outcome: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._records = records
        self._outcome = outcome
        self._clock = clock
        self._missing: dict[int, float] = {}
        known = self._keys(Q())
        self._last = max(known, default=0)
        recent = range(max(1, self._last - MAX_ROWS), self._last)
        self._note_missing(set(recent).difference(known))
        self._running = set(self._keys(Q(outcome=CallRecord.Outcome.RUNNING)))

    def poll(self) -> list[CallRecord]:
        """Return the new and newly ended calls, in the order of their start; empty for none."""
        ended = self._keys(Q(pk__in=self._running) & ~Q(outcome=CallRecord.Outcome.RUNNING))
        late = self._keys(Q(pk__in=self._missing))
        new = CallRecord.objects.filter(pk__gt=self._last).order_by("pk")
        fresh = list(new.values_list("pk", flat=True)[:MAX_ROWS])
        for key in late:
            del self._missing[key]
        for key in fresh:
            self._note_missing(range(max(self._last + 1, key - MAX_ROWS), key))
            self._last = key
        self._forget_missing()
        found = list(self._records.filter(pk__in={*ended, *late, *fresh}).order_by("started", "pk"))
        self._running.difference_update(ended)
        self._running.update(
            record.pk for record in found if record.outcome == CallRecord.Outcome.RUNNING
        )
        return [record for record in found if self._outcome in (None, record.outcome)]

    @property
    def last(self) -> int:
        """Highest key that has been read."""
        return self._last

    @property
    def is_behind(self) -> bool:
        """True if there are more rows to poll at once."""
        return CallRecord.objects.filter(pk__gt=self._last).exists()

    def _keys(self, condition: Q) -> list[int]:
        keys = CallRecord.objects.filter(condition).order_by("-pk").values_list("pk", flat=True)
        return list(keys[:MAX_ROWS])

    def _note_missing(self, keys: Iterable[int]) -> None:
        now = self._clock()
        self._missing.update(dict.fromkeys(keys, now))

    def _forget_missing(self) -> None:
        """Drop the keys that were rolled back: after a time, and the oldest of too many."""
        oldest = self._clock() - MISSING_KEY_SECONDS
        keys = sorted(key for key, noticed in self._missing.items() if noticed > oldest)
        self._missing = {key: self._missing[key] for key in keys[-MAX_ROWS:]}
