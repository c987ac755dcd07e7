"""Inline of the arguments of a prompt, each with a sample value for the preview."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminTextareaWidget
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from django_mcp.models import PromptArgument, PromptTemplate

SAMPLE = "sample"

MAX_ARGUMENTS = 50
"""Arguments that a prompt may have here; Django would make 2,000 forms for one request."""


class ArgumentForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """Form of one argument. Its sample value is for the preview, and is not stored."""

    sample = forms.CharField(
        label=_("Sample value"),
        required=False,
        strip=False,
        widget=AdminTextareaWidget(),
        help_text=_("For the preview; it is not stored."),
    )

    class Meta:
        model = PromptArgument
        fields = ("name", "description", "required", "choices", "position")

    @property
    def changed_data(self) -> list[str]:
        """Names of the fields that have changed; the sample value is none of the argument's."""
        return [name for name in super().changed_data if name != SAMPLE]


class ArgumentInline(admin.StackedInline):  # type: ignore[type-arg]  # generic in the stubs only
    """Inline of arguments; the permissions on the prompt are those on its arguments."""

    model = PromptArgument
    form = ArgumentForm
    max_num = MAX_ARGUMENTS

    @override
    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Return the class of the formset; it makes no more forms than there may be arguments."""
        return super().get_formset(request, obj, absolute_max=MAX_ARGUMENTS, **kwargs)

    @override
    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        """Return the number of empty forms: some, because without scripts none can be added."""
        return 2 if obj is None else 1

    @override
    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        names = ["description", "choices", "position"]
        if self.has_add_permission(request, obj):
            names.insert(2, SAMPLE)
        return [(None, {"fields": (("name", "required"), *names)})]

    @override
    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._prompt_admin.has_view_permission(request, obj)

    @override
    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is None:
            return self._prompt_admin.has_add_permission(request)
        return self._prompt_admin.has_change_permission(request, obj)

    @override
    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_add_permission(request, obj)

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_add_permission(request, obj)

    @property
    def _prompt_admin(self) -> "admin.ModelAdmin[PromptTemplate]":
        return self.admin_site.get_model_admin(PromptTemplate)
