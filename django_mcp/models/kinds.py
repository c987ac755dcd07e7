"""Choices of the model fields that hold the kind of a primitive."""

from django.utils.translation import pgettext_lazy

from django_mcp.kinds import Kind

KIND_CHOICES = {
    Kind.TOOL.value: pgettext_lazy("primitive", "tool"),
    Kind.RESOURCE.value: pgettext_lazy("primitive", "resource"),
    Kind.PROMPT.value: pgettext_lazy("primitive", "prompt"),
}
