"""Client ID metadata documents: what assistants publish about themselves, made to fit."""

import time
from http.client import HTTPException
from typing import Any

from oauth2_provider.cimd import (
    CIMDError,
    SafeMetadataFetcher,
    _resolve_and_validate,
    _validate_client_id_url,
)
from oauth2_provider.settings import oauth2_settings

from django_mcp.auth import redirects
from django_mcp.auth.client_metadata import ClientMetadata, ClientMetadataError
from django_mcp.auth.pinned_connection import PinnedConnection

ACCEPT = "application/json, application/*+json"


class ClientDocumentFetcher(SafeMetadataFetcher):
    """Fetches with the care of django-oauth-toolkit, and takes of a document what is offered here.

    Unlike there, `CIMD_FETCH_TIMEOUT_SECONDS` bounds all that the host sends, however slowly.

    One document serves every authorization server, so it names grants, methods and redirects that
    this one does not have. Those are left out; what remains must be enough for a public client.
    """

    def fetch(self, client_id: str) -> tuple[dict[str, Any], int]:
        """Return the document and how many seconds it may be kept; raises `CIMDError`."""
        try:
            document, max_age = self.fetch_document(client_id)
            metadata = ClientMetadata.read(
                document, auth_methods=("none",), default_auth_method="none"
            )
        except ClientMetadataError as error:
            raise CIMDError(error.description) from error
        except RecursionError as error:
            raise CIMDError("the document is nested too deeply") from error
        told = metadata.as_registered()
        told["redirect_uris"] = [
            uri for uri in metadata.redirect_uris if redirects.is_acceptable(uri)
        ]
        # The rest stays as it is, for the toolkit to see what is forbidden in a document.
        return {**document, **told}, max_age

    def fetch_document(self, client_id: str) -> tuple[dict[str, Any], int]:
        """Fetch the document as it is published."""
        url = _validate_client_id_url(client_id)
        host = url.hostname or ""
        deadline = time.monotonic() + oauth2_settings.CIMD_FETCH_TIMEOUT_SECONDS
        path = f"{url.path}?{url.query}" if url.query else url.path
        problem: Exception | None = None
        for address, port in self.addresses_of(host, url.port or 443):
            connection = PinnedConnection(host, address=address, port=port, deadline=deadline)
            try:
                connection.request("GET", path, headers={"Host": url.netloc, "Accept": ACCEPT})
                with connection.getresponse() as response:
                    read: tuple[dict[str, Any], int] = self._read_document(response)
                return read
            except (OSError, HTTPException, ValueError) as error:
                problem = error
            finally:
                connection.close()
        raise CIMDError(f"could not fetch client_id document: {problem!r}")

    def addresses_of(self, host: str, port: int) -> list[tuple[str, int]]:
        """Resolve the host, once, to the public addresses and the port where it is asked."""
        return [(address, port) for address in _resolve_and_validate(host, port)]
