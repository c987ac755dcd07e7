"""Prompts that operators write, with their arguments."""

import keyword

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from django_mcp.models.groups import ToolGroup
from django_mcp.primitives.resolution import NAME

RESERVED = frozenset({*keyword.kwlist, "forloop"})
"""Words that mean something else in a text, or cannot be the name of a parameter."""


class PromptTemplate(models.Model):
    """Prompt that operators write in the admin: clients get it like one of the code.

    Its text is in Django's template language, where the arguments are the only values.
    """

    name = models.CharField(
        _("name"),
        max_length=64,
        unique=True,
        validators=[
            RegexValidator(
                rf"^{NAME.pattern}\Z", _("Only letters without accents, digits, “_” and “-”.")
            )
        ],
        help_text=_("Name that clients use: letters, digits, “_” and “-”."),
    )
    title = models.CharField(_("title"), max_length=200, blank=True)
    description = models.TextField(
        _("description"), help_text=_("What it is for; assistants show it to their users.")
    )
    group = models.ForeignKey(
        ToolGroup,
        models.PROTECT,
        related_name="prompts",
        verbose_name=_("group"),
        help_text=_("Who may use this group, may use the prompt."),
    )
    text = models.TextField(pgettext_lazy("prompt", "text"))
    enabled = models.BooleanField(
        pgettext_lazy("prompt", "enabled"),
        default=True,
        help_text=_("True if clients can see and use it."),
    )
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)

    class Meta:
        ordering = ("name",)
        verbose_name = _("prompt")
        verbose_name_plural = _("prompts")

    def __str__(self) -> str:
        return self.title or self.name

    def clean(self) -> None:
        """Refuse a name that differs from another one by upper and lower case alone."""
        others = type(self)._default_manager.exclude(pk=self.pk)
        twin = others.filter(name__iexact=self.name).exclude(name=self.name).first()
        if twin is not None:
            raise ValidationError(
                {"name": _("Another prompt is called “%(name)s”.") % {"name": twin.name}}
            )


class PromptArgument(models.Model):
    """Argument that a prompt declares. Clients send texts."""

    prompt = models.ForeignKey(
        PromptTemplate, models.CASCADE, related_name="arguments", verbose_name=_("prompt")
    )
    name = models.CharField(
        _("name"),
        max_length=64,
        validators=[
            RegexValidator(
                r"^[A-Za-z][A-Za-z0-9_]*\Z",
                _("Only letters without accents, digits and “_”, with a letter first."),
            )
        ],
    )
    description = models.CharField(_("description"), max_length=500, blank=True)
    required = models.BooleanField(pgettext_lazy("argument", "required"), default=True)
    choices = models.TextField(
        pgettext_lazy("argument", "choices"),
        blank=True,
        help_text=_("The values to choose from, one a line; empty: any."),
    )
    position = models.PositiveSmallIntegerField(pgettext_lazy("argument", "position"), default=0)

    class Meta:
        ordering = ("position", "pk")
        constraints = (
            models.UniqueConstraint(fields=("prompt", "name"), name="django_mcp_argument_once"),
        )
        verbose_name = _("argument")
        verbose_name_plural = _("arguments")

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a name that a text could not use."""
        if self.name in RESERVED:
            raise ValidationError({"name": _("This word is reserved: choose another name.")})

    @property
    def choice_list(self) -> tuple[str, ...]:
        """The values to choose from, each once; empty for any value."""
        lines = (line.strip() for line in self.choices.splitlines())
        return tuple(dict.fromkeys(line for line in lines if line))
