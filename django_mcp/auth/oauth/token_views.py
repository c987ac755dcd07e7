"""Token, revocation, introspection and device authorization views."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from oauth2_provider.models import get_access_token_model, get_application_model
from oauth2_provider.views import (
    DeviceAuthorizationView,
    IntrospectTokenView,
    RevokeTokenView,
    TokenView,
)
from oauthlib.common import Request
from typing_extensions import override

from django_mcp.auth.clients.applications import is_document_url, is_self_registered
from django_mcp.auth.clients.approval import refusal_of
from django_mcp.auth.clients.secrets import TooManySecretsError
from django_mcp.auth.errors import error_response, too_many

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


class EndpointTokenView(TokenView):
    """Token view of django-oauth-toolkit with error responses for invalid input."""

    @override
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Issue a token, or return the error of RFC 6749."""
        parameters = request.POST
        if "\x00" in parameters.get("device_code", ""):
            return error_response("invalid_grant")
        if parameters.get("grant_type") == DEVICE_CODE and "device_code" not in parameters:
            return error_response("invalid_request", "Missing device_code parameter.")
        try:
            response: HttpResponse = super().post(request, *args, **kwargs)
        except get_access_token_model().DoesNotExist:
            # It was revoked between being stored and being sent.
            return error_response("invalid_grant")
        # What goes wrong while a token is stored comes without the headers of other refusals.
        response["Content-Type"] = "application/json"
        response["Cache-Control"] = "no-store"
        return response

    @override
    def create_token_response(self, request: HttpRequest) -> Any:
        """Create the response, with the parameters hidden from error reports."""
        # What reports of errors leave out; the toolkit shows them codes and refresh tokens.
        hidden = sensitive_post_parameters()(super().create_token_response)
        return hidden(request)


@method_decorator(sensitive_post_parameters(), name="dispatch")
class EndpointRevocationView(RevokeTokenView):
    """Revocation view of django-oauth-toolkit, with tokens hidden from error reports."""


class EndpointDeviceAuthorizationView(DeviceAuthorizationView):
    """Device authorization view of django-oauth-toolkit, for the host's own applications alone."""

    @override
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Start a device authorization."""
        client_id = request.POST.get("client_id", "").replace("\x00", "")
        applications = get_application_model()._default_manager
        application = applications.filter(client_id=client_id).first()
        self_registered = is_document_url(client_id)
        if application is not None:
            self_registered = is_self_registered(application)
        if self_registered:
            return error_response("unauthorized_client")
        if "\x00" in request.POST.get("scope", ""):
            return error_response("invalid_scope")
        response: HttpResponse = super().post(request, *args, **kwargs)
        return response


# Django reads these two off the method that it calls.
@method_decorator([csrf_exempt, login_not_required], name="dispatch")
class EndpointIntrospectionView(IntrospectTokenView):
    """Introspection view of django-oauth-toolkit, for the host's own applications, unless blocked.

    Self-registered applications are refused: their secret proves only that they registered.
    """

    @override
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Introspect a token, or return 429 after too many secrets."""
        try:
            response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        except TooManySecretsError as error:  # the toolkit knows no such refusal here
            return too_many(error.description, error.wait)
        return response

    @override
    def authenticate_client(self, request: HttpRequest) -> bool:
        """Return whether the client is one of the host's own and not blocked."""
        core = self.get_oauthlib_core()
        uri, method, body, headers = core._extract_params(request)
        oauth_request = Request(uri, method, body, headers)
        if not core.server.request_validator.authenticate_client(oauth_request):
            return False
        client = oauth_request.client
        return not is_self_registered(client) and not refusal_of(
            client.client_id, is_self_registered=False
        )
