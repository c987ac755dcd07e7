"""The servers of WSGI that people run: what a client has of them, and what becomes of its calls."""

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import httpx
import pytest

from tests.e2e.sdk import MODES, check_fixtures
from tests.e2e.servers import Site, nowhere, post, running
from tests.polls import until
from tests.wire import PATIENCE, Client

APPLICATION = "tests.conformance_project.wsgi"


def runserver(site: Site, *more: str) -> list[str]:
    return ["django", "runserver", f"127.0.0.1:{site.port}", *more]


def gunicorn(site: Site, *more: str) -> list[str]:
    address = ("--bind", f"127.0.0.1:{site.port}")
    return ["gunicorn", APPLICATION, *address, "--no-control-socket", *more]


def uwsgi(site: Site, *more: str) -> list[str]:
    address = ("--http-socket", f"127.0.0.1:{site.port}")
    # Not --lazy-apps: the application is loaded before the workers fork.
    options = ("--module", APPLICATION, "--die-on-term", *more)
    return ["tests.e2e.uwsgi", *address, *options]


SERVERS: dict[str, Callable[[Site], Sequence[str]]] = {
    "runserver": lambda site: runserver(site, "--noreload"),
    "gunicorn-preloaded": lambda site: gunicorn(site, "--preload", "--workers", "2"),
    "uwsgi": lambda site: uwsgi(site, "--master", "--processes", "2"),
}
NEEDS = {"gunicorn": "gunicorn", "uwsgi": "pyuwsgi"}


@pytest.fixture
def streaming(site: Site) -> Site:
    """The site, with streams from whichever server."""
    return replace(site, environment={**site.environment, "WSGI_STREAMS": "1"})


def skip_without(server: str) -> None:
    package = NEEDS.get(server.partition("-")[0])
    if package is not None and find_spec(package) is None:
        pytest.skip(f"{package} is not installed")


@contextmanager
def stream(site: Site, tag: str) -> Iterator[None]:
    """Call a tool that takes ten minutes; inside the block its progress has begun to come."""
    client = Client(application=nowhere)
    params = {"name": "slow", "arguments": {"seconds": 600, "tag": tag}}
    headers, body = client.request("tools/call", params, meta={"progressToken": tag})
    sent = {name: str(value) for name, value in headers.items()} | {
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
    }
    with (
        httpx.Client(trust_env=False, timeout=PATIENCE) as http,
        http.stream("POST", site.url, content=body, headers=sent) as response,
    ):
        pieces = response.iter_raw()  # the response is closed when nobody holds this any more
        assert b"notifications/progress" in next(pieces)
        yield
        del pieces


def events(site: Site, event: str) -> int:
    """How often a tool has noted that."""
    log = Path(site.environment["FIXTURE_LOG"])
    lines = log.read_text().splitlines() if log.exists() else []
    return sum(line.startswith(event) for line in lines)


@pytest.mark.parametrize("server", SERVERS)
def test_server_streams_to_both_eras_and_notices_who_leaves(streaming: Site, server: str) -> None:
    skip_without(server)

    with running(streaming, SERVERS[server](streaming)):
        for mode in MODES:
            asyncio.run(check_fixtures(streaming.url, mode=mode))
        told = post(streaming, "subscriptions/listen", {"notifications": {}})
        with stream(streaming, "left"):
            pass
        until(lambda: events(streaming, "cancelled left") == 1)

    assert told[0]["method"] == "notifications/subscriptions/acknowledged"
    assert told[-1]["result"]["resultType"] == "complete"


def test_threads_of_one_worker_serve_a_stream_each(streaming: Site) -> None:
    skip_without("gunicorn")

    with running(streaming, gunicorn(streaming, "--threads", "9")), ExitStack() as streams:
        for number in range(8):
            streams.enter_context(stream(streaming, f"stream {number}"))
        (message,) = post(
            streaming, "tools/call", {"name": "echo", "arguments": {"text": "between"}}
        )

        assert events(streaming, "start stream") == 8
        assert events(streaming, "cancelled stream") == 0
        assert "result" in message


SETTINGS = """
from tests.conformance_project.settings import *

DJANGO_MCP_SERVER_NAME = "{name}"
"""


def test_changed_file_restarts_runserver_while_a_stream_is_open(
    streaming: Site, tmp_path: Path
) -> None:
    settings = tmp_path / "reloaded_settings.py"
    settings.write_text(SETTINGS.format(name="before"))
    site = replace(
        streaming,
        environment={
            **streaming.environment,
            "DJANGO_SETTINGS_MODULE": settings.stem,
            "PYTHONPATH": str(tmp_path),
        },
    )

    def name() -> str:
        try:
            (message,) = post(site, "server/discover")
        except (httpx.TransportError, json.JSONDecodeError):
            return ""
        if "result" not in message:  # the process that ends refuses what comes late
            return ""
        found: str = message["result"]["_meta"]["io.modelcontextprotocol/serverInfo"]["name"]
        return found

    with running(site, runserver(site)), stream(site, "open"):
        assert name() == "before"
        assert events(site, "cancelled open") == 0
        settings.write_text(SETTINGS.format(name="after"))
        until(lambda: name() == "after")

        assert events(site, "cancelled open") == 1
