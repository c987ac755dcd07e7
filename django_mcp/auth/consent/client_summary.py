"""Summary of an OAuth client, as users read it."""

from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

from django.utils.translation import gettext

from django_mcp.auth.clients.applications import is_self_registered
from django_mcp.auth.clients.display_text import has_other_letters, shown_host, shown_name
from django_mcp.auth.tokens.development import COMMAND, is_made_for_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSummary:
    """OAuth client in a form that is safe to display.

    `host` is that of its metadata document, which no other client can claim; empty without one.
    `is_made_for_tokens` is true for the application of tokens made on the command line.
    """

    name: str
    host: str
    is_self_registered: bool
    is_made_for_tokens: bool

    @classmethod
    def of(cls, application: Any) -> Self:
        """Return the summary of an application of django-oauth-toolkit."""
        is_document = application.registration_source == application.RegistrationSource.CIMD
        host = urlsplit(application.client_id).hostname if is_document else ""
        is_of_command = is_made_for_tokens(application)
        if is_of_command and application.name == COMMAND:
            name = gettext("Tokens made on the command line")
        else:
            name = shown_name(application.name) or gettext("An application without a name")
        return cls(
            name=name,
            host=shown_host(host or ""),
            is_self_registered=is_self_registered(application),
            is_made_for_tokens=is_of_command,
        )

    @property
    def has_other_letters(self) -> bool:
        """True if the host contains encoded letters that may look like others."""
        return has_other_letters(self.host)
