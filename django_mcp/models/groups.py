"""Tool groups and the switches of their primitives: rows for what the code declares."""

from django.contrib.auth.models import Group
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from django_mcp.kinds import Kind
from django_mcp.models.kinds import KIND_CHOICES
from django_mcp.models.rates import RATE_OPTIONS


class ToolGroup(models.Model):
    """Set of primitives that operators open, close and limit together.

    Empty `allowed_groups` and `allowed_clients` allow every caller; filled ones must both be met.
    """

    name = models.CharField(_("name"), max_length=64, unique=True, editable=False)
    title = models.CharField(_("title"), max_length=200, blank=True)
    description = models.TextField(_("description"), blank=True)
    enabled = models.BooleanField(
        pgettext_lazy("tool group", "enabled"),
        default=False,
        help_text=_("True if clients can see and use its tools, resources and prompts."),
    )
    read_only = models.BooleanField(
        pgettext_lazy("tool group", "read-only"),
        default=False,
        help_text=_(
            "Of its tools only those that are declared read-only remain; resources and prompts "
            "only read."
        ),
    )
    allowed_groups = models.ManyToManyField(
        Group,
        verbose_name=_("allowed user groups"),
        blank=True,
        related_name="+",
        help_text=_("Only members of one of these groups; empty: every user."),
    )
    read_rate = models.CharField(
        _("rate of reads"),
        help_text=_(
            "Calls that only read, of each user, such as 100/m or 1000/h; empty: no limit."
        ),
        **RATE_OPTIONS,
    )
    write_rate = models.CharField(
        _("rate of writes"),
        help_text=_(
            "Calls that may change something, of each user, such as 10/m; empty: no limit."
        ),
        **RATE_OPTIONS,
    )
    rows_per_hour = models.PositiveIntegerField(
        _("rows per hour"),
        null=True,
        blank=True,
        help_text=_("Rows that a user with an application may take out; empty: no limit."),
    )
    rows_per_day = models.PositiveIntegerField(
        _("rows per day"),
        null=True,
        blank=True,
        help_text=_("As the rows per hour, in each day."),
    )
    bytes_per_hour = models.PositiveBigIntegerField(
        _("bytes per hour"),
        null=True,
        blank=True,
        help_text=_("Bytes of results that a user with an application may take out; empty: any."),
    )
    bytes_per_day = models.PositiveBigIntegerField(
        _("bytes per day"),
        null=True,
        blank=True,
        help_text=_("As the bytes per hour, in each day."),
    )
    # Client ids as text, because the application model of django-oauth-toolkit can be swapped.
    allowed_clients = models.JSONField(
        _("allowed applications"),
        default=list,
        blank=True,
        help_text=_("Client ids of the applications; empty: every one."),
    )

    class Meta:
        ordering = ("name",)
        verbose_name = _("tool group")
        verbose_name_plural = _("tool groups")

    def __str__(self) -> str:
        return self.title or self.name


class ToolSwitch(models.Model):
    """Switch of one tool, resource or prompt of a group."""

    group = models.ForeignKey(
        ToolGroup, models.CASCADE, related_name="switches", verbose_name=_("group")
    )
    kind = models.CharField(
        pgettext_lazy("primitive", "kind"),
        max_length=8,
        choices=KIND_CHOICES,
        default=Kind.TOOL.value,
        editable=False,
    )
    name = models.CharField(_("name"), max_length=64, editable=False)
    enabled = models.BooleanField(
        pgettext_lazy("tool, resource or prompt", "enabled"), default=True
    )

    class Meta:
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(
                fields=("group", "kind", "name"), name="django_mcp_switch_once"
            ),
        )
        verbose_name = pgettext_lazy("of a tool, resource or prompt", "switch")
        verbose_name_plural = pgettext_lazy("of tools, resources and prompts", "switches")

    def __str__(self) -> str:
        return self.name

    @property
    def key(self) -> tuple[str, str]:
        """Kind and name of the primitive."""
        return self.kind, self.name
