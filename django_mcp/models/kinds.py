"""Labels of the kinds of primitives: choices of fields, headings, and numbers in words."""

from collections import Counter
from collections.abc import Iterable

from django.utils.text import get_text_list
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from django_mcp.kinds import Kind

KIND_CHOICES = {
    Kind.TOOL.value: pgettext_lazy("primitive", "tool"),
    Kind.RESOURCE.value: pgettext_lazy("primitive", "resource"),
    Kind.PROMPT.value: pgettext_lazy("primitive", "prompt"),
}

KIND_PLURALS = {
    Kind.TOOL.value: _("Tools"),
    Kind.RESOURCE.value: _("Resources"),
    Kind.PROMPT.value: _("Prompts"),
}


def counted(kinds: Iterable[str]) -> str:
    """Return the number of each kind that occurs, in words: "2 tools and 1 prompt".

    Of none it is "0 tools".
    """
    numbers = Counter(kinds) or Counter({str(Kind.TOOL): 0})
    texts = {
        Kind.TOOL: ngettext("%(n)d tool", "%(n)d tools", numbers[Kind.TOOL]),
        Kind.RESOURCE: ngettext("%(n)d resource", "%(n)d resources", numbers[Kind.RESOURCE]),
        Kind.PROMPT: ngettext("%(n)d prompt", "%(n)d prompts", numbers[Kind.PROMPT]),
    }
    found = [text % {"n": numbers[kind]} for kind, text in texts.items() if kind in numbers]
    return str(get_text_list(found, gettext("and")))
