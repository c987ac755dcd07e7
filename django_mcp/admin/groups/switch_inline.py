"""Inline of the switches of a group: one row for each tool, resource and prompt."""

from typing import Any

from django.contrib import admin
from django.forms import BaseInlineFormSet, ModelForm
from django.forms.formsets import DELETION_FIELD_NAME
from django.http import HttpRequest
from typing_extensions import override

from django_mcp.admin.groups.primitive_details import PrimitiveDetails
from django_mcp.admin.registry_view import read_registry
from django_mcp.kinds import Key
from django_mcp.models import ToolGroup, ToolSwitch


class SwitchForm(ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """Form of one switch.

    `details` are those of its primitive, None if that cannot be resolved; `is_gone` is True if
    the code no longer declares it.
    """

    details: PrimitiveDetails | None = None
    is_gone: bool = False

    class Meta:
        model = ToolSwitch
        fields = ("enabled",)


class SwitchFormSet(BaseInlineFormSet):  # type: ignore[type-arg]  # generic in the stubs only
    """Formset of a group's switches; only those without a function in the code can be deleted."""

    instance: ToolGroup

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._registry = read_registry()
        super().__init__(*args, **kwargs)

    @override
    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        form.details = self._details(form.instance.key)
        form.is_gone = not self._registry.has(self.instance.name, form.instance.key)
        if not form.is_gone:
            form.fields.pop(DELETION_FIELD_NAME, None)

    @property
    def has_gone(self) -> bool:
        """True if a switch of the group has no function in the code."""
        return any(DELETION_FIELD_NAME in form.fields for form in self.initial_forms)

    @property
    def without_switch(self) -> list[tuple[ToolSwitch, PrimitiveDetails | None]]:
        """Unsaved switches, with details, of primitives that were declared after the last sync."""
        known = {form.instance.key for form in self.initial_forms}
        keys = self._registry.in_group(self.instance.name)
        return [
            (ToolSwitch(kind=kind, name=name), self._details((kind, name)))
            for kind, name in keys
            if (kind, name) not in known
        ]

    def _details(self, key: Key) -> PrimitiveDetails | None:
        found = self._registry.find(self.instance.name, key)
        return None if found is None else PrimitiveDetails(primitive=found)


class ToolSwitchInline(admin.TabularInline):  # type: ignore[type-arg]  # generic in the stubs only
    """Inline of switches; the permissions on the group are those on its switches."""

    model = ToolSwitch
    form = SwitchForm
    formset = SwitchFormSet
    template = "django_mcp/admin/switch_inline.html"
    fields = ("enabled",)
    ordering = ("-kind", "name")  # tools, resources, prompts: as it happens, the alphabet backwards
    extra = 0

    @override
    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @override
    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._group_admin.has_view_permission(request, obj)

    @override
    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._group_admin.has_change_permission(request, obj)

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._group_admin.has_change_permission(request, obj)

    @property
    def _group_admin(self) -> "admin.ModelAdmin[ToolGroup]":
        return self.admin_site.get_model_admin(ToolGroup)
