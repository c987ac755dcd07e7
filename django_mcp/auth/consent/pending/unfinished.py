"""Page of an unfinished authorization, with the reason and the next step."""

from enum import StrEnum

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from django_mcp.auth.consent.display_names import site_name
from django_mcp.auth.consent.pages import render_page
from django_mcp.auth.consent.pending.requests import PENDING_REQUEST_MINUTES
from django_mcp.user_labels import user_label


class Reason(StrEnum):
    """Reason why an authorization is unfinished."""

    LOST = "lost"
    """The authorization page was opened without the parameters of a request."""
    OVER = "over"
    """No request is pending in this browser (any more)."""
    NOT_SIGNED_IN = "not-signed-in"
    """The login page redirects back repeatedly without a user who is signed in."""
    INACTIVE = "inactive"
    """The user is signed in, and the account is not active."""
    NO_LOGIN_PAGE = "no-login-page"
    """`LOGIN_URL` leads nowhere."""


def render_unfinished(
    request: HttpRequest, reason: Reason, *, status: int, login_url: str = ""
) -> HttpResponse:
    """Render the page, with the pending requests of the user."""
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
