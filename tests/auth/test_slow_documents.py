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
from django.test import Client as Browser
from django.utils import timezone
from oauth2_provider.models import get_application_model
from pytest_django import Settings

from tests.auth.documents import (
    Library,
    LocalDocumentFetcher,
    serving_documents,
    trusted_certificate,
    with_local_documents,
)
from tests.auth.oauth_client import OAuthClient

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
        time.sleep(INTERVAL_SECONDS)  # the slowness of the host, which is what is tested


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
        page = OAuthClient(client_id=URL, user=alice).open()

        assert page.status_code == 400
        assert 0.4 < time.monotonic() - began < 5
        assert is_over.wait(5)


# Room for others


@pytest.fixture
def stick(library: Library, settings: Settings) -> Iterator[Callable[[str], None]]:
    """Makes hosts whose name servers do not answer before the test is over.

    Six fetches may be in flight, two of them for one host or address.
    """
    give_up_after(0.1, settings)
    is_over = threading.Event()

    def stick(host: str) -> None:
        library.while_resolving[host] = lambda: is_over.wait(60)

    yield stick
    is_over.set()
    join_fetches()


def give_up_after(seconds: float, settings: Settings) -> None:
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "CIMD_FETCH_TIMEOUT_SECONDS": seconds,
        "CIMD_MAX_CONCURRENT_FETCHES": 6,
    }


def join_fetches() -> None:
    for thread in threading.enumerate():
        if thread.name == "django_mcp_fetch":
            thread.join()


def visit(url: str, *, address: str) -> int:
    """The status of the page that a user at this address gets."""
    visitor, _ = User.objects.get_or_create(username="visitor")
    browser = Browser(REMOTE_ADDR=address)
    page = OAuthClient(client_id=url, user=visitor, browser=browser, redirect_uri=CALLBACK).open()
    return int(page.status_code)


def test_visitor_does_not_wait_for_a_slow_name_server(stick: Callable[[str], None]) -> None:
    stick("slow.example")
    began = time.monotonic()

    assert visit(URL, address="203.0.113.1") == 400
    assert time.monotonic() - began < 5


def test_slow_documents_of_one_visitor_leave_room_for_others(
    library: Library, settings: Settings, stick: Callable[[str], None]
) -> None:
    for number in range(8):
        stick(f"host{number}.example")
        visit(f"https://host{number}.example/", address="203.0.113.1")
    assert library.resolved == ["host0.example", "host1.example"]
    library.publish("https://desk.example/", redirect_uris=[CALLBACK])
    give_up_after(30, settings)

    assert visit("https://desk.example/", address="203.0.113.1") == 400
    assert visit("https://desk.example/", address="203.0.113.2") == 200


def test_slow_documents_of_one_host_leave_room_for_others(
    library: Library, settings: Settings, stick: Callable[[str], None]
) -> None:
    stick("slow.example")
    for number in range(8):
        visit(f"https://slow.example/{number}", address=f"203.0.113.{number}")
    assert library.resolved == ["slow.example"] * 2
    library.publish("https://desk.example/", redirect_uris=[CALLBACK])
    give_up_after(30, settings)

    assert visit("https://desk.example/", address="203.0.113.9") == 200


def test_fetches_are_bounded_in_all(library: Library, stick: Callable[[str], None]) -> None:
    for number in range(8):
        stick(f"host{number}.example")
        visit(f"https://host{number}.example/", address=f"203.0.113.{number}")

    assert library.resolved == [f"host{number}.example" for number in range(6)]


def test_document_for_which_there_was_no_room_is_fetched_the_next_time(
    library: Library, settings: Settings, stick: Callable[[str], None]
) -> None:
    for number in range(2):
        stick(f"host{number}.example")
        visit(f"https://host{number}.example/", address="203.0.113.1")
    library.publish("https://desk.example/", redirect_uris=[CALLBACK])
    give_up_after(30, settings)
    assert visit("https://desk.example/", address="203.0.113.1") == 400

    assert visit("https://desk.example/", address="203.0.113.2") == 200


def test_known_assistant_does_not_wait_for_room(
    library: Library, settings: Settings, stick: Callable[[str], None]
) -> None:
    library.publish("https://desk.example/", redirect_uris=[CALLBACK])
    give_up_after(30, settings)
    assert visit("https://desk.example/", address="203.0.113.1") == 200
    give_up_after(0.1, settings)
    get_application_model().objects.update(cimd_expires_at=timezone.now())
    for number in range(6):
        stick(f"host{number}.example")
        visit(f"https://host{number}.example/", address=f"203.0.113.{number}")

    assert visit("https://desk.example/", address="203.0.113.9") == 200
    assert library.fetched == ["https://desk.example/"]
