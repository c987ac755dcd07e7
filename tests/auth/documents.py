"""Metadata documents on this machine, fetched as if they stood on the hosts that they name."""

import datetime
import json
import os
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from django_mcp.auth.clients.documents.fetcher import ClientDocumentFetcher

PATH = "tests.auth.documents.LocalDocumentFetcher"
HOSTS = ("desk.example", "victim.example", "slow.example", *(f"host{n}.example" for n in range(10)))


class Library:
    """The documents that are published, and the URLs that were asked for."""

    def __init__(self) -> None:
        self.documents: dict[str, bytes] = {}
        self.kind = "application/json"
        self.status = 200
        self.max_age: int | None = None
        self.fetched: list[str] = []
        self.resolved: list[str] = []
        self.while_resolving: dict[str, Callable[[], Any]] = {}
        """What happens before the name server of a host answers."""

    def publish(self, url: str, document: Any = None, **members: Any) -> str:
        """Let a document stand at a URL; given as members, it names the URL as its client id."""
        whole = {"client_id": url, **members} if document is None else document
        self.documents[url] = whole if isinstance(whole, bytes) else json.dumps(whole).encode()
        return url


class LocalDocumentFetcher(ClientDocumentFetcher):
    """Asks the machine of the tests, whatever the host. All else is the product's."""

    port: ClassVar[int]
    published: ClassVar[Library]

    def addresses_of(self, host: str, port: int) -> list[tuple[str, int]]:
        self.published.resolved.append(host)
        if happen := self.published.while_resolving.get(host):
            happen()
        return [("127.0.0.1", self.port)]


@contextmanager
def serving_documents() -> Iterator[Library]:
    """A server of documents, which `LocalDocumentFetcher` asks."""
    library = Library()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = f"https://{self.headers['Host']}{self.path}"
            library.fetched.append(url)
            body = library.documents.get(url)
            self.send_response(404 if body is None else library.status)
            self.send_header("Content-Type", library.kind)
            if library.max_age is not None:
                self.send_header("Cache-Control", f"max-age={library.max_age}")
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with (
        trusted_certificate() as context,
        ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server,
    ):
        # The handshake belongs to the thread of the connection: no client may stop the others.
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        LocalDocumentFetcher.port = server.server_address[1]
        LocalDocumentFetcher.published = library
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield library
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def trusted_certificate() -> Iterator[ssl.SSLContext]:
    """A server's context with a certificate for `HOSTS`, which this process trusts meanwhile."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "documents of the tests")])
    today = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(map(x509.DNSName, HOSTS)), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    before = os.environ.get("SSL_CERT_FILE")
    with TemporaryDirectory() as directory:
        path = Path(directory, "certificate.pem")
        path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        os.environ["SSL_CERT_FILE"] = str(path)
        try:
            yield context
        finally:
            if before is None:
                del os.environ["SSL_CERT_FILE"]
            else:
                os.environ["SSL_CERT_FILE"] = before


def with_local_documents(provider: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of django-oauth-toolkit, fetching here."""
    return {**provider, "CIMD_METADATA_FETCHER": PATH}
