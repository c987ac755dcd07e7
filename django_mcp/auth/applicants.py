"""Who asks for access: what a user should know of an application."""

from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

from django.utils.translation import gettext

from django_mcp.auth.applications import is_self_registered
from django_mcp.auth.strangers import has_other_letters, shown_host, shown_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """An application that asks. All of it can be shown.

    `host` is where its metadata document lies, which nobody else can claim; empty without one.
    """

    name: str
    host: str
    is_self_registered: bool

    @classmethod
    def of(cls, application: Any) -> Self:
        """Describe an application of django-oauth-toolkit."""
        is_document = application.registration_source == application.RegistrationSource.CIMD
        host = urlsplit(application.client_id).hostname if is_document else ""
        return cls(
            name=shown_name(application.name) or gettext("An application without a name"),
            host=shown_host(host or ""),
            is_self_registered=is_self_registered(application),
        )

    @property
    def has_other_letters(self) -> bool:
        return has_other_letters(self.host)
