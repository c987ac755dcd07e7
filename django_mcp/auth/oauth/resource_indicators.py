"""Resource indicators (RFC 8707): lookup of endpoints by the resources of a request."""

from collections.abc import Iterable, Iterator
from typing import Any

from oauth2_provider.oauth2_validators import is_valid_resource_uri
from oauthlib.common import Request
from oauthlib.oauth2.rfc6749.errors import CustomOAuth2Error

from django_mcp.endpoints import Endpoint, get_endpoints


def named_endpoints(resources: Iterable[str]) -> frozenset[Endpoint]:
    """Return the endpoints among the resources."""
    found = map(get_endpoints().by_resource, resources)
    return frozenset(endpoint for endpoint in found if endpoint is not None)


def single_endpoint(resources: Iterable[str]) -> Endpoint | None:
    """Return the one endpoint that the resources name, the default one where there are none.

    None where they name anything else, or several endpoints: users consent to one at a time.
    """
    endpoints = get_endpoints()
    found = set(map(endpoints.by_resource, resources)) or {endpoints.default}
    return found.pop() if len(found) == 1 else None


def requested_endpoint(request: Request) -> Endpoint:
    """Return the endpoint that a request names, else the default; raise `invalid_target`."""
    endpoint = single_endpoint(_resources_of(request))
    if endpoint is None:
        raise invalid_target(request=request)
    return endpoint


def names_resource(request: Request) -> bool:
    """Return whether a request names a resource."""
    return any(_resources_of(request))


def is_resource(resource: str) -> bool:
    """Return whether a text is a valid resource URI, of an endpoint or of the host."""
    try:
        return bool(is_valid_resource_uri(resource))
    except ValueError:  # of what should be an IPv6 address
        return False


def invalid_target(**facts: Any) -> CustomOAuth2Error:
    """Return the error of a resource; `facts` are the `request` or its `state`."""
    return CustomOAuth2Error(
        error="invalid_target",
        description="This server issues no tokens for that resource.",
        **facts,
    )


def _resources_of(request: Request) -> Iterator[str]:
    parameters = [*request.uri_query_params, *(request.decoded_body or [])]
    yield from (value for name, value in parameters if name == "resource" and value)
    # From the form on which its user consented.
    if isinstance(request.resource, list):
        yield from request.resource
