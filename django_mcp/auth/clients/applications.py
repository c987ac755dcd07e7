"""Predicates of OAuth applications: self-registered, or known by a metadata document."""

import re
from typing import Any
from urllib.parse import SplitResult, urlsplit

from oauth2_provider.cimd import CIMDError, _validate_client_id_url, is_cimd_client_id
from oauth2_provider.models import AbstractApplication
from oauth2_provider.settings import oauth2_settings

from django_mcp.auth.clients.addresses import is_literal
from django_mcp.models.clients import MAX_CLIENT_ID_CHARACTERS

# Printable ASCII: what a URL is written in.
PLAIN = re.compile(r"[\x21-\x7e]+")


def is_self_registered(application: Any) -> bool:
    """Return whether an application registered itself: by RFC 7591, or by its document (CIMD).

    What such an application may do is laid down by this package; the host's own are served as
    django-oauth-toolkit serves them.
    """
    return bool(application.registration_source != AbstractApplication.RegistrationSource.MANUAL)


def is_document_url(client_id: str) -> bool:
    """Return whether a client id may be the URL of a metadata document, where CIMD is on."""
    if not (oauth2_settings.CIMD_ENABLED and is_cimd_client_id(client_id)):
        return False
    try:
        read_document_url(client_id)
    except CIMDError:
        return False
    return True


def read_document_url(client_id: str) -> SplitResult:
    """Return the parts of a metadata document's URL, or raise `CIMDError`.

    Beyond what the draft asks for, the host must be a name: an address is no one's to keep.
    """
    if len(client_id) > MAX_CLIENT_ID_CHARACTERS or not PLAIN.fullmatch(client_id):
        raise CIMDError("client_id URL must be printable ASCII of bounded length")
    try:
        _validate_client_id_url(client_id)
        parts = urlsplit(client_id)
    except ValueError as error:  # of brackets that hold no IPv6 address
        raise CIMDError("client_id URL cannot be read") from error
    if is_literal(parts.hostname or ""):
        raise CIMDError("client_id URL must not name its host by an address")
    return parts
