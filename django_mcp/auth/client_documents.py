"""Client ID metadata documents: what assistants publish about themselves, made to fit."""

from typing import Any

from oauth2_provider.cimd import CIMDError, SafeMetadataFetcher

from django_mcp.auth import redirects
from django_mcp.auth.client_metadata import ClientMetadata, ClientMetadataError


class ClientDocumentFetcher(SafeMetadataFetcher):
    """Fetches with the care of django-oauth-toolkit, and takes of a document what is offered here.

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
        fetched: tuple[dict[str, Any], int] = super().fetch(client_id)
        return fetched
