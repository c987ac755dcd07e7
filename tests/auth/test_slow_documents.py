"""Hosts of metadata documents that take their time."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from tests.auth.assistant import Assistant
from tests.auth.documents import (
    Library,
    LocalDocumentFetcher,
    serving_documents,
    trusted_certificate,
    with_local_documents,
)

URL = "https://slow.example/client.json"
CALLBACK = "https://slow.example/callback"
INTERVAL_SECONDS = 0.05
MANY = 1000

Serve = Callable[[socket.socket, ssl.SSLContext], None]

pytestmark = pytest.mark.usefixtures("application")


@pytest.fixture(autouse=True)
def library(settings: Settings) -> Iterator[Library]:
    settings.OAUTH2_PROVIDER = {
        **with_local_documents(settings.OAUTH2_PROVIDER),
        "CIMD_FETCH_TIMEOUT_SECONDS": 0.5,
    }
    with serving_documents() as library:
        yield library


def drip(send: Callable[[bytes], Any]) -> None:
    """A byte now and then, which no timeout of a single read tells from progress."""
    for _ in range(MANY):
        send(b"a")
        time.sleep(INTERVAL_SECONDS)


def handshake(connection: socket.socket, context: ssl.SSLContext) -> None:
    connection.sendall(b"\x16\x03\x03\x40\x00")
    drip(connection.sendall)


def headers(connection: socket.socket, context: ssl.SSLContext) -> None:
    with context.wrap_socket(connection, server_side=True) as tls:
        tls.sendall(b"HTTP/1.1 200 OK\r\nX-Name: ")
        drip(tls.sendall)


def body(connection: socket.socket, context: ssl.SSLContext) -> None:
    with context.wrap_socket(connection, server_side=True) as tls:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n"
        tls.sendall(head + b'{"client_name": "')
        drip(tls.sendall)


def silence(connection: socket.socket, context: ssl.SSLContext) -> None:
    with context.wrap_socket(connection, server_side=True) as tls:
        while tls.recv(4096):
            pass


@contextlib.contextmanager
def serving(serve: Serve) -> Iterator[threading.Event]:
    """A host that serves one connection in its own way; the event is set once its peer has left."""
    is_over = threading.Event()

    def work() -> None:
        connection, _ = listener.accept()
        with connection, contextlib.suppress(OSError):
            serve(connection, context)
        is_over.set()

    with trusted_certificate() as context, socket.create_server(("127.0.0.1", 0)) as listener:
        LocalDocumentFetcher.port = listener.getsockname()[1]
        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield is_over
        finally:
            thread.join()


@pytest.mark.parametrize("serve", [handshake, headers, body, silence])
def test_whole_fetch_is_bounded_by_a_wall_clock(alice: User, serve: Serve) -> None:
    with serving(serve) as is_over:
        began = time.monotonic()
        page = Assistant(client_id=URL, user=alice).open()

        assert page.status_code == 400
        assert 0.4 < time.monotonic() - began < 5
        assert is_over.wait(5)
