"""Permissions and rates of dynamic client registration and of metadata documents."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from oauth2_provider.models import get_application_model
from oauthlib.common import Request

from django_mcp.auth.clients.applications import is_document_url
from django_mcp.auth.clients.approval import refusal_of
from django_mcp.conf import settings
from django_mcp.models import ClientRegistration
from django_mcp.policy.rates import seconds_to_wait

ADMITTED = "_django_mcp_admitted"


def count_registration(meta: Mapping[str, Any]) -> int:
    """Count one more application from an address; the seconds to wait if it is one too many."""
    return seconds_to_wait("django_mcp.registration", rate=settings.REGISTRATION_RATE, meta=meta)


def count_document(meta: Mapping[str, Any]) -> int:
    """Count one more unknown document from an address; the seconds to wait if it is one too many.

    Apart from registrations: pages of other sites can make a browser ask for documents.
    """
    return seconds_to_wait(
        "django_mcp.client_document", rate=settings.CLIENT_DOCUMENT_RATE, meta=meta
    )


class RegistrationPermission:
    """Anybody may register what `django_mcp.auth.clients.registration.views` has looked at first.

    Through django-oauth-toolkit's own view nobody may: it takes what it is given.
    """

    def has_permission(self, request: HttpRequest) -> bool:
        return getattr(request, ADMITTED, False) is True


class ClientDocumentPermission:
    """Any document may be fetched, of those whose operators have not said otherwise.

    The first time is counted: each costs a request to a host of somebody's choice.
    """

    def has_permission(self, request: Request, client_id: str) -> bool:
        if not is_document_url(client_id) or refusal_of(client_id, is_self_registered=True):
            return False
        standing = ClientRegistration.objects.standing_of(client_id)
        if standing == ClientRegistration.Standing.APPROVED:
            return True
        known = get_application_model()._default_manager.filter(client_id=client_id)
        return known.exists() or not count_document(request.headers)
