"""Text input with suggestions, and the newest OAuth applications as suggestions."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.apps import apps
from django.utils.module_loading import import_string

from django_mcp.escapes import printable

MAX_SUGGESTIONS = 200


class SuggestingInput(forms.TextInput):
    """Text field with a list of suggestions, which browsers offer without a script."""

    template_name = "django_mcp/admin/suggesting_input.html"

    def __init__(self, suggestions: Iterable[tuple[str, str]]) -> None:
        """Take pairs of a value and its label."""
        super().__init__({"size": 40})
        self.suggestions = suggestions

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """Add the suggestions, and the id that links their list to the field."""
        context = super().get_context(name, value, attrs)
        list_id = f"{context['widget']['attrs'].get('id', name)}_list"
        context["widget"]["attrs"]["list"] = list_id
        return context | {"list_id": list_id, "suggestions": self.suggestions}


def newest_clients() -> list[tuple[str, str]]:
    """Return client ids and names of the newest applications; none without their model."""
    if not apps.is_installed("oauth2_provider"):
        return []
    model = import_string("oauth2_provider.models.get_application_model")()
    newest = model._default_manager.order_by("-pk")
    rows = newest.values_list("client_id", "name")[:MAX_SUGGESTIONS]
    return [(client, printable(name)) for client, name in rows]
