"""Applications that wait for a user who has signed in: what the notice about them shows."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest
from oauth2_provider.models import get_application_model

from django_mcp.auth.clients.applications import is_document_url, is_self_registered
from django_mcp.auth.clients.approval import refusal_of
from django_mcp.auth.clients.display_text import shown_host
from django_mcp.auth.consent.client_summary import Applicant
from django_mcp.auth.consent.pending.requests import PendingRequest, pending_requests


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingAssistant:
    """An application and the request that it waits for. All of `applicant` can be shown.

    One that is not known yet has the name of the host that will describe it.
    """

    request: PendingRequest
    applicant: Applicant
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
    is_guest = application is None or is_self_registered(application)
    if refusal_of(client_id, is_self_registered=is_guest):
        return None
    if application is None and not is_document_url(client_id):
        return None
    return PendingAssistant(
        request=pending,
        applicant=_undescribed(client_id) if application is None else Applicant.of(application),
        is_known=application is not None,
    )


def _undescribed(client_id: str) -> Applicant:
    host = shown_host(urlsplit(client_id).hostname or "")
    return Applicant(name=host, host=host, is_self_registered=True, is_made_for_tokens=False)
