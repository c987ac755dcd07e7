"""What the README says, done in an empty environment that has nothing but the wheel from us."""

import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.docs.readme import Readme
from tests.polls import until
from tests.ports import held_port
from tests.processes import stop

CLIENT = """
import asyncio, sys
import django_mcp, httpx2
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client

async def main(url, token):
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(headers=headers, timeout=60, trust_env=False) as http:
        async with Client(streamable_http_client(url, http_client=http)) as client:
            print(*[tool.name for tool in (await client.list_tools()).tools])
            print((await client.call_tool("greet", {"name": "Bob"})).structured_content)

print(django_mcp.__file__)
asyncio.run(main(*sys.argv[1:]))
"""


class Newcomer:
    """Somebody with an empty folder and an empty environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs = folder / ".venv" / "bin"
        subprocess.run(
            [sys.executable, "-m", "venv", "--without-pip", folder / ".venv"], check=True
        )

    def install(self, *packages: str) -> None:
        python = str(self.programs / "python")
        pip = (sys.executable, "-m", "pip", "--python", python)
        # Read-only, so it tells an index that does not answer from a wheel that does not fit.
        index = subprocess.run([*pip, "index", "versions", "mcp"], capture_output=True, check=False)
        if index.returncode:
            pytest.skip("no package index answers: nothing can be installed")
        self._run([*pip, "install", "--quiet", "--no-warn-script-location", *packages])

    def run(self, line: str, **variables: str) -> str:
        """Run a command of the README; return what it prints."""
        return self._run(self._words(line), **variables)

    @contextmanager
    def leaving_running(self, line: str) -> Iterator[None]:
        process = subprocess.Popen(self._words(line), cwd=self.folder, env=self._environment())
        try:
            yield
        finally:
            stop(process)

    def _words(self, line: str) -> list[str]:
        program, *arguments = shlex.split(line)
        return [str(self.programs / program), *arguments]

    def _run(self, words: list[str], **variables: str) -> str:
        finished = subprocess.run(
            words,
            cwd=self.folder,
            env={**self._environment(), **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        assert finished.returncode == 0, finished.stdout + finished.stderr
        return finished.stdout

    def _environment(self) -> Mapping[str, str]:
        ours = ("COVERAGE", "DJANGO", "PYTHON", "DATABASE_URL")
        return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


@pytest.fixture
def port() -> Iterator[int]:
    with held_port() as port:
        yield port


def test_readme_leads_from_an_empty_environment_to_a_connected_client(
    wheel: Path, tmp_path: Path, port: int
) -> None:
    readme = Readme(port)
    extra, server = readme.packages
    newcomer = Newcomer(tmp_path)
    newcomer.install(f"{wheel}{extra}", server)
    newcomer.run("django-admin startproject project .")
    newcomer.run("python manage.py startapp notes")
    readme.edit(tmp_path)

    newcomer.run(readme.command("migrate"))
    newcomer.run(
        f"{readme.command('createsuperuser')} --noinput --email ada@example.com",
        DJANGO_SUPERUSER_PASSWORD="only-for-tests",
    )
    (issue,) = re.findall(r"\$\((.+)\)", readme.command("mcp_token"))
    token = newcomer.run(issue).strip()
    with newcomer.leaving_running(f"{readme.command('uvicorn')} --port {port}"):
        url = f"http://127.0.0.1:{port}/mcp"
        wait_for(port)
        printed = newcomer.run(shlex.join(["python", "-c", CLIENT, url, token])).splitlines()

    assert Path(printed[0]).is_relative_to(tmp_path / ".venv")
    assert printed[1:] == ["greet", "{'result': 'ada greets Bob.'}"]


def wait_for(port: int) -> None:
    """Return as soon as somebody listens there."""

    def is_listened_on() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    until(is_listened_on)
