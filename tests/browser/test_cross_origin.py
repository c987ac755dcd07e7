"""A client that is a script on a page elsewhere: what a real browser lets it do."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from selenium.webdriver import Chrome

from tests.hosts.process import Host, Site, serving
from tests.spec import MODERN
from tests.wire import PATIENCE, Client

pytestmark = pytest.mark.oauth

FETCH = """
const [url, options, done] = arguments;
fetch(url, options)
    .then(async (answer) => done({
        status: answer.status,
        challenge: answer.headers.get("WWW-Authenticate"),
        text: await answer.text(),
    }))
    .catch((error) => done({refused: String(error)}));
"""


class Blank(BaseHTTPRequestHandler):
    """A page with nothing on it."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Write no log."""


@pytest.fixture(scope="module")
def pages() -> Iterator[int]:
    """The port of a server whose pages are of two origins: it has two names."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Blank)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def site(pages: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    host = Host(
        name="other-origins",
        project="other_origins",
        environment={"HOST_ORIGIN": f"http://localhost:{pages}"},
    )
    with serving(host, tmp_path_factory.mktemp(host.name)) as site:
        yield site


@pytest.fixture
def allowed(browser: Chrome, pages: int) -> Chrome:
    """A browser on a page of the origin that may use the endpoint."""
    browser.set_script_timeout(PATIENCE)
    browser.get(f"http://localhost:{pages}/")
    return browser


@pytest.fixture
def foreign(browser: Chrome, pages: int) -> Chrome:
    """A browser on a page of an origin that nobody knows."""
    browser.set_script_timeout(PATIENCE)
    browser.get(f"http://127.0.0.1:{pages}/")
    return browser


def fetch(page: Chrome, url: str, **options: Any) -> dict[str, Any]:
    answer: dict[str, Any] = page.execute_async_script(FETCH, url, options)
    return answer


def list_tools(page: Chrome, site: Site, **headers: str) -> dict[str, Any]:
    sent, body = Client(application=nowhere, era=MODERN).request("tools/list")
    usual = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    every = {**usual, **{name: str(value) for name, value in sent.items()}, **headers}
    return fetch(page, site.url, method="POST", headers=every, body=body.decode())


async def nowhere(scope: object, receive: object, send: object) -> None:
    raise NotImplementedError("this client only words requests")


def test_script_of_an_allowed_origin_uses_the_endpoint(allowed: Chrome, site: Site) -> None:
    answer = list_tools(allowed, site, Authorization=site.authorization)

    assert answer["status"] == 200, answer
    assert "add_note" in answer["text"]


def test_script_of_an_allowed_origin_reads_how_to_get_in(allowed: Chrome, site: Site) -> None:
    answer = list_tools(allowed, site)

    assert answer["status"] == 401, answer
    assert "/.well-known/oauth-protected-resource/mcp" in answer["challenge"]


def test_script_of_another_origin_reads_nothing_from_the_endpoint(
    foreign: Chrome, site: Site
) -> None:
    answer = list_tools(foreign, site, Authorization=site.authorization)

    assert set(answer) == {"refused"}


@pytest.mark.parametrize(
    "path",
    [
        "/.well-known/oauth-protected-resource/mcp",
        "/.well-known/oauth-authorization-server/o",
        "/o/.well-known/openid-configuration",
    ],
)
def test_script_of_any_origin_finds_its_way(foreign: Chrome, site: Site, path: str) -> None:
    # The header, which clients send everywhere, makes the browser ask first.
    answer = fetch(foreign, f"{site.origin}{path}", headers={"MCP-Protocol-Version": MODERN})

    assert answer["status"] == 200, answer
    assert f"{site.origin}/o" in answer["text"]


def test_script_of_any_origin_asks_for_a_token(foreign: Chrome, site: Site) -> None:
    answer = fetch(
        foreign,
        f"{site.origin}/o/token/",
        method="POST",
        headers={
            "Content-Type": "application/x-www-form-urlencoded",
            "MCP-Protocol-Version": MODERN,
        },
        body="grant_type=authorization_code&client_id=nobody&code=x",
    )

    assert answer["status"] == 401, answer
    assert "invalid_client" in answer["text"]
