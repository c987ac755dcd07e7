"""Kinds of what is called, as rows and their lists name them."""

from django.db import models
from django.utils.translation import pgettext_lazy


class Kind(models.TextChoices):
    """Kind of a primitive of MCP."""

    TOOL = "tool", pgettext_lazy("kind of a call", "tool")
    RESOURCE = "resource", pgettext_lazy("kind of a call", "resource")
    PROMPT = "prompt", pgettext_lazy("kind of a call", "prompt")
