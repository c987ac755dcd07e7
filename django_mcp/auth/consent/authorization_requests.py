"""Authorization requests, parsed and validated from the URL of the consent page alone."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, QueryDict
from oauth2_provider.exceptions import FatalClientError, OAuthToolkitError
from oauth2_provider.models import get_application_model
from oauthlib.oauth2.rfc6749 import errors

from django_mcp.auth.clients.applications import is_document_url, is_self_registered
from django_mcp.auth.clients.approval import refusal_of
from django_mcp.auth.clients.redirect_uris import is_acceptable
from django_mcp.auth.oauth.resource_indicators import (
    invalid_target,
    is_resource,
    named_endpoints,
    single_endpoint,
)
from django_mcp.auth.oauth.validator import VISITOR
from django_mcp.endpoints import Endpoint, get_endpoints
from django_mcp.primitives.registry import get_registry

Validate = Callable[[HttpRequest], tuple[list[str], dict[str, Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """Valid authorization request; `credentials` are those of django-oauth-toolkit."""

    application: Any
    scopes: tuple[str, ...]
    credentials: Mapping[str, Any]

    @property
    def is_self_registered(self) -> bool:
        """True if the application registered itself."""
        return is_self_registered(self.application)

    @property
    def concerns_the_endpoint(self) -> bool:
        """True if its scopes or resources open an endpoint or something declared."""
        return (
            self.is_self_registered
            or not get_registry().scopes.keys().isdisjoint(self.scopes)
            or bool(self._named_endpoints)
        )

    @property
    def endpoint(self) -> Endpoint:
        """The endpoint that is named as a resource; without one, the default endpoint."""
        return next(iter(self._named_endpoints), get_endpoints().default)

    @property
    def _named_endpoints(self) -> frozenset[Endpoint]:
        return named_endpoints(self.credentials.get("resource", ()))


def read_request(request: HttpRequest, validate: Validate) -> AuthorizationRequest:
    """Parse and `validate` the request in the URL; no field of a form changes it.

    Raises `FatalClientError` when the application must get no response, else `OAuthToolkitError`.
    """
    if any("\0" in value for _, values in request.GET.lists() for value in values):
        # PostgreSQL knows no such text.
        raise FatalClientError(error=errors.InvalidRequestFatalError())
    try:
        scopes, credentials = validate(_visit(request))
    except ValueError as error:  # of a query that is none
        raise FatalClientError(error=errors.InvalidRequestFatalError()) from error
    if isinstance(credentials.get("ui_locales"), list):
        # The toolkit takes them apart, and wants them in one piece.
        credentials["ui_locales"] = " ".join(credentials["ui_locales"])
    resources = request.GET.getlist("resource")
    if resources:
        credentials["resource"] = resources
    authorization = AuthorizationRequest(
        application=get_application_model().objects.get(client_id=credentials["client_id"]),
        scopes=tuple(dict.fromkeys(scopes)),
        credentials=credentials,
    )
    if refusal := refusal_of(
        credentials["client_id"], is_self_registered=authorization.is_self_registered
    ):
        raise FatalClientError(error=refusal())
    if problem := _problem(authorization, resources):
        raise OAuthToolkitError(error=problem, redirect_uri=credentials["redirect_uri"])
    return authorization


def leads_to_consent(request: HttpRequest, validate: Validate) -> bool:
    """Return whether a user who signs in now will see the consent page for the URL.

    No metadata document is fetched for a visitor. For an unknown application, it
    is true if only the document is missing, as far as the URL shows.
    """
    try:
        return read_request(request, validate).concerns_the_endpoint
    except OAuthToolkitError as error:
        if not isinstance(error.oauthlib_error, errors.InvalidClientIdError):
            return False
    parameters = request.GET
    return (
        is_document_url(parameters["client_id"])
        and is_acceptable(parameters.get("redirect_uri", ""))
        and parameters.get("response_type") == "code"
        and parameters.get("code_challenge_method") == "S256"
        and single_endpoint(parameters.getlist("resource")) is not None
    )


def _problem(
    authorization: AuthorizationRequest, resources: list[str]
) -> errors.OAuth2Error | None:
    """Return the error of a request, whatever validator the project configures."""
    state = authorization.credentials["state"]
    if authorization.is_self_registered:
        is_right = single_endpoint(resources) is not None
    else:
        is_right = all(map(is_resource, resources)) and len(named_endpoints(resources)) <= 1
    if not is_right:
        return invalid_target(state=state)
    challenge = authorization.credentials.get("code_challenge")
    method = authorization.credentials.get("code_challenge_method")
    if authorization.is_self_registered and not (challenge and method == "S256"):
        return errors.InvalidRequestError(
            description="A code challenge of the method S256 is required.", state=state
        )
    return None


def _visit(request: HttpRequest) -> HttpRequest:
    visited = without_form(request)
    if not request.user.is_authenticated:
        visited.META = {**request.META, VISITOR: "1"}
    return visited


def without_form(request: HttpRequest) -> HttpRequest:
    """Return a copy of the request as a GET without a form."""
    visited = copy.copy(request)
    visited.method = "GET"
    visited.POST = QueryDict()
    return visited
