from typing import ClassVar

from django.conf import settings
from django.db import models


class Note(models.Model):
    """Something that an author must not forget."""

    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    text = models.CharField(max_length=200)
    due = models.DateTimeField()

    # Only tests have this app in their projects, so the type checker cannot add it.
    objects: ClassVar[models.Manager["Note"]] = models.Manager()

    def __str__(self) -> str:
        return self.text
