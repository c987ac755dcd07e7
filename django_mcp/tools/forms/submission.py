"""Submission of a form by a call: its data, its validation, and `save`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.forms import BaseForm, FileField

from django_mcp.context import ToolContext
from django_mcp.exceptions import InvalidResultError
from django_mcp.primitives.caller_functions import CallerFunction
from django_mcp.primitives.caller_querysets import CallerQueryset
from django_mcp.principals import Principal
from django_mcp.schemas.forms.forms import FormArguments, initial_of


@dataclass(frozen=True, slots=True, kw_only=True)
class FormSubmission:
    """Function of a form tool."""

    form: type[BaseForm]
    arguments: FormArguments
    form_kwargs: CallerFunction | None
    instances: CallerQueryset | None
    lookup: str

    def run(self, context: ToolContext, arguments: dict[str, Any]) -> Any:
        """Submit the form, and return what `save` returns; None for a form without it.

        Raises `ValidationError` with all errors of the form, and `DoesNotExist` for an instance
        that is missing, or that the caller may not change.
        """
        principal = context.principal
        values = dict(arguments)
        options = self._options(principal)
        if self.instances is not None:
            found = {self.lookup: values.pop(self.lookup)}
            options["instance"] = self.instances.visible_to(principal).get(**found)
        form = self.form(data=self.arguments.data(values), **options)
        self._keep_initial(form, values)
        if not form.is_valid():
            raise ValidationError(form.errors.as_data())
        save = getattr(form, "save", None)
        return None if save is None else save()

    def _options(self, principal: Principal) -> dict[str, Any]:
        if self.form_kwargs is None:
            return {}
        options = self.form_kwargs.call(principal)
        if not isinstance(options, Mapping):
            raise InvalidResultError(
                f"{self.form_kwargs.name} returned a {type(options).__name__}, and not a dict"
            )
        return dict(options)

    def _keep_initial(self, form: BaseForm, values: Mapping[str, Any]) -> None:
        """Keep the initial values of fields that were not sent, as a page would send them back.

        A disabled field is cleaned from that value itself, and not from a text that shows it.
        """
        for name, field in form.fields.items():
            # A file that was not sent stays in any case, and is not opened.
            if isinstance(field, FileField) or self.arguments.fills(name, values):
                continue
            field.widget.supports_microseconds = True  # it is not shown
            if initial_of(form, name, field) not in field.empty_values:
                field.disabled = True
