"""Encryption of `requestState`, which clients carry between the rounds of an elicitation."""

import json
from typing import Any

from django.conf import settings as django_settings
from django.utils.crypto import salted_hmac
from mcp.server.context import ServerRequestContext
from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity

from django_mcp.conf import settings
from django_mcp.endpoints import Endpoint
from django_mcp.protocol.exchange import exchange_of

PURPOSE = "django_mcp.protocol.request_state"


def request_state_boundary(endpoint: Endpoint) -> RequestStateBoundary:
    """Return the SDK's middleware that encrypts the state, for this caller, tool and arguments.

    Every process with the project's SECRET_KEY decrypts it, until it expires.
    """
    secrets = (django_settings.SECRET_KEY, *django_settings.SECRET_KEY_FALLBACKS)
    keys = [
        salted_hmac(PURPOSE, "key", secret=secret, algorithm="sha256").digest()
        for secret in dict.fromkeys(secrets)
    ]
    security = RequestStateSecurity(
        keys=keys, ttl=settings.ANSWER_WITHIN, bind_principal=_bound_principal
    )
    return RequestStateBoundary(security, default_audience=endpoint.url)


def _bound_principal(ctx: ServerRequestContext[Any, Any]) -> str:
    principal = exchange_of(ctx).principal
    user = "" if principal.user is None else str(principal.user.pk)
    return json.dumps([principal.endpoint.name, user, principal.client_id])
