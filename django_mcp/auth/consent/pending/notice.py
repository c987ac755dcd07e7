"""Notice of applications that wait for a user who has signed in."""

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
    """An application and the request that it waits for. All of `client` is safe to be shown.

    One that is not known yet has the name of the host that will describe it.
    """

    request: PendingRequest
    client: ClientSummary
    is_known: bool


def pending_assistants(request: HttpRequest) -> list[PendingAssistant]:
    """Return what waits for the user who is signed in, the latest first.

    Empty for visitors: others may use the browser. No query where the session keeps no request.
    """
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return []
    kept = pending_requests(request)
    if not kept:
        return []
    named = [each.client_id for each in kept]
    found = get_application_model()._default_manager.filter(client_id__in=named)
    applications = {application.client_id: application for application in found}
    waiting = (_assistant(each, applications.get(each.client_id)) for each in kept)
    return [each for each in waiting if each is not None]


def _assistant(pending: PendingRequest, application: Any) -> PendingAssistant | None:
    """None for one that the authorization page would refuse by now."""
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
