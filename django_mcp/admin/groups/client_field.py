"""Form field for the OAuth applications that a tool group allows, and its autocomplete search."""

from collections.abc import Collection, Mapping
from typing import Any

from django import forms
from django.apps import apps
from django.contrib.admin import AdminSite
from django.contrib.admin.widgets import AutocompleteSelectMultiple
from django.core.paginator import Paginator
from django.db.models import Case, Q, QuerySet, Value, When
from django.utils.module_loading import import_string
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from django_mcp.admin.changelist.filters import MAX_TERM_CHARACTERS
from django_mcp.escapes import printable
from django_mcp.models import ClientRegistration, ToolGroup

Standing = ClientRegistration.Standing

PAGE_SIZE = 20


class ClientLinesField(forms.Field):
    """Field for client ids, one on each line; cleans to a list without repetitions."""

    widget = forms.Textarea(attrs={"rows": 4, "cols": 60})

    @override
    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    @override
    def to_python(self, value: Any) -> list[str]:
        lines = (line.strip() for line in (value or "").splitlines())
        return list(dict.fromkeys(line for line in lines if line))


class ClientsWidget(AutocompleteSelectMultiple):
    """Autocomplete widget of the admin whose values are client ids, not primary keys."""

    url_name = "%s:django_mcp_toolgroup_applications"

    @override
    def optgroups(self, name: str, value: Any, attrs: Any = None) -> Any:
        chosen = [str(client) for client in value]
        labels = labels_of(chosen)
        options = [
            self.create_option(name, client, labels[client], True, index)
            for index, client in enumerate(chosen)
        ]
        return [(None, options, 0)]


class ClientsField(forms.MultipleChoiceField):
    """Field for client ids of OAuth applications; cleans to a list of strings.

    Ids that are `stored` stay valid after their application was deleted.
    """

    def __init__(self, *, stored: Collection[str], **options: Any) -> None:
        super().__init__(**options)
        self.stored = frozenset(stored)

    @override
    def validate(self, value: Any) -> None:
        forms.Field.validate(self, value)  # the choices are not in the form
        new = set(value) - self.stored
        known = _applications().filter(client_id__in=_possible(new))
        found = known.values_list("client_id", flat=True)
        for missing in sorted(new - set(found)):
            raise forms.ValidationError(
                self.error_messages["invalid_choice"],
                code="invalid_choice",
                params={"value": missing},
            )


def ids_of(stored: object) -> list[str]:
    """Return the client ids in the JSON of a group; none, where it is not a list."""
    return [str(client) for client in stored] if isinstance(stored, list) else []


def clients_field(stored: object, admin_site: AdminSite) -> forms.Field:
    """Return a field for applications; it takes lines of text where they have no model."""
    if not apps.is_installed("oauth2_provider"):
        return ClientLinesField(
            label=_("Allowed applications"),
            required=False,
            help_text=_("Client ids, one on each line; empty: every application."),
        )
    return ClientsField(
        stored=ids_of(stored),
        label=_("Allowed applications"),
        required=False,
        help_text=_(
            "Only these applications; empty: every application. An application that registered "
            "itself has chosen its name; those that are approved come first."
        ),
        widget=ClientsWidget(ToolGroup._meta.get_field("allowed_clients"), admin_site),
    )


def search_applications(term: str, page: str | None) -> dict[str, Any]:
    """Return one page of the matching applications, in the form of the admin's autocomplete.

    Approved ones first, then those of operators, those that registered themselves, blocked ones.
    """
    if len(term) > MAX_TERM_CHARACTERS or not apps.is_installed("oauth2_provider"):
        return {"results": [], "pagination": {"more": False}}
    matching = _applications().filter(Q(name__icontains=term) | Q(client_id__icontains=term))
    place = Case(
        When(client_id__in=_client_ids(Standing.APPROVED), then=Value(0)),
        When(client_id__in=_client_ids(Standing.BLOCKED), then=Value(3)),
        When(registration_source=_applications().model.RegistrationSource.MANUAL, then=Value(1)),
        default=Value(2),
    )
    ids = matching.order_by(place, "name", "pk").values_list("client_id", flat=True)
    found = Paginator(ids, PAGE_SIZE).get_page(page)
    labels = labels_of(list(found))
    return {
        "results": [{"id": client, "text": label} for client, label in labels.items()],
        "pagination": {"more": found.has_next()},
    }


def labels_of(client_ids: Collection[str]) -> Mapping[str, str]:
    """Return labels by client id: the name, the id, and the approval status."""
    if not apps.is_installed("oauth2_provider"):
        return {client: printable(client) for client in client_ids}
    possible = _possible(client_ids)
    known = _applications().filter(client_id__in=possible)
    facts = {
        client: (name, source)
        for client, name, source in known.values_list("client_id", "name", "registration_source")
    }
    judged = ClientRegistration.objects.filter(client_id__in=possible)
    standings = dict(judged.values_list("client_id", "standing"))
    return {
        client: _label(client, *facts[client], standings.get(client, Standing.NEW))
        if client in facts
        else gettext("%(client)s (no such application)") % {"client": printable(client)}
        for client in client_ids
    }


def _label(client: str, name: str, source: str, standing: str) -> str:
    label = printable(f"{name} ({client})" if name else client)
    is_own = source == _applications().model.RegistrationSource.MANUAL
    notes = [] if is_own else [gettext("registered itself")]
    notes += [] if standing == Standing.NEW else [str(Standing(standing).label)]
    return f"{label}: {', '.join(notes)}" if notes else label


def _possible(client_ids: Collection[str]) -> list[str]:
    return [client for client in client_ids if "\0" not in client]  # PostgreSQL takes none


def _client_ids(standing: ClientRegistration.Standing) -> list[str]:
    # Listed, not joined: they may lie in another database.
    rows = ClientRegistration.objects.filter(standing=standing)
    return list(rows.values_list("client_id", flat=True))


def _applications() -> QuerySet[Any]:
    model = import_string("oauth2_provider.models.get_application_model")()
    applications: QuerySet[Any] = model._default_manager.all()
    return applications
