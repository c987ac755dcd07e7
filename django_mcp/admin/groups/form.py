"""Form of a tool group, with the limits of what each user may do and take out of it."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminTextareaWidget
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from django_mcp.admin.groups.client_field import clients_field
from django_mcp.models import ToolGroup
from django_mcp.policy.snapshot import BUDGET_COLUMNS

LIMITS = ("read_rate", "write_rate", *BUDGET_COLUMNS)
"""Columns of what each user may do and take out."""


class ToolGroupForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """Form for the settings of a tool group."""

    instance: ToolGroup
    admin_site: ClassVar[admin.AdminSite]

    class Meta:
        model = ToolGroup
        fields = (
            "title",
            "description",
            "enabled",
            "read_only",
            "allowed_groups",
            "allowed_clients",
            *LIMITS,
        )
        widgets: ClassVar = {"description": AdminTextareaWidget({"rows": 3})}
        help_texts: ClassVar = {
            "rows_per_hour": _("Items of lists, and one for any other result; empty: no limit."),
            "rows_per_day": _("At least those of an hour."),
            "bytes_per_hour": _("Of texts and media, such as 1048576 for 1 MiB; empty: no limit."),
            "bytes_per_day": _("At least those of an hour."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "allowed_clients" in self.fields:  # those who may only look have no fields
            self.fields["allowed_clients"] = clients_field(
                self.instance.allowed_clients, self.admin_site
            )

    @override
    def clean(self) -> None:
        super().clean()
        for unit in ("rows", "bytes"):
            hour, day = (self.cleaned_data.get(f"{unit}_per_{each}") for each in ("hour", "day"))
            if hour is not None and day is not None and hour > day:
                self.add_error(f"{unit}_per_hour", _("More than in a whole day."))
