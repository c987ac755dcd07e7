"""Starts a host for a test, as a process of its own."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.hosts.databases import fresh_database
from tests.hosts.proxy import FolderProxy
from tests.processes import ROOT, manage, stop


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One project, and how it is served: `project` is the folder of its settings.

    `folder` is its part of the domain, behind a proxy; the proxy may strip it.
    """

    name: str
    project: str
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: str = ""
    strips_folder: bool = False
    needs_oauth: bool = True
    own_tools: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A host that answers at `url`; `authorization` is the header that opens everything."""

    host: Host
    url: str
    authorization: str
    environment: Mapping[str, str]

    @property
    def origin(self) -> str:
        """Scheme and authority, without the folder."""
        return self.home.removesuffix(self.host.folder)

    @property
    def home(self) -> str:
        """Where the host's pages are, without a slash at the end."""
        return self.url.removesuffix("/mcp")

    def manage(self, *arguments: str) -> str:
        """Run a management command in a process of its own; return what it prints."""
        return manage(self.environment, *arguments, options=("-W", "error"))


@contextmanager
def serving(host: Host, state: Path) -> Iterator[Site]:
    """Serve a host with empty databases until the block ends; `state` is a folder for its files."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        port = listener.getsockname()[1]
        if host.folder:
            proxy = FolderProxy(host.folder, strips_folder=host.strips_folder)
            stack.enter_context(proxy.running())
            proxy.application_port, port = port, proxy.server_port
        environment = {
            **os.environ,
            **host.environment,
            "DJANGO_SETTINGS_MODULE": f"tests.hosts.{host.project}.settings",
            "HOST_URL": f"http://127.0.0.1:{port}{host.folder}/mcp",
            "HOST_DATABASE_URL": stack.enter_context(fresh_database(state)),
            "HOST_RECORDS_URL": stack.enter_context(fresh_database(state)),
        }
        authorization = stack.enter_context(_process(listener, environment))
        # What connects from now on waits until the server accepts, or fails if it has ended.
        listener.close()
        yield Site(
            host=host,
            url=environment["HOST_URL"],
            authorization=authorization,
            environment=environment,
        )


@contextmanager
def _process(listener: socket.socket, environment: Mapping[str, str]) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "tests.hosts", str(listener.fileno())],
        cwd=ROOT,
        env=dict(environment),
        pass_fds=[listener.fileno()],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        authorization = process.stdout.readline().strip()
        assert authorization, "the host ended before it was ready; its reason stands above"
        yield authorization
    finally:
        stop(process)
