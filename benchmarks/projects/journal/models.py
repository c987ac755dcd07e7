"""Who called what, when, and how it ended: no more than an auditor would insist on."""

import time
from typing import Any, Self

from django.db import models


class Entry(models.Model):
    """One call that ended well."""

    user = models.CharField(max_length=64, db_index=True)
    client = models.CharField(max_length=255)
    name = models.CharField(max_length=128)
    arguments = models.JSONField()
    outcome = models.CharField(max_length=20)
    started = models.DateTimeField(auto_now_add=True, db_index=True)
    duration_ms = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.name} ({self.outcome})"

    @classmethod
    def write(
        cls, *, user: Any, client: Any, name: str, arguments: dict[str, Any], since: float
    ) -> Self:
        """Keep a call that began at `since` by the clock of `time.monotonic`."""
        return cls._default_manager.create(
            user=str(user.pk),
            client=str(client),
            name=name,
            arguments=arguments,
            outcome="ok",
            duration_ms=round((time.monotonic() - since) * 1000),
        )
