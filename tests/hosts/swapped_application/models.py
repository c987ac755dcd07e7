import uuid

from django.db import models
from oauth2_provider.models import AbstractApplication


class Program(AbstractApplication):
    """An OAuth application that belongs to a department."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    department = models.CharField(max_length=100, default="front office")

    class Meta(AbstractApplication.Meta):
        pass
