"""Form for the access to revoke, and the names of its user and client."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django import forms
from django.db.models import Model
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from django_mcp.admin.clients.client_field import ClientIdField
from django_mcp.admin.endpoint_field import add_endpoint_field, chosen_endpoint
from django_mcp.admin.suggestions import SuggestingInput, newest_clients
from django_mcp.admin.users import UserDirectory, candidate_text
from django_mcp.auth.clients.details import find_client
from django_mcp.auth.users import resolve_user
from django_mcp.background.revocation import AccessCounts, HeldAccess
from django_mcp.escapes import printable
from django_mcp.user_labels import user_label


class AccessForm(forms.Form):
    """User, client and endpoint whose access is revoked, as the command `mcp_revoke` takes them."""

    user = forms.CharField(
        label=_("User"),
        max_length=255,
        required=False,
        widget=forms.TextInput({"size": 40, "autocapitalize": "none", "spellcheck": "false"}),
        help_text=_(
            "By username, key or e-mail address: the access that this user has granted to the "
            "endpoint."
        ),
    )
    client = ClientIdField(
        required=False,
        help_text=_(
            "All tokens of this application, for other parts of the site too. "
            "With a user: those of that user for the endpoint."
        ),
    )
    all_users = forms.BooleanField(
        label=_("All users"),
        required=False,
        help_text=_("Every user and every application, for the endpoint."),
    )

    def __init__(self, data: Any, *, directory: UserDirectory) -> None:
        super().__init__(data, label_suffix="")
        self.directory = directory
        self.fields["client"].widget = SuggestingInput(newest_clients())
        add_endpoint_field(self)

    def clean_user(self) -> Any:
        """Return the user that the text names; None if it is empty."""
        text = self.cleaned_data["user"]
        if not text:
            return None
        found = resolve_user(text)
        if found.user is not None:
            return found.user
        problem = (
            gettext("More than one user has this name: give the username or the key of one.")
            if found.is_ambiguous
            else gettext("There is no such user.")
        )
        if names := [candidate_text(user) for user in self.directory.visible(found.candidates)]:
            problem = f"{problem} {gettext('Did you mean:')} {'; '.join(names)}"
        raise forms.ValidationError(problem)

    @override
    def clean(self) -> None:
        chosen = any(self.data.get(name, "").strip() for name in ("user", "client"))
        if chosen == bool(self.cleaned_data.get("all_users")):
            raise forms.ValidationError(_("Name a user, a client or both, or choose all users."))

    @cached_property
    def access(self) -> HeldAccess:
        """Access that the form names. Raises `ImproperlyConfigured` without the URL."""
        return HeldAccess(
            endpoint=chosen_endpoint(self),
            user=self.cleaned_data["user"],
            client_id=self.cleaned_data["client"] or None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """User, client or all users, as pages and the log of the admin name them."""

    name: str
    row: Model | None = None


def subjects_of(access: HeldAccess) -> Sequence[Subject]:
    """Return the user and the client; where there is neither, one subject for all users."""
    found = []
    if access.user is not None:
        found.append(Subject(name=user_label(access.user), row=access.user))
    if access.client_id is not None:
        found.append(_client(access.client_id))
    return found or [Subject(name=gettext("all users"))]


def _client(client_id: str) -> Subject:
    client = find_client(client_id)
    if client is None:
        return Subject(name=client_id)
    name = printable(client.name)
    row = client.registration if client.registration.pk else client.application
    return Subject(name=f"{name} ({client_id})" if name else client_id, row=row)


def revoked_text(counts: AccessCounts) -> str:
    """Return the counts of revoked rows as a sentence for messages and the log."""
    text = gettext(
        "Revoked: access tokens: %(access_tokens)d, refresh tokens: %(refresh_tokens)d, "
        "codes: %(codes)d. Cancelled: tasks: %(tasks)d."
    )
    return text % {
        "access_tokens": counts.access_tokens,
        "refresh_tokens": counts.refresh_tokens,
        "codes": counts.codes,
        "tasks": counts.tasks,
    }
