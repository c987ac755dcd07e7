"""Approval status of OAuth clients: the error for one that is blocked or not approved."""

from oauthlib.oauth2.rfc6749 import errors

from django_mcp.conf import settings
from django_mcp.models import ClientRegistration

Standing = ClientRegistration.Standing


class ClientRefusedError(errors.FatalClientError):
    """Error of a client without a right to consent. The user reads it; the client gets nothing."""

    error = "unauthorized_client"


class ClientBlockedError(ClientRefusedError):
    """Error of a client that operators have blocked."""

    description = "This application has been blocked."


class ClientUnapprovedError(ClientRefusedError):
    """Error of a self-registered client that operators have not approved."""

    description = "This application has not been approved."


def refusal_of(client_id: str, *, is_self_registered: bool) -> type[ClientRefusedError] | None:
    """Return the error of an application that is blocked or not approved; else None. One query.

    A blocked one is kept out whoever made it; only a self-registered one has to be approved.
    """
    standing = ClientRegistration.objects.standing_of(client_id)
    if standing == Standing.BLOCKED:
        return ClientBlockedError
    if is_self_registered and settings.REQUIRE_APPROVED_CLIENTS and standing != Standing.APPROVED:
        return ClientUnapprovedError
    return None
