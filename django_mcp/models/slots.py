"""Slots: a limit on the rows of one caller, which the database keeps."""

import random
from typing import Any

from django.db import IntegrityError, transaction

from django_mcp.models.timed import Row, TimedQuerySet

MAX_SLOT_CHOICES = 64
"""Number of free slots from which a new row chooses one at random."""


class SlotQuerySet(TimedQuerySet[Row]):
    """Queryset of rows that hold a numbered `slot`, unique for their user and client."""

    def taken_slots(self, row: Any) -> set[int]:
        """Return the slots that rows of the same user and client hold."""
        held = self.filter(user=row.user, client=row.client, slot__isnull=False)
        # In no order: databases prefer an index that has it to the one that finds these few rows.
        slots = held.order_by().values_list("slot", flat=True)
        return {slot for slot in slots if slot is not None}

    def insert_in_slot(self, row: Any, *, limit: int) -> bool:
        """Insert a new row; return False if its caller has `limit` others already.

        The database keeps the limit, however many processes insert at once: no two rows of a
        caller hold the same slot. A row whose slot is null counts no more.
        """
        lost: IntegrityError | None = None
        for _attempt in range(min(limit, MAX_SLOT_CHOICES) + 1):
            taken = self.taken_slots(row)
            if len(taken) >= limit:
                return False
            # At random, so that calls which come at once rarely want the same one.
            lowest = range(min(limit, len(taken) + MAX_SLOT_CHOICES))
            row.slot = random.choice([slot for slot in lowest if slot not in taken])
            try:
                with transaction.atomic(using=self.db):  # a failure must not end one around it
                    row.save(force_insert=True)
            except IntegrityError as error:
                lost = error  # another call was quicker to take the slot
            else:
                return True
        assert lost is not None
        raise lost  # no race is lost so often: it is something else that the database refuses
