"""Views of connected assistants: their list, and the form that disconnects them."""

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.utils.translation import gettext, pgettext
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from django_mcp.auth.connections.connections import connections_of
from django_mcp.auth.connections.programs import programs_of
from django_mcp.auth.consent.display_names import site_name
from django_mcp.auth.consent.pages import render_page
from django_mcp.auth.tokens.revocation import revoke_of_user
from django_mcp.endpoints import get_endpoints

LIST = "django_mcp:connected-assistants"


@login_required
@require_safe
def connected_assistants(request: HttpRequest) -> HttpResponseBase:
    """Show the connections of the user to all endpoints."""
    connections = connections_of(_user(request))
    return render_page(
        request,
        "django_mcp/connected_assistants.html",
        {
            "title": gettext("Connected assistants"),
            "connections": connections,
            "programs": programs_of(connections),
            "service": site_name(),
            "is_done": "done" in request.GET,
        },
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@csrf_protect
def disconnect(request: HttpRequest) -> HttpResponseBase:
    """Disconnect the applications that `client` names, or all, after a confirmation.

    Ids that the user has not connected are ignored. Where nothing else is named, it
    redirects to the list.
    """
    user = _user(request)
    sent = request.POST if request.method == "POST" else request.GET
    is_of_all = "client" not in sent
    named = set(sent.getlist("client"))
    connections = [each for each in connections_of(user) if is_of_all or each.client_id in named]
    if not connections:
        return redirect(LIST)
    if request.method == "POST":
        for client_id in [None] if is_of_all else [each.client_id for each in connections]:
            revoke_of_user(user, get_endpoints(), client_id=client_id)
        return redirect(f"{resolve_url(LIST)}?done")
    return render_page(
        request,
        "django_mcp/disconnect.html",
        {
            "title": pgettext("application", "Disconnect"),
            "connections": connections,
            "is_of_all": is_of_all,
        },
    )


def _user(request: HttpRequest) -> AbstractBaseUser:
    user = request.user
    assert isinstance(user, AbstractBaseUser), "`login_required` passes users alone."
    return user
