"""Permission classes and rate limits of dynamic registrations and metadata documents."""

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

VALIDATED = "_django_mcp_validated"


def count_registration(meta: Mapping[str, Any]) -> int:
    """Count one more registration from an address; return the seconds to wait, 0 if allowed."""
    return seconds_to_wait("django_mcp.registration", rate=settings.REGISTRATION_RATE, meta=meta)


def count_document(meta: Mapping[str, Any]) -> int:
    """Count one more unknown document from an address; return the seconds to wait, 0 if allowed.

    Apart from registrations: pages of other sites can make a browser ask for documents.
    """
    return seconds_to_wait(
        "django_mcp.client_document", rate=settings.CLIENT_DOCUMENT_RATE, meta=meta
    )


class RegistrationPermission:
    """Permission to register metadata that `RegistrationView` has validated.

    Registration through django-oauth-toolkit's own view is refused: it does not validate.
    """

    def has_permission(self, request: HttpRequest) -> bool:
        """Return whether the metadata of the request has been validated."""
        return getattr(request, VALIDATED, False) is True


class ClientDocumentPermission:
    """Permission to fetch the metadata document of a client that is not refused.

    The first fetch counts against the rate limit: it is a request to a host that the sender chose.
    """

    def has_permission(self, request: Request, client_id: str) -> bool:
        """Return whether the document may be fetched now, and count an unknown one."""
        if not is_document_url(client_id) or refusal_of(client_id, is_self_registered=True):
            return False
        standing = ClientRegistration.objects.standing_of(client_id)
        if standing == ClientRegistration.Standing.APPROVED:
            return True
        known = get_application_model()._default_manager.filter(client_id=client_id)
        return known.exists() or not count_document(request.headers)
