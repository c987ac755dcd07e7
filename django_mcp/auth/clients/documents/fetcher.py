"""Fetcher of client ID metadata documents, which are reduced to what this server supports."""

import socket
import time
from http import HTTPStatus
from http.client import HTTPException
from typing import Any

from oauth2_provider.cimd import CIMDError, SafeMetadataFetcher
from oauth2_provider.settings import oauth2_settings

from django_mcp.auth.clients import redirect_uris as redirects
from django_mcp.auth.clients.addresses import is_public
from django_mcp.auth.clients.applications import read_document_url
from django_mcp.auth.clients.documents.https_connection import PinnedConnection
from django_mcp.auth.clients.metadata import ClientMetadata, ClientMetadataError, without_empty

ACCEPT = "application/json, application/*+json"


class WithdrawnDocumentError(CIMDError):
    """Error of a document that its host has removed, or that is invalid."""


class ClientDocumentFetcher(SafeMetadataFetcher):
    """Fetcher with the checks of django-oauth-toolkit, a total deadline and stricter addresses.

    Unlike there, `CIMD_FETCH_TIMEOUT_SECONDS` bounds the whole response, however slow, and
    addresses are public as `django_mcp.auth.clients.addresses` has it.

    One document serves every authorization server, so it names grants, methods and redirects that
    this one does not have. Those are left out; what remains must be enough for a public client.
    """

    def fetch(self, client_id: str) -> tuple[dict[str, Any], int]:
        """Return the document and its maximum age in seconds; raises `CIMDError`."""
        try:
            document, max_age = self.fetch_document(client_id)
            metadata = ClientMetadata.read(
                document, auth_methods=("none",), default_auth_method="none"
            )
        except ClientMetadataError as error:
            raise WithdrawnDocumentError(error.description) from error
        except RecursionError as error:
            raise CIMDError("the document is nested too deeply") from error
        registered = metadata.as_registered()
        registered["redirect_uris"] = [
            uri for uri in metadata.redirect_uris if redirects.is_acceptable(uri)
        ]
        # The rest stays as it is, for the toolkit to see what is forbidden in a document.
        return {**without_empty(document), **registered}, max_age

    def fetch_document(self, client_id: str) -> tuple[dict[str, Any], int]:
        """Fetch the document as it is published."""
        url = read_document_url(client_id)
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
        """Resolve the host, once, to addresses with the port.

        All of its addresses must be public, or nothing is fetched.
        """
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, ValueError) as error:
            raise CIMDError(f"could not resolve client_id host: {error}") from error
        addresses = list(dict.fromkeys((str(each[4][0]), port) for each in found))
        for address, _ in addresses:
            if not is_public(address):
                raise CIMDError(f"client_id host resolves to a non-public address ({address})")
        return addresses

    def _read_document(self, response: Any) -> tuple[dict[str, Any], int]:
        if response.status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
            raise WithdrawnDocumentError(f"client_id document returned HTTP {response.status}")
        read: tuple[dict[str, Any], int] = super()._read_document(response)
        return read
