"""Form field of the id of one known OAuth client."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from django_mcp.background.revocation import is_known_client
from django_mcp.models.clients import MAX_CLIENT_ID_CHARACTERS


def validate_known(client_id: str) -> None:
    """Raise `ValidationError` for an id that no client has."""
    if not is_known_client(client_id):
        raise ValidationError(_("There is no client of this id."), code="unknown_client")


class ClientIdField(forms.CharField):
    """Id of a client that has an application, a registration, a task or a call."""

    default_validators = [validate_known]

    def __init__(self, **options: Any) -> None:
        super().__init__(label=_("Client id"), max_length=MAX_CLIENT_ID_CHARACTERS, **options)
