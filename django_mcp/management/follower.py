"""Following the record while it grows."""

import time
from collections.abc import Callable, Iterable

from django.db.models import Q

from django_mcp.models import CallRecord
from django_mcp.models.records import CallRecordQuerySet

PATIENCE = 60.0
"""Seconds for which a number that was skipped may still turn up: its writer may be slower."""

MOST_AT_ONCE = 1_000


class Follower:
    """Finds what has been written since it was made, and what has ended since.

    Numbers are given when a row is written and seen when it is committed, so rows can turn up below
    others that are known already. `records` says which rows are wanted; `outcome`, if any, how they
    stand: a call that is not wanted while it runs may be so when it has ended.
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
        on_their_way = range(max(1, self._last - MOST_AT_ONCE), self._last)
        self._note_missing(set(on_their_way).difference(known))
        self._running = set(self._keys(Q(outcome=CallRecord.Outcome.RUNNING)))

    def look(self) -> list[CallRecord]:
        """What is new, in the order of its beginning. An empty list means: nothing for now."""
        ended = self._keys(Q(pk__in=self._running) & ~Q(outcome=CallRecord.Outcome.RUNNING))
        late = self._keys(Q(pk__in=self._missing))
        new = CallRecord.objects.filter(pk__gt=self._last).order_by("pk")
        fresh = list(new.values_list("pk", flat=True)[:MOST_AT_ONCE])
        for key in late:
            del self._missing[key]
        for key in fresh:
            self._note_missing(range(max(self._last + 1, key - MOST_AT_ONCE), key))
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
        """The highest number that has been looked at."""
        return self._last

    @property
    def is_behind(self) -> bool:
        """Whether another look is worth taking at once."""
        return CallRecord.objects.filter(pk__gt=self._last).exists()

    def _keys(self, condition: Q) -> list[int]:
        keys = CallRecord.objects.filter(condition).order_by("-pk").values_list("pk", flat=True)
        return list(keys[:MOST_AT_ONCE])

    def _note_missing(self, keys: Iterable[int]) -> None:
        now = self._clock()
        self._missing.update(dict.fromkeys(keys, now))

    def _forget_missing(self) -> None:
        """Give up what was rolled back: after a while, and the oldest when there is too much."""
        oldest = self._clock() - PATIENCE
        kept = sorted(key for key, noticed in self._missing.items() if noticed > oldest)
        self._missing = {key: self._missing[key] for key in kept[-MOST_AT_ONCE:]}
