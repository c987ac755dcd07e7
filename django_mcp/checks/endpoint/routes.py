"""Check of the endpoint's URL and routes."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import ImproperlyConfigured

from django_mcp.checks.endpoint.route_positions import OWN_INCLUDE, is_included, position_problems
from django_mcp.checks.endpoint.url import is_url_unset, url_of_tokens
from django_mcp.checks.https import EXAMPLE_URL
from django_mcp.checks.ids import CheckId
from django_mcp.checks.urlconf import root_urlconf
from django_mcp.conf import Settings
from django_mcp.endpoints import get_endpoints


@register
def check_endpoint(*, app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Check that the endpoint has a URL, and the site has its routes."""
    try:
        endpoint = get_endpoints().default
    except ImproperlyConfigured as error:
        named = url_of_tokens() if is_url_unset() else ""
        own = "" if named else ", with the host and the path of yours"
        hint = f'Set {Settings.URL.name} = "{named or EXAMPLE_URL}"{own}.'
        return [Error(str(error), hint=hint, id=CheckId.INVALID_URL)]
    if not is_included("django_mcp"):
        return [
            Warning(
                "The URLs of django_mcp are not included.",
                hint=f"Add {OWN_INCLUDE} to the urlpatterns of {root_urlconf()}, with include from "
                "django.urls; clients look there for the metadata of OAuth.",
                id=CheckId.MISSING_URLS,
            )
        ]
    return list(position_problems(endpoint))
