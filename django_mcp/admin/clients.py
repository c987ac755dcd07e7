"""The form field for the applications that a group allows."""

from collections.abc import Mapping
from operator import itemgetter
from typing import Any

from django import forms
from django.apps import apps
from django.contrib.admin.widgets import FilteredSelectMultiple
from django.utils.html import format_html
from django.utils.module_loading import import_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from django_mcp.escapes import printable
from django_mcp.models import ClientRegistration

Standing = ClientRegistration.Standing


class ClientLinesField(forms.Field):
    """Client ids, one on each line; cleans to a list without repetitions."""

    widget = forms.Textarea(attrs={"rows": 4, "cols": 60})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:
        lines = (line.strip() for line in (value or "").splitlines())
        return list(dict.fromkeys(line for line in lines if line))


class ClientsWidget(FilteredSelectMultiple):
    """The admin's two boxes, inside the element that its script expects around them."""

    def render(self, *args: Any, **kwargs: Any) -> SafeString:
        # The script puts the boxes first in their parent, which would be ahead of the label.
        return format_html(
            '<div class="related-widget-wrapper">{}</div>', super().render(*args, **kwargs)
        )


def clients_field(stored: object) -> forms.Field:
    """A choice of the OAuth applications, or lines of text when there is no model of them.

    Ids that are `stored` stay in the choice after their application is gone: what is not shown
    could not be kept. Cleans to a list of strings.
    """
    ids = [str(client) for client in stored] if isinstance(stored, list) else []
    labels = _labels()
    if labels is None:
        return ClientLinesField(
            label=_("Allowed applications"),
            required=False,
            help_text=_("Client ids, one on each line; empty: every application."),
        )
    unknown = [
        (client, gettext("%(client)s (no such application)") % {"client": printable(client)})
        for client in ids
        if client not in labels
    ]
    return forms.MultipleChoiceField(
        label=_("Allowed applications"),
        required=False,
        choices=[*labels.items(), *unknown],
        help_text=_(
            "Only these applications; empty: every application. An application that registered "
            "itself has chosen its name; those that are approved come first."
        ),
        widget=ClientsWidget(_("applications"), is_stacked=False),
    )


def _labels() -> Mapping[str, str] | None:
    """Labels of all applications by client id: approved ones first, then those of operators."""
    if not apps.is_installed("oauth2_provider"):
        return None
    model = import_string("oauth2_provider.models.get_application_model")()
    judged = ClientRegistration.objects.exclude(standing=Standing.NEW)
    standings = dict(judged.values_list("client_id", "standing"))
    found: list[tuple[int, str, str]] = []
    for client, name, source in model._default_manager.order_by("name", "pk").values_list(
        "client_id", "name", "registration_source"
    ):
        label = printable(f"{name} ({client})" if name else client)
        standing = Standing(standings.get(client, Standing.NEW))
        is_own = source == model.RegistrationSource.MANUAL
        facts = [] if is_own else [gettext("registered itself")]
        facts += [] if standing == Standing.NEW else [str(standing.label)]
        place = {Standing.APPROVED: 0, Standing.BLOCKED: 3}.get(standing, 1 if is_own else 2)
        found.append((place, client, f"{label}: {', '.join(facts)}" if facts else label))
    return {client: label for _, client, label in sorted(found, key=itemgetter(0))}
