"""Applications with pending authorization requests of the user who is signed in."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest
from oauth2_provider.models import get_application_model

from django_mcp.auth.clients.applications import is_document_url, is_self_registered
from django_mcp.auth.clients.approval import refusal_of
from django_mcp.auth.clients.display_text import shown_host
from django_mcp.auth.consent.client_summary import ClientSummary
from django_mcp.auth.consent.pending.requests import PendingRequest, pending_requests


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingAssistant:
    """Application with its pending request. `client` is safe to display.

    An unknown application has the name of the host of its document.
    """

    request: PendingRequest
    client: ClientSummary
    is_known: bool


def pending_assistants(request: HttpRequest) -> list[PendingAssistant]:
    """Return the pending assistants of the user who is signed in, the latest first.

    Empty for visitors: others may use the browser. No query if the session holds no request.
    """
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return []
    pending = pending_requests(request)
    if not pending:
        return []
    named = [each.client_id for each in pending]
    found = get_application_model()._default_manager.filter(client_id__in=named)
    applications = {application.client_id: application for application in found}
    assistants = (_assistant(each, applications.get(each.client_id)) for each in pending)
    return [each for each in assistants if each is not None]


def _assistant(pending: PendingRequest, application: Any) -> PendingAssistant | None:
    """Return the assistant, or None if the authorization page would refuse it by now."""
    client_id = pending.client_id
    self_registered = application is None or is_self_registered(application)
    if refusal_of(client_id, is_self_registered=self_registered):
        return None
    if application is None and not is_document_url(client_id):
        return None
    return PendingAssistant(
        request=pending,
        client=_undescribed(client_id) if application is None else ClientSummary.of(application),
        is_known=application is not None,
    )


def _undescribed(client_id: str) -> ClientSummary:
    host = shown_host(urlsplit(client_id).hostname or "")
    return ClientSummary(name=host, host=host, is_self_registered=True, is_made_for_tokens=False)
