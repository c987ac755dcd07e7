"""Page for a sign-in that led to no decision, with the reason and the next step."""

from enum import StrEnum

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from django_mcp.auth.consent.pages import render_page
from django_mcp.auth.consent.pending.requests import PENDING_REQUEST_MINUTES
from django_mcp.auth.consent.service_name import site_name
from django_mcp.user_labels import user_label


class Reason(StrEnum):
    LOST = "lost"
    """The authorization page was opened without what an application asks for."""
    OVER = "over"
    """No request waits in this browser (any more)."""
    NOT_SIGNED_IN = "not-signed-in"
    """The login page leads back again and again, and nobody is signed in."""
    INACTIVE = "inactive"
    """The user is signed in, and the account is switched off."""
    NO_LOGIN_PAGE = "no-login-page"
    """`LOGIN_URL` leads nowhere."""


def render_unfinished(
    request: HttpRequest, reason: Reason, *, status: int, login_url: str = ""
) -> HttpResponse:
    """Render the page, with the applications that wait for the user if there are any."""
    user = request.user
    context = {
        "title": gettext("This connection is not complete"),
        "reason": reason,
        "service": site_name(),
        "minutes": PENDING_REQUEST_MINUTES,
        "login_url": login_url,
        "user_label": user_label(user) if user.is_authenticated else "",
    }
    return render_page(request, "django_mcp/unfinished.html", context, status=status)
