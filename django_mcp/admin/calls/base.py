"""What the pages of calls share: those of the record, and those of background tasks."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from django_mcp.admin.links import CallerLinks, change_links
from django_mcp.admin.markup import codes, in_line
from django_mcp.escapes import printable
from django_mcp.kinds import Kind


def shown_field(model: type[Model], name: str) -> Callable[[Any, Any], str]:
    """A display of a field of text that clients may have filled: in one line, with escapes."""
    field: Any = model._meta.get_field(name)

    @admin.display(description=field.verbose_name)
    def shown(self: "CallAdmin", row: Any) -> str:
        return printable(getattr(row, name)) or self.get_empty_value_display()

    shown.help_text = field.help_text  # type: ignore[attr-defined]  # of a function, as Django does
    return shown


class CallAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """Nobody adds, changes or deletes a row here; the list is a `KeysetChangeList`."""

    list_per_page = 50
    sortable_by = ()
    search_fields = ("call_id",)  # shows the form; the list itself knows what to look up
    # Counting a large table twice, or once for every choice of a filter, would take long.
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    class Media:
        css = {"all": ("django_mcp/admin.css",)}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        # Others, typed into the address, would look through the whole table.
        filters: Any = self.list_filter
        return lookup in {"after", "before", *(each.parameter_name for each in filters)}

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return queryset, False  # the list looks the term up, index by index

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        # The help of a field stays with its display; Django looks for it by the field's name.
        displays = {name: getattr(self, name, None) for name in kwargs.get("fields") or ()}
        texts = {name: getattr(each, "help_text", "") for name, each in displays.items()}
        kwargs["help_texts"] = {name: text for name, text in texts.items() if text}
        return super().get_form(request, *args, **kwargs)

    def link_to(
        self, request: HttpRequest, model: type[Model], column: str, value: Any
    ) -> str | None:
        """The address of the page of this row of another model, for those who may look at it."""
        return change_links(request, self.admin_site, model, column, [value]).get(str(value))

    def url_of(self, view: str, *values: Any, model: type[Model] | None = None) -> str:
        """Where a view of these rows is, or of another model's."""
        opts = (model or self.model)._meta
        name = f"admin:{opts.app_label}_{opts.model_name}_{view}"
        return reverse(name, args=values, current_app=self.admin_site.name)

    def user_text(self, call: Any) -> str:
        return printable(call.username or call.user) or pgettext("caller", "anonymous")

    @admin.display(description=_("tool"))
    def tool_name(self, call: Any) -> SafeString:
        """The name, which may be broken at its underscores, and the kind of what is no tool."""
        parts = ((part,) for part in printable(call.name).split("_"))
        name = format_html_join(mark_safe("_<wbr>"), "{}", parts)
        if call.kind == Kind.TOOL:
            return name
        kind = format_html('<span class="mcp-quiet">{}</span>', call.get_kind_display())
        return in_line([name, kind])

    @admin.display(description=_("user"))
    def caller(self, call: Any) -> SafeString | str:
        links: CallerLinks = call.links
        return _link(self.user_text(call), links.user)

    @admin.display(description=_("client"))
    def application(self, call: Any) -> SafeString | str | None:
        links: CallerLinks = call.links
        return _link(printable(call.client_name or call.client), links.client) or None

    @admin.display(description=_("tool"))
    def linked_tool(self, call: Any) -> SafeString:
        return self._linked(self.tool_name(call), _("all %(calls)s of this tool"), tool=call.name)

    @admin.display(description=_("user"))
    def linked_user(self, call: Any) -> SafeString | str:
        if not call.user:
            return self.caller(call)
        return self._linked(self.caller(call), _("all %(calls)s of this user"), user=call.user)

    @admin.display(description=_("client"))
    def linked_client(self, call: Any) -> SafeString | str:
        name = self.application(call)
        if name is None:
            return self.get_empty_value_display()
        if not call.client:
            return name
        return self._linked(name, _("all %(calls)s of this client"), client=call.client)

    def _linked(self, name: str, label: Any, **chosen: str) -> SafeString:
        query = urlencode({**chosen, "period": "all"})
        return format_html(
            '{} <a class="mcp-link" href="{}?{}">{}</a>',
            name,
            self.url_of("changelist"),
            query,
            label % {"calls": self.opts.verbose_name_plural},
        )

    @admin.display(description=_("scopes"))
    def shown_scopes(self, call: Any) -> SafeString | str:
        return codes(map(printable, call.scopes.split())) or self.get_empty_value_display()


def _link(text: str, address: str | None) -> SafeString | str:
    return format_html('<a href="{}">{}</a>', address, text) if address else text
