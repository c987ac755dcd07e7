"""Read-only model admin of rows that are too many to be counted, sorted or edited."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from typing_extensions import override

from django_mcp.admin.links import change_links
from django_mcp.escapes import printable


def printable_field(model: type[Model], name: str) -> Callable[[Any, Any], str]:
    """Return a display of a text field that clients may have filled: one line, with escapes."""
    field: Any = model._meta.get_field(name)

    @admin.display(description=field.verbose_name)
    def shown(self: "ReadOnlyAdmin", row: Any) -> str:
        return printable(getattr(row, name)) or self.get_empty_value_display()

    shown.help_text = field.help_text  # type: ignore[attr-defined]  # of a function, as Django does
    return shown


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """Model admin without adding, changing and deleting; its list is a `KeysetChangeList`."""

    list_per_page = 50
    sortable_by = ()
    # Counting a large table twice, or once for every choice of a filter, would take long.
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    class Media:
        css = {"all": ("django_mcp/admin.css",)}

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @override
    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @override
    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        # Others, typed into the address, would look through the whole table.
        filters: Any = self.list_filter
        return lookup in {"after", "before", *(each.parameter_name for each in filters)}

    @override
    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return queryset, False  # the list looks the term up, index by index

    @override
    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        # The help of a field stays with its display; Django looks for it by the field's name.
        displays = {name: getattr(self, name, None) for name in kwargs.get("fields") or ()}
        texts = {name: getattr(each, "help_text", "") for name, each in displays.items()}
        kwargs["help_texts"] = {name: text for name, text in texts.items() if text}
        return super().get_form(request, *args, **kwargs)

    def link_to(
        self, request: HttpRequest, model: type[Model], column: str, value: Any
    ) -> str | None:
        """URL of the change page of another model's row; None if the operator may not view it."""
        return change_links(request, self.admin_site, model, column, [value]).get(str(value))

    def url_of(self, view: str, *values: Any, model: type[Model] | None = None) -> str:
        """URL of a view of these rows, or of another model's."""
        opts = (model or self.model)._meta
        name = f"admin:{opts.app_label}_{opts.model_name}_{view}"
        return reverse(name, args=values, current_app=self.admin_site.name)
