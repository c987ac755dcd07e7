"""Message after sign-in that links to a pending authorization request."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.translation import gettext

from django_mcp.auth.consent.pending.notice import pending_assistants
from django_mcp.conf import settings


def add_message(*, request: HttpRequest | None, **kwargs: Any) -> None:
    """Receiver of `user_logged_in`: add a message for the latest pending request, if enabled."""
    if not settings.LOGIN_MESSAGE or request is None:
        return
    waiting = pending_assistants(request)
    if not waiting:
        return
    latest = waiting[0]
    name = latest.client.name
    if latest.is_known and latest.client.host:
        name = f"{name} ({latest.client.host})"
    try:
        url = f"{reverse('django_mcp:pending-assistant')}?request={latest.request.id}"
    except NoReverseMatch:  # a site may have other routes on another host
        return
    text = format_html(
        gettext('{name} is waiting for you. <a href="{url}">Continue</a>'),
        name=format_html("<bdi>{}</bdi>", name),
        url=url,
    )
    messages.info(request, text, fail_silently=True)
