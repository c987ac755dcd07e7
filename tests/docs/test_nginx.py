"""The configuration of the guide, with real nginx between a client and two workers."""

import asyncio
import os
import re
import shutil
import sqlite3
import ssl
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client

from tests.docs.conftest import Tutorial
from tests.docs.pages import DOCS
from tests.docs.reader import Reader, free_port
from tests.markers import unavailable

pytestmark = [pytest.mark.slow, pytest.mark.oauth]

PATIENCE = 60.0
# Not the proxy's own, so that the record shows whose address arrives.
CLIENT_ADDRESS = "127.0.0.2"

TOOLS = """
import asyncio
from pathlib import Path

from django_mcp import ToolContext, tool


@tool(group="notes", read_only=True)
def tell_then_wait(context: ToolContext, pipe: str) -> str:
    \"\"\"Report progress, and wait until somebody writes a line to a pipe.\"\"\"
    context.report_progress(1)
    with Path(pipe).open() as opened:
        return opened.readline().strip()


@tool(group="notes", read_only=True)
async def tell_the_end(context: ToolContext, pipe: str) -> None:
    \"\"\"Report progress, and write to a pipe when the call is cancelled.\"\"\"
    await context.areport_progress(1)
    try:
        await asyncio.Event().wait()
    finally:
        Path(pipe).write_text("cancelled")
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The site behind nginx."""

    url: str
    token: str
    certificate: Path
    database: Path

    async def call(
        self, tool: str, pipe: Path, *, on_progress: Callable[[], Awaitable[None]]
    ) -> Any:
        """Call a tool; what `on_progress` does is done when the first report arrives."""

        async def note(progress: float, total: float | None, message: str | None) -> None:
            await on_progress()

        trusted = ssl.create_default_context(cafile=self.certificate)
        trusted.check_hostname = False  # it is made for the name, and found by its address
        transport = httpx2.AsyncHTTPTransport(verify=trusted, local_address=CLIENT_ADDRESS)
        headers = {"Host": "notes.example", "Authorization": f"Bearer {self.token}"}
        async with (
            httpx2.AsyncClient(transport=transport, headers=headers, timeout=PATIENCE) as http,
            Client(streamable_http_client(self.url, http_client=http)) as client,
        ):
            arguments = {"pipe": str(pipe)}
            return await client.call_tool(tool, arguments, progress_callback=note)


@contextmanager
def named_pipe(path: Path) -> Iterator[int]:
    """A pipe under a name. Open at both ends, so that nobody waits for the other side."""
    os.mkfifo(path)
    end = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    try:
        yield end
    finally:
        os.close(end)


@pytest.fixture(scope="module")
def site(tutorial: Tutorial, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    for program in ("nginx", "openssl"):
        if shutil.which(program) is None:
            unavailable(f"{program} is not installed")
    folder = tmp_path_factory.mktemp("nginx")
    with tutorial.reader.copy(folder / "project") as reader:
        yield _serve(reader, folder)


def _serve(reader: Reader, folder: Path) -> Site:
    reader.follow(DOCS / "howto" / "run-behind-nginx.md")
    (reader.folder / "notes" / "mcp_tools.py").write_text(TOOLS)
    certificate = _certify(reader, folder)
    ports = {public: free_port() for public in (80, 443, 8001)}
    _prepare(reader.folder / "nginx.conf", ports, folder)
    token = reader.run('python manage.py mcp_token --user ada --scopes "notes:read"').strip()
    reader.start(
        _command(reader.folder / "notes.service", ports),
        until=lambda printed: printed.count("Application startup complete") == 2,
    )
    reader.start(
        f"nginx -p {folder} -c {reader.folder}/nginx.conf -e stderr",
        until=lambda printed: "start worker process " in printed,
    )
    return Site(
        url=f"https://127.0.0.1:{ports[443]}/mcp",
        token=token,
        certificate=certificate,
        database=reader.folder / "db.sqlite3",
    )


def _certify(reader: Reader, folder: Path) -> Path:
    certificate = folder / "notes.example.crt"
    reader.run(
        "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=notes.example "
        f"-keyout {folder}/notes.example.key -out {certificate} 2>&1"
    )
    return certificate


def _prepare(config: Path, ports: Mapping[int, int], folder: Path) -> None:
    """Change what belongs to the machine: ports, files, and where nginx may write."""
    text = config.read_text()
    for port, free in ports.items():
        text = re.sub(rf"(listen |127\.0\.0\.1:){port}\b", rf"\g<1>{free}", text)
    text = text.replace("include /etc/nginx/mime.types;", "access_log off;")
    text = text.replace("/etc/nginx/", f"{folder}/")
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"    {kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    text = text.replace("http {\n", f"http {{\n{temporary}")
    config.write_text(f"daemon off;\npid {folder}/nginx.pid;\nerror_log stderr notice;\n{text}")


def _command(unit: Path, ports: Mapping[int, int]) -> str:
    """The command of the unit, with two workers."""
    line = re.search(r"^ExecStart=\S+/(uvicorn(?:.*\\\n)*.*)$", unit.read_text(), re.MULTILINE)
    assert line is not None
    return line[1].replace("8001", str(ports[8001])).replace("--workers 4", "--workers 2")


async def test_progress_reaches_the_client_while_the_tool_still_waits(
    site: Site, tmp_path: Path
) -> None:
    with named_pipe(tmp_path / "pipe") as end:

        async def answer() -> None:
            os.write(end, b"go on\n")

        async with asyncio.timeout(PATIENCE):
            result = await site.call("tell_then_wait", tmp_path / "pipe", on_progress=answer)

    assert result.structured_content == {"result": "go on"}
    with closing(sqlite3.connect(site.database)) as connection:
        [address] = connection.execute(
            "SELECT address FROM django_mcp_callrecord ORDER BY id DESC LIMIT 1"
        ).fetchone()
    assert address == CLIENT_ADDRESS


async def test_client_that_goes_away_cancels_its_call(site: Site, tmp_path: Path) -> None:
    with named_pipe(tmp_path / "pipe") as end:
        is_written = asyncio.Event()
        asyncio.get_running_loop().add_reader(end, is_written.set)

        async def leave() -> None:
            call.cancel()

        call = asyncio.create_task(site.call("tell_the_end", tmp_path / "pipe", on_progress=leave))
        with pytest.raises(asyncio.CancelledError):
            await call
        async with asyncio.timeout(PATIENCE):
            await is_written.wait()
        asyncio.get_running_loop().remove_reader(end)

        assert os.read(end, 100) == b"cancelled"
