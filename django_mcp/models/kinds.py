"""Labels of the kinds of primitives, as rows and their lists show them."""

from django.utils.translation import pgettext_lazy

from django_mcp.kinds import Kind

KIND_CHOICES = {
    Kind.TOOL.value: pgettext_lazy("primitive", "tool"),
    Kind.RESOURCE.value: pgettext_lazy("primitive", "resource"),
    Kind.PROMPT.value: pgettext_lazy("primitive", "prompt"),
}
