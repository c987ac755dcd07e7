"""Template tags of requests that wait for their user to sign in."""

from typing import Any

from django import template
from django.apps import apps
from django.template.context import Context
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

TEMPLATE = "django_mcp/pending_assistants.html"


@register.simple_tag(takes_context=True)
def pending_assistants(context: Context) -> SafeString:
    """Show the assistants that wait for the user of the page, each with a link back to it.

    Empty for visitors, without a request, and without django-oauth-toolkit.
    """
    # Every `render()` gives its context the request, whatever context processors there are.
    request: Any = getattr(context, "request", None) or context.get("request")
    if request is None or not apps.is_installed("oauth2_provider"):
        return mark_safe("")
    from django_mcp.auth.consent.csp import request_nonce
    from django_mcp.auth.consent.display_names import site_name
    from django_mcp.auth.consent.pending import notice

    waiting = notice.pending_assistants(request)
    try:
        url = reverse("django_mcp:pending-assistant") if waiting else ""
    except NoReverseMatch:  # a site may have other routes on another host
        url = ""
    if not url:
        return mark_safe("")
    service = site_name()
    # On the package's own pages, that of the page.
    nonce = context.get("style_nonce") or request_nonce(request)
    shown = {
        "assistants": waiting,
        "service": service,
        "pending_url": url,
        "style_nonce": nonce,
    }
    return render_to_string(TEMPLATE, shown, request=request)
