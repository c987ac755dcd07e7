"""Where the host gets metadata documents from: nothing is fetched."""

from typing import Any

from oauth2_provider.cimd import CIMDError

from django_mcp.auth.clients.documents.fetcher import ClientDocumentFetcher
from tests.client_documents import PUBLISHED

DAY = 24 * 3600


class PrintedDocuments(ClientDocumentFetcher):
    """Finds documents among `PUBLISHED`, and treats them as fetched ones are treated."""

    def fetch_document(self, client_id: str) -> tuple[dict[str, Any], int]:
        if client_id not in PUBLISHED:
            raise CIMDError("nothing is published there")
        return {"client_id": client_id, **PUBLISHED[client_id]}, DAY
