"""Columns and fields that the pages of call records and of background tasks share."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from django_mcp.admin.links import CallerLinks
from django_mcp.admin.markup import codes, in_line
from django_mcp.admin.read_only import ReadOnlyAdmin
from django_mcp.escapes import printable
from django_mcp.kinds import Kind

ALL_CALLS: Mapping[str, str | Promise] = {
    Kind.TOOL: _("all %(calls)s of this tool"),
    Kind.RESOURCE: _("all %(calls)s of this resource"),
    Kind.PROMPT: _("all %(calls)s of this prompt"),
}
"""Labels of the links to the calls of one name, by its kind."""


class CallAdmin(ReadOnlyAdmin):
    """Read-only model admin of calls; each row has `links` to its user and its client."""

    search_fields = ("call_id",)  # shows the form; the list looks up the columns of its own

    def user_text(self, call: Any) -> str:
        """Return the username of the caller, or its key, or "anonymous"."""
        return printable(call.username or call.user) or pgettext("caller", "anonymous")

    @admin.display(description=_("name"))
    def shown_name(self, call: Any) -> SafeString:
        """Name with break opportunities at underscores, and the kind of a resource or prompt."""
        parts = ((part,) for part in printable(call.name).split("_"))
        name = format_html_join(mark_safe("_<wbr>"), "{}", parts)
        if call.kind == Kind.TOOL:
            return name
        kind = format_html('<span class="mcp-quiet">{}</span>', call.get_kind_display())
        return in_line([name, kind])

    @admin.display(description=_("user"))
    def caller(self, call: Any) -> SafeString | str:
        """Return the user's name, with a link to the page of the user if there is one."""
        links: CallerLinks = call.links
        return _link(self.user_text(call), links.user)

    @admin.display(description=_("client"))
    def application(self, call: Any) -> SafeString | str | None:
        """Return the client's name, with a link to its page; None for a call without a client."""
        links: CallerLinks = call.links
        return _link(printable(call.client_name or call.client), links.client) or None

    @admin.display(description=_("name"))
    def linked_name(self, call: Any) -> SafeString:
        """Return the name of what was called, with a link to the list of its calls."""
        label = ALL_CALLS.get(call.kind, ALL_CALLS[Kind.TOOL])
        return self._linked(self.shown_name(call), label, kind=call.kind, name=call.name)

    @admin.display(description=_("user"))
    def linked_user(self, call: Any) -> SafeString | str:
        """Return the user's name, with a link to the list of the user's calls."""
        if not call.user:
            return self.caller(call)
        return self._linked(self.caller(call), _("all %(calls)s of this user"), user=call.user)

    @admin.display(description=_("client"))
    def linked_client(self, call: Any) -> SafeString | str:
        """Return the client's name, with a link to the list of its calls."""
        name = self.application(call)
        if name is None:
            return self.get_empty_value_display()
        if not call.client:
            return name
        return self._linked(name, _("all %(calls)s of this client"), client=call.client)

    def _linked(self, text: str, label: Any, **chosen: str) -> SafeString:
        query = urlencode({**chosen, "period": "all"})
        return format_html(
            '{} <a class="mcp-link" href="{}?{}">{}</a>',
            text,
            self.url_of("changelist"),
            query,
            label % {"calls": self.opts.verbose_name_plural},
        )

    @admin.display(description=_("scopes"))
    def shown_scopes(self, call: Any) -> SafeString | str:
        """Return the scopes of the caller's token, as code."""
        return codes(map(printable, call.scopes.split())) or self.get_empty_value_display()


def _link(text: str, address: str | None) -> SafeString | str:
    return format_html('<a href="{}">{}</a>', address, text) if address else text
