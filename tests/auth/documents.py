"""Metadata documents on this machine, fetched as if they stood on the hosts that they name."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import urllib3
from oauth2_provider.cimd import _validate_client_id_url

from django_mcp.auth.client_documents import ClientDocumentFetcher

PATH = "tests.auth.documents.LocalDocumentFetcher"


class Library:
    """What is published where, and which URLs somebody has come for."""

    def __init__(self) -> None:
        self.documents: dict[str, bytes] = {}
        self.kind = "application/json"
        self.fetched: list[str] = []

    def publish(self, url: str, document: Any = None, **members: Any) -> str:
        """Let a document stand at a URL; given as members, it names the URL as its client id."""
        whole = {"client_id": url, **members} if document is None else document
        self.documents[url] = whole if isinstance(whole, bytes) else json.dumps(whole).encode()
        return url


class LocalDocumentFetcher(ClientDocumentFetcher):
    """Asks the machine of the tests, whatever the host. All else is the product's."""

    port: ClassVar[int]

    def fetch_document(self, client_id: str) -> tuple[dict[str, Any], int]:
        parts = _validate_client_id_url(client_id)
        where = parts._replace(scheme="http", netloc=f"127.0.0.1:{self.port}").geturl()
        pool = urllib3.PoolManager()
        response = pool.request(
            "GET", where, headers={"Host": parts.netloc}, preload_content=False, redirect=False
        )
        try:
            read: tuple[dict[str, Any], int] = self._read_document(response)
            return read
        finally:
            response.close()
            pool.clear()


@contextmanager
def serving_documents() -> Iterator[Library]:
    """A server of documents, which `LocalDocumentFetcher` asks."""
    library = Library()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = f"https://{self.headers['Host']}{self.path}"
            library.fetched.append(url)
            body = library.documents.get(url)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Type", library.kind)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        LocalDocumentFetcher.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield library
        finally:
            server.shutdown()
            thread.join()


def with_local_documents(provider: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of django-oauth-toolkit, fetching here."""
    return {**provider, "CIMD_METADATA_FETCHER": PATH}
