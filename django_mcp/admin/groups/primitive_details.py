"""Details of a primitive for operators: description, URI, arguments, scopes and permissions."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext, pgettext_lazy

from django_mcp.admin.markup import Tone, codes, in_line, json_block, mark
from django_mcp.primitives.primitive import Primitive
from django_mcp.prompts.prompt import Prompt
from django_mcp.resources.resource import Resource
from django_mcp.tools.tool import Tool

# A docstring's line break, unless something like the item of a list comes next.
SOFT_BREAK = re.compile(r"(?<!\n)\n(?=[^\s\-*\d])")


@dataclass(frozen=True, slots=True, kw_only=True)
class PrimitiveDetails:
    """Details of a declared primitive, for the template."""

    primitive: Primitive

    @property
    def description(self) -> str:
        """Description, without the line breaks that are due to the width of the code."""
        return SOFT_BREAK.sub(" ", self.primitive.description)

    @property
    def scopes(self) -> SafeString:
        """Scopes that a caller needs."""
        return codes(sorted(self.primitive.scopes))

    @property
    def permissions(self) -> SafeString:
        """Permissions that a caller needs."""
        return codes(self.primitive.permissions)

    @property
    def uri(self) -> SafeString:
        """URI or URI template of a resource; empty for another kind."""
        return codes([self.primitive.uri] if isinstance(self.primitive, Resource) else ())

    @property
    def mime_type(self) -> SafeString:
        """Media type of a resource that declares one; empty for another."""
        mime_type = self.primitive.mime_type if isinstance(self.primitive, Resource) else None
        return codes([mime_type] if mime_type else ())

    @property
    def arguments(self) -> SafeString:
        """Arguments of a prompt, with those marked that may be left out; empty for another kind."""
        if not isinstance(self.primitive, Prompt):
            return codes(())
        return in_line(
            format_html("{}", codes([each.name]))
            if each.required
            else format_html("{} ({})", codes([each.name]), pgettext("argument", "optional"))
            for each in self.primitive.arguments
        )

    @property
    def has_schema(self) -> bool:
        """True if its input schema says more than that there are no arguments."""
        return isinstance(self.primitive, Tool) or bool(self.primitive.input_schema["properties"])

    @property
    def input_schema(self) -> SafeString:
        """Input schema as a block of JSON."""
        return json_block(self.primitive.input_schema)

    @property
    def annotations(self) -> list[SafeString]:
        """Marks of the tool annotations that its author set."""
        return list(self._annotations())

    def _annotations(self) -> Iterator[SafeString]:
        tool = self.primitive
        if not isinstance(tool, Tool):
            return  # the others change nothing, and give no hints
        if tool.read_only:
            yield mark(pgettext_lazy("tool", "read-only"), Tone.GOOD)
        else:
            yield mark(_("changes data"), Tone.WARNING)
        if tool.destructive is not None:
            yield (
                mark(pgettext_lazy("tool", "destructive"), Tone.BAD)
                if tool.destructive
                else mark(_("not destructive"), Tone.QUIET)
            )
        if tool.idempotent is not None:
            yield mark(
                pgettext_lazy("tool", "idempotent") if tool.idempotent else _("not idempotent"),
                Tone.QUIET,
            )
        if tool.open_world is not None:
            yield mark(_("open world") if tool.open_world else _("closed world"), Tone.QUIET)
        if tool.background is not None:
            yield mark(_("runs in the background"), Tone.QUIET)
