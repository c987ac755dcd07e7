"""Real ASGI servers with the conformance project, as processes of their own."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.conformance_project.options import Options
from tests.conformance_project.process import RunningServer
from tests.polls import until
from tests.processes import ROOT, manage, stop
from tests.spec import MODERN
from tests.wire import PATIENCE as PATIENCE
from tests.wire import Client, messages_in

APPLICATION = "tests.conformance_project.asgi:application"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The project on one port and one database, with the environment of its processes."""

    port: int
    environment: Mapping[str, str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/mcp"

    def manage(self, *arguments: str) -> str:
        """Run a management command in a process of its own; return what it prints."""
        return manage(self.environment, *arguments)

    def at(self, port: int) -> "Site":
        """The same project and database on another port."""
        log = Path(self.environment["FIXTURE_LOG"])
        return make_site(port, self.environment["DATABASE_URL"], log)


def make_site(port: int, database_url: str, fixture_log: Path) -> Site:
    options = Options(url=f"http://127.0.0.1:{port}/mcp", database_url=database_url)
    return Site(
        port=port,
        environment={
            **os.environ,
            **options.to_environment(),
            "DJANGO_SETTINGS_MODULE": "tests.conformance_project.settings",
            "FIXTURE_LOG": str(fixture_log),
        },
    )


def uvicorn(site: Site, *more: str) -> list[str]:
    """The command of `running` for the usual server."""
    return ["uvicorn", APPLICATION, "--port", str(site.port), "--log-level", "warning", *more]


@contextmanager
def running(site: Site, command: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server, given as `python -m` takes it, until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env=dict(site.environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: process.poll() is None and is_answering(site))
        yield process
    finally:
        stop(process)


def is_answering(site: Site) -> bool:
    try:
        return httpx.get(site.url, trust_env=False).status_code == 405
    except httpx.TransportError:
        return False


def post(
    site: Site | RunningServer,
    method: str,
    params: Mapping[str, object] | None = None,
    *,
    era: str = MODERN,
    takes_tasks: bool = False,
    token: str = "",
) -> list[dict[str, Any]]:
    """Send one request on a connection of its own; return the messages that answer it."""
    client = Client(application=nowhere, era=era)
    client = client.with_token(token) if token else client
    request = worded(client.with_tasks() if takes_tasks else client, method, params)
    response = httpx.post(site.url, **request, timeout=PATIENCE, trust_env=False)
    return messages_in(response.content, response.headers["content-type"], era=era, method=method)


def worded(client: Client, method: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The content and headers with which an HTTP library sends a client's request."""
    headers, body = client.request(method, params)
    sent = {
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        **{name: str(value) for name, value in {**client.headers, **headers}.items()},
    }
    return {"content": body, "headers": sent}


async def nowhere(scope: object, receive: object, send: object) -> None:
    raise NotImplementedError("this client only words requests")
