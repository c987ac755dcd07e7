"""The tools of a group, each with its switch, on the group's page."""

from typing import Any

from django.contrib import admin
from django.forms import BaseInlineFormSet, ModelForm
from django.forms.formsets import DELETION_FIELD_NAME
from django.http import HttpRequest

from django_mcp.admin.groups.tool_details import ToolSheet
from django_mcp.admin.registry_view import read_declared
from django_mcp.models import ToolGroup, ToolSwitch


class SwitchForm(ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """One switch; `sheet` is its tool when that can be shown, `is_gone` when the code lost it."""

    sheet: ToolSheet | None = None
    is_gone: bool = False

    class Meta:
        model = ToolSwitch
        fields = ("enabled",)


class SwitchFormSet(BaseInlineFormSet):  # type: ignore[type-arg]  # generic in the stubs only
    """The switches of a group. Only those whose tool is gone from the code can be deleted."""

    instance: ToolGroup

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._declared = read_declared()
        super().__init__(*args, **kwargs)

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        form.sheet = self._sheet(form.instance.name)
        form.is_gone = not self._declared.has_tool(self.instance.name, form.instance.name)
        if not form.is_gone:
            form.fields.pop(DELETION_FIELD_NAME, None)

    @property
    def has_gone(self) -> bool:
        return any(DELETION_FIELD_NAME in form.fields for form in self.initial_forms)

    @property
    def without_switch(self) -> list[tuple[str, ToolSheet | None]]:
        """The tools that came to the code after the rows were last synced."""
        known = {form.instance.name for form in self.initial_forms}
        names = self._declared.in_group(self.instance.name)
        return [(name, self._sheet(name)) for name in names if name not in known]

    def _sheet(self, name: str) -> ToolSheet | None:
        tool = self._declared.tools.get(name)
        if tool is None or tool.group != self.instance.name:
            return None
        return ToolSheet(tool=tool)


class ToolSwitchInline(admin.TabularInline):  # type: ignore[type-arg]  # generic in the stubs only
    """Whoever may change a group may switch its tools: there is no second permission to grant."""

    model = ToolSwitch
    form = SwitchForm
    formset = SwitchFormSet
    template = "django_mcp/admin/switches.html"
    fields = ("enabled",)
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._group_admin.has_view_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._group_admin.has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._group_admin.has_change_permission(request, obj)

    @property
    def _group_admin(self) -> "admin.ModelAdmin[ToolGroup]":
        return self.admin_site.get_model_admin(ToolGroup)
