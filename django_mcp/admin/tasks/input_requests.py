"""Input requests of a task, for operators; the responses of its user are never shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from django_mcp.admin.markup import text_block
from django_mcp.background.input import open_requests
from django_mcp.escapes import printable, printable_lines
from django_mcp.exceptions import ElicitationRequest
from django_mcp.models import ToolTask

KINDS: Mapping[str, str | Promise] = {
    "string": pgettext_lazy("kind of answer", "text"),
    "email": _("e-mail address"),
    "uri": pgettext_lazy("kind of answer", "URL"),
    "date": pgettext_lazy("kind of answer", "date"),
    "date-time": _("date and time"),
    "integer": _("whole number"),
    "number": pgettext_lazy("kind of answer", "number"),
    "boolean": _("yes or no"),
}
"""Names of input types, by the type of a field or the format that it names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """Field of an input request's form, as text."""

    name: str
    title: str
    description: str
    kind: str | Promise
    is_required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InputRequest:
    """Input request: a message to a user, with the fields of its form."""

    message: SafeString
    fields: list[FormField]


def input_requests_of(task: ToolTask) -> list[InputRequest]:
    """Return the open input requests of a task; empty unless it waits for input."""
    return [
        InputRequest(message=text_block(request.message), fields=_fields(request))
        for request in open_requests(task).values()
    ]


def _fields(request: ElicitationRequest) -> list[FormField]:
    required = request.form.get("required", ())
    return [
        FormField(
            name=printable(name),
            title=printable(field.get("title", name)),
            description=printable_lines(field.get("description", "")),
            kind=_kind(field),
            is_required=name in required,
        )
        for name, field in request.form["properties"].items()
    ]


def _kind(field: Mapping[str, Any]) -> str | Promise:
    if field["type"] == "array":
        return format_lazy(_("any of: {options}"), options=_options(field["items"]))
    if options := _options(field):
        return format_lazy(_("one of: {options}"), options=options)
    return KINDS[field.get("format", field["type"])]


def _options(field: Mapping[str, Any]) -> str:
    """Return the options of a field, by their titles where they have any."""
    titled = field.get("oneOf") or field.get("anyOf") or ()
    names = field.get("enum") or [option.get("title", option["const"]) for option in titled]
    return ", ".join(map(printable, names))
