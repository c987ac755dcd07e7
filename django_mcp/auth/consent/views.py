"""View of the authorization endpoint, with the consent page."""

import logging
from typing import Any

from django import forms
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import NoReverseMatch
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from oauth2_provider.exceptions import FatalClientError, OAuthToolkitError
from oauth2_provider.models import get_application_model
from oauth2_provider.views import AuthorizationView as ToolkitAuthorizationView
from oauthlib.oauth2.rfc6749.errors import InvalidClientIdError, OAuth2Error
from oauthlib.openid.connect.core.exceptions import ConsentRequired

from django_mcp.auth.clients.applications import is_self_registered
from django_mcp.auth.clients.approval import ClientBlockedError, ClientUnapprovedError
from django_mcp.auth.clients.display_text import shown_name
from django_mcp.auth.clients.redirect_uris import Destination, is_loopback
from django_mcp.auth.consent.authorization_requests import (
    AuthorizationRequest,
    leads_to_consent,
    read_request,
    without_form,
)
from django_mcp.auth.consent.client_summary import ClientSummary
from django_mcp.auth.consent.display_names import service_address, service_name, site_name
from django_mcp.auth.consent.pages import render_page
from django_mcp.auth.consent.pending.requests import (
    PendingRequest,
    completed_request,
    drop_pending,
    store_pending,
)
from django_mcp.auth.consent.pending.unfinished import Reason, render_unfinished
from django_mcp.auth.consent.requested_scopes import make_offer
from django_mcp.auth.oauth.issuer import with_issuer
from django_mcp.auth.oauth.metadata import issuer
from django_mcp.auth.tokens.queries import granted_scopes, holds_access
from django_mcp.principals import Principal
from django_mcp.user_labels import user_label

logger = logging.getLogger(__name__)

REDIRECT_SOURCES = ("https:", "http://localhost:*", "http://127.0.0.1:*")
"""CSP sources to which a redirect URI may redirect; Chromium checks all redirects of a form."""

MAX_ARRIVALS = 5
"""Redirects of a browser to the login page for one request, without a click in between."""


class ConsentForm(forms.Form):
    """Form of the user's decision. `scope` may be a part of the requested scopes.

    Its fields are those of django-oauth-toolkit's form, for programs that fill it in.
    """

    allow = forms.BooleanField(required=False)

    def __init__(self, posted: QueryDict, *, scopes: tuple[str, ...]) -> None:
        chosen = " ".join(posted.getlist("scope")).split()
        super().__init__({"allow": posted.get("allow"), "scope": chosen})
        self.fields["scope"] = forms.MultipleChoiceField(
            choices=[(scope, scope) for scope in scopes],
            required=bool(scopes) and "allow" in posted,
            error_messages={"required": _("Choose at least one permission, or deny them all.")},
        )


# The view asks for a login by itself; and a consent needs the token of its form even at a site
# that has no middleware for that.
@method_decorator([login_not_required, csrf_protect, never_cache], name="dispatch")
class AuthorizationView(ToolkitAuthorizationView):
    """View of django-oauth-toolkit with our own consent page for requests to an endpoint.

    Self-registered applications always need consent, on that page. Those of the host skip it
    where their settings allow that, and have the toolkit's own page when they
    want nothing of an endpoint.
    """

    authorization: AuthorizationRequest | None = None
    is_decided = False

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Handle the request of a user; send errors to the client by a redirect.

        If the client must not get a response, the user reads the reason.
        """
        response: HttpResponse
        try:
            response = super().dispatch(request, *args, **kwargs)
        except OAuthToolkitError as error:
            response = self.error_response(error, None)
        return response

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the consent page for the request in the URL."""
        if whole := completed_request(request):
            return HttpResponseRedirect(whole.url)
        self.authorization = authorization = read_request(
            request, self.validate_authorization_request
        )
        response: HttpResponse | None = None
        prompt = request.GET.get("prompt", "").split()
        if not authorization.is_self_registered:
            response = super().get(request, *args, **kwargs)
        elif "create" in prompt:
            response = self.handle_prompt_create()
        elif "login" in prompt:
            response = self.handle_prompt_login()
        elif "none" in prompt:
            raise OAuthToolkitError(
                error=ConsentRequired(state=authorization.credentials["state"]),
                redirect_uri=authorization.credentials["redirect_uri"],
            )
        return response or self._ask(authorization)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Store the user's decision about the request in the URL."""
        if "client_id" in request.GET or "client_id" not in request.POST:
            self.authorization = read_request(request, self.validate_authorization_request)
            if self.authorization.concerns_the_endpoint:
                return self._decide(self.authorization)
        response: HttpResponse = super().post(request, *args, **kwargs)
        return response

    def form_valid(self, form: forms.Form) -> HttpResponse:
        """Store the decision about an application of the host on the toolkit's own page."""
        applications = get_application_model().objects
        application = applications.filter(client_id=form.cleaned_data["client_id"]).first()
        # That form itself names the scopes and the application.
        if application is None or is_self_registered(application):
            raise FatalClientError(error=InvalidClientIdError())
        response: HttpResponse = super().form_valid(form)
        return response

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> HttpResponse:
        """Render the toolkit's own page, or ours for a request to an endpoint."""
        if self.authorization is not None and self.authorization.concerns_the_endpoint:
            return self._ask(self.authorization)
        response: HttpResponse = super().render_to_response(context, **kwargs)
        return response

    def handle_no_permission(self) -> HttpResponse:
        """Redirect the visitor to the login page, and store the request in the session."""
        response: HttpResponse
        try:
            response = super().handle_no_permission()
        except NoReverseMatch:
            logger.exception("LOGIN_URL does not resolve: users cannot sign in to connect a client")
            return render_unfinished(self.request, Reason.NO_LOGIN_PAGE, status=500)
        if isinstance(response, HttpResponseRedirect) and self.request.method in ("GET", "POST"):
            pending = self._store_pending()
            if pending is not None and pending.arrivals > MAX_ARRIVALS:
                return render_unfinished(
                    self.request, Reason.NOT_SIGNED_IN, status=403, login_url=response.url
                )
        return response

    def handle_prompt_login(self) -> HttpResponse:
        """Redirect the user to the login page, as `prompt` demands."""
        if self.authorization is not None and self.authorization.concerns_the_endpoint:
            store_pending(self.request)
        response: HttpResponseRedirect = super().handle_prompt_login()
        # The toolkit's address to come back to has every parameter once: resources may be several.
        parameters = self.request.GET.copy()
        del parameters["prompt"]
        login_url, _, query = response.url.partition("?")
        fields = QueryDict(query, mutable=True)
        name = self.get_redirect_field_name()
        page = str(fields[name]).partition("?")[0]
        fields[name] = f"{page}?{parameters.urlencode()}"
        return HttpResponseRedirect(f"{login_url}?{fields.urlencode(safe='/')}")

    def error_response(
        self, error: OAuthToolkitError, application: Any, **kwargs: Any
    ) -> HttpResponse:
        """Redirect the error to the application, or render it for the user."""
        if isinstance(error, FatalClientError) or not error.oauthlib_error.redirect_uri:
            return self._refuse(error.oauthlib_error)
        response: HttpResponse = super().error_response(error, application, **kwargs)
        return response

    def redirect(self, redirect_to: str, application: Any) -> HttpResponse:
        """Redirect to the application, with the `iss` of RFC 9207.

        A self-registered application gets a response without a click of its user only if
        `_may_redirect` allows it: otherwise this server would be an open redirector
        (RFC 9700, section 4.11.2), also to programs on the user's device.
        """
        if self.authorization is None or self.authorization.concerns_the_endpoint:
            redirect_to = with_issuer(redirect_to, issuer())
        if self.request.user.is_authenticated:
            drop_pending(self.request, self.request.GET)
        waiting = None if self.is_decided else self._self_registered()
        if waiting is not None and not self._may_redirect(redirect_to, waiting):
            return self._confirm_redirect(redirect_to, waiting)
        response: HttpResponse = super().redirect(redirect_to, application)
        return response

    def _store_pending(self) -> PendingRequest | None:
        """Store a request for the user who is about to sign in, if it leads to the consent page.

        Not what another site's page has the browser load.
        """
        if self.request.headers.get("Sec-Fetch-Dest", "document") != "document":
            return None
        is_good = leads_to_consent(self.request, self.validate_authorization_request)
        return store_pending(self.request) if is_good else None

    def _decide(self, authorization: AuthorizationRequest) -> HttpResponse:
        if "another_user" in self.request.POST:
            return self._sign_out()
        if not self.request.user.is_active:
            return self._ask(authorization)
        form = ConsentForm(self.request.POST, scopes=authorization.scopes)
        if not form.is_valid():
            return self._ask(authorization, form)
        self.is_decided = True
        uri, *_headers = self.create_authorization_response(
            request=without_form(self.request),
            scopes=" ".join(form.cleaned_data["scope"]),
            credentials=dict(authorization.credentials),
            allow=form.cleaned_data["allow"],
        )
        return self.redirect(uri, authorization.application)

    def _self_registered(self) -> Any:
        """Return the application that waits for the response, if it is self-registered."""
        if self.authorization is not None:
            return self.authorization.application if self.authorization.is_self_registered else None
        client_id = self.request.GET.get("client_id", "")
        named = get_application_model().objects.filter(client_id=client_id)
        return next(filter(is_self_registered, named), None)

    def _may_redirect(self, redirect_to: str, application: Any) -> bool:
        """Return whether a redirect needs no click of the user.

        The user is signed in, and has allowed the application before or it listens on loopback.
        """
        user = self.request.user
        return user.is_authenticated and (
            is_loopback(redirect_to) or holds_access(application, user)
        )

    def _confirm_redirect(self, redirect_to: str, application: Any) -> HttpResponse:
        context = {
            "title": gettext("This request cannot be answered"),
            "client": ClientSummary.of(application),
            "destination": Destination.of(redirect_to),
            "onward": redirect_to,
            "service": site_name(),
        }
        return render_page(self.request, "django_mcp/unanswered.html", context, status=400)

    def _ask(
        self, authorization: AuthorizationRequest, form: ConsentForm | None = None
    ) -> HttpResponse:
        user = self.request.user
        if not user.is_active:
            return render_unfinished(self.request, Reason.INACTIVE, status=403)
        endpoint = authorization.endpoint
        client = ClientSummary.of(authorization.application)
        destination = Destination.of(authorization.credentials["redirect_uri"])
        principal = Principal(
            endpoint=endpoint,
            user=user,
            client_id=authorization.application.client_id,
            scopes=frozenset(authorization.scopes),
        )
        context = {
            "title": gettext("Allow %(application)s?") % {"application": client.name},
            "client": client,
            "destination": destination,
            "offer": make_offer(
                principal, granted=granted_scopes(authorization.application, user, endpoint)
            ),
            "chosen": authorization.scopes if form is None else form.data["scope"],
            "form": form,
            "user_label": user_label(user),
            "service": service_name(endpoint),
            "service_address": service_address(endpoint),
        }
        targets = [destination.source, *REDIRECT_SOURCES]
        return render_page(self.request, "django_mcp/consent.html", context, form_targets=targets)

    def _refuse(self, error: OAuth2Error) -> HttpResponse:
        drop_pending(self.request, self.request.GET)
        if "client_id" not in self.request.GET:
            return render_unfinished(self.request, Reason.LOST, status=400)
        # One page for all that an attacker could try; the others show the decision of operators.
        is_blocked = isinstance(error, ClientBlockedError)
        is_unapproved = isinstance(error, ClientUnapprovedError)
        context = {
            "title": gettext("This application gets no access"),
            "is_blocked": is_blocked,
            "is_unapproved": is_unapproved,
            # Whole: operators need all of it.
            "client_id": shown_name(self.request.GET.get("client_id", ""), longest=255),
            "service": site_name(),
        }
        return render_page(self.request, "django_mcp/refused.html", context, status=400)

    def _sign_out(self) -> HttpResponse:
        """Sign the user out, and render a page that leads to the sign-in page and back here.

        Not by a redirect: the policy of the form applies to it, and would block the sign-in page of
        another site.
        """
        logout(self.request)
        store_pending(self.request)
        login = redirect_to_login(
            self.request.get_full_path(), self.get_login_url(), self.get_redirect_field_name()
        )
        context = {"title": gettext("You are signed out"), "login_url": login.url}
        response = render_page(self.request, "django_mcp/signed_out.html", context)
        response["Refresh"] = f"0; url={login.url}"
        return response
