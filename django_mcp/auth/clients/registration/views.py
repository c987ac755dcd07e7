"""Views of dynamic client registration (RFC 7591) and its management (RFC 7592)."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import router, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from oauth2_provider.dcr import enforce_csrf
from oauth2_provider.models import get_access_token_model, get_application_model
from oauth2_provider.utils import parse_bearer_token
from oauth2_provider.views import (
    DynamicClientRegistrationManagementView as ToolkitManagementView,
)
from oauth2_provider.views import DynamicClientRegistrationView as ToolkitRegistrationView
from typing_extensions import override

from django_mcp.auth.clients.metadata import (
    ClientMetadata,
    ClientMetadataError,
    refuse_bad_redirects,
)
from django_mcp.auth.clients.registration.locks import lock_registrations
from django_mcp.auth.clients.registration.permissions import VALIDATED, count_registration
from django_mcp.auth.errors import error_response, too_many
from django_mcp.endpoints import get_endpoints
from django_mcp.models import ClientRegistration
from django_mcp.policy.peer_addresses import peer_address

MAX_BODY_BYTES = 8 * 1024
CONFIDENTIAL = ("client_secret_basic", "client_secret_post")
PUBLIC = ("none",)

Standing = ClientRegistration.Standing


class RegistrationView(ToolkitRegistrationView):
    """Registration view of django-oauth-toolkit with validated metadata and a rate limit."""

    @override
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Register an application within the rate limit of its address."""
        if wait := count_registration(request.META):
            # Before anything is read: refused requests have a cost, too.
            return too_many("No more registrations for now.", wait)
        try:
            metadata = ClientMetadata.read(
                _read_document(request),
                auth_methods=(*CONFIDENTIAL, *PUBLIC),
                default_auth_method=CONFIDENTIAL[0],
            )
            refuse_bad_redirects(metadata.redirect_uris)
        except ClientMetadataError as error:
            return error_response(error.error, error.description)
        _replace_body(request, metadata)
        _drop_doubtful_user(request)
        with transaction.atomic(using=router.db_for_write(get_application_model())):
            answer: HttpResponse = super().post(request, *args, **kwargs)
            if answer.status_code != 201:
                return answer
            document = json.loads(answer.content)
            ClientRegistration.objects.register(
                document["client_id"],
                source=ClientRegistration.Source.DCR,
                address=peer_address(request.META),
            )
            document["token_endpoint_auth_method"] = metadata.auth_method
            if "client_secret" in document:
                document["client_secret_expires_at"] = 0
            return _response(document, status=201)


class RegistrationManagementView(ToolkitManagementView):
    """Management view of django-oauth-toolkit with the validation of a registration."""

    @override
    def get(self, request: HttpRequest, client_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return the registration."""
        return _completed(super().get(request, client_id, *args, **kwargs))

    @override
    def put(self, request: HttpRequest, client_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """Replace the registration; another name or redirect URI withdraws the approval."""
        found = self._authenticate_registration_request(request, client_id)
        if isinstance(found, HttpResponse):
            return found
        application = found.application
        is_public = application.client_type == application.CLIENT_PUBLIC
        # It keeps its secret, or has none: a new one would have to be sent, and is not.
        methods = PUBLIC if is_public else CONFIDENTIAL
        try:
            document = _read_document(request)
            if document.get("client_id") not in (None, client_id):
                raise ClientMetadataError("client_id must stay what it is")
            metadata = ClientMetadata.read(
                document, auth_methods=methods, default_auth_method=methods[0]
            )
            refuse_bad_redirects(metadata.redirect_uris)
        except ClientMetadataError as error:
            return error_response(error.error, error.description)
        _replace_body(request, metadata)
        with (
            transaction.atomic(using=router.db_for_write(get_application_model())),
            transaction.atomic(using=ClientRegistration.objects.all().db),
        ):
            lock_registrations(client_id)
            # Read again: what was read before may have been changed, and approved, meanwhile.
            application.refresh_from_db(fields=("name", "redirect_uris"))
            before = (application.name, application.redirect_uris)
            answer = _completed(super().put(request, client_id, *args, **kwargs))
            if before != (metadata.name, " ".join(metadata.redirect_uris)):
                ClientRegistration.objects.withdraw_approval(client_id)
            return answer

    @override
    def delete(
        self, request: HttpRequest, client_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Delete the application, and its registration unless it is blocked."""
        answer: HttpResponse = super().delete(request, client_id, *args, **kwargs)
        if answer.status_code == 204:
            rows = ClientRegistration.objects.filter(client_id=client_id)
            rows.exclude(standing=Standing.BLOCKED).delete()
        return answer


def _read_document(request: HttpRequest) -> Mapping[str, Any]:
    """Return the JSON object in the body, of which at most `MAX_BODY_BYTES` are read."""
    body = request.read(MAX_BODY_BYTES + 1)
    if len(body) > MAX_BODY_BYTES:
        raise ClientMetadataError(f"The body must be of {MAX_BODY_BYTES} bytes at most")
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise ClientMetadataError("The body must be JSON") from None
    if not isinstance(document, dict):
        raise ClientMetadataError("The body must be a JSON object")
    return document


def _replace_body(request: HttpRequest, metadata: ClientMetadata) -> None:
    """Replace the body by the validated metadata, and mark the request."""
    request._body = json.dumps(metadata.as_registered()).encode()
    setattr(request, VALIDATED, True)


def _drop_doubtful_user(request: HttpRequest) -> None:
    """Drop the user of a request that a page of another site may have sent with their cookie."""
    bearer = parse_bearer_token(request.headers.get("Authorization", ""))
    if bearer is None and not enforce_csrf(request):
        request.user = AnonymousUser()


def _completed(answer: HttpResponse) -> HttpResponse:
    if answer.status_code != 200:
        return answer
    return _response(json.loads(answer.content), status=200)


def _response(document: dict[str, Any], *, status: int) -> HttpResponse:
    """Return the response with the canonical URL, and bind the token to that URL alone."""
    path = reverse("oauth2_provider:dcr-register-management", args=[document["client_id"]])
    url = get_endpoints().oauth_origin + path
    # Were it for nothing in particular, it would open the host's API: django-oauth-toolkit keeps
    # it among the access tokens.
    checksum = hashlib.sha256(document["registration_access_token"].encode()).hexdigest()
    get_access_token_model()._default_manager.filter(token_checksum=checksum).update(resource=[url])
    document = {**document, "response_types": ["code"], "registration_client_uri": url}
    return JsonResponse(document, status=status, headers={"Cache-Control": "no-store"})
