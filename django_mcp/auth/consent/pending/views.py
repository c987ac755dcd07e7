"""View that redirects to a pending authorization request, or dismisses it."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods

from django_mcp.auth.consent.pending.notice import pending_assistants
from django_mcp.auth.consent.pending.requests import drop_pending, pending_requests
from django_mcp.auth.consent.pending.unfinished import Reason, render_unfinished

LIST = "django_mcp:connected-assistants"


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@csrf_protect
@never_cache
def pending_assistant(request: HttpRequest) -> HttpResponseBase:
    """Redirect to the request whose id is `request`, else to the latest; by POST, dismiss it.

    An id that is not in the session is that of a request which is over.
    """
    if request.method == "POST":
        for pending in pending_requests(request):
            if pending.id == request.POST.get("request"):
                drop_pending(request, pending.parameters)
        return redirect(_back(request))
    wanted = request.GET.get("request")
    for assistant in pending_assistants(request):
        if wanted in (None, assistant.request.id):
            return redirect(assistant.request.url)
    return render_unfinished(request, Reason.OVER, status=404)


def _back(request: HttpRequest) -> str:
    """Return the page of the site with the notice, as far as browsers send it."""
    referer = request.headers.get("Referer", "")
    is_ours = url_has_allowed_host_and_scheme(
        referer, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return referer if is_ours else LIST
