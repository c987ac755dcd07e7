"""The event loop of processes that fork, and of those that end; and what a slow client holds up."""

import asyncio
import inspect
import os
import subprocess
import sys
import threading
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from django_mcp.transports.wsgi import event_loop as event_loop_module
from django_mcp.transports.wsgi.asgi_server import ASGIServer
from django_mcp.transports.wsgi.event_loop import EventLoopThread, event_loop
from tests.polls import until
from tests.processes import ROOT, manage

# Both print what became of a call, and are processes of their own for their forks and their ends.
SITE = """
import io, json, os
import django
django.setup()
from django.core.handlers.wsgi import WSGIHandler

handler = WSGIHandler()

def post(name, **arguments):
    params = {"name": name, "arguments": arguments, "_meta": {"progressToken": 1}}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})
    environ = {
        "REQUEST_METHOD": "POST", "SCRIPT_NAME": "", "PATH_INFO": "/mcp", "HTTP_HOST": "127.0.0.1",
        "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80", "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)), "HTTP_MCP_PROTOCOL_VERSION": "2025-11-25",
        "HTTP_ACCEPT": "application/json, text/event-stream", "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body.encode()),
    }
    return handler(environ, lambda status, headers: None)

def echoed():
    answer = json.loads(b"".join(post("echo", text="a")))
    return answer["result"]["structuredContent"]
"""
FORKING = """
from django.conf import settings

settings.DJANGO_MCP_BACKGROUND_BACKEND = "threads"
settings.DJANGO_MCP_BACKGROUND_THREADS = 1

def show():
    is_computed = b"a took 0" in b"".join(post("slow_compute", seconds=0, label="a"))
    print(echoed(), is_computed, flush=True)

show()
child = os.fork()
if not child:
    show()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
show()
"""
ENDING = """
answer = post("slow", seconds=1)
print(next(iter(answer))[:14].decode())
answer.close()
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Of the conformance project on a database of its own."""
    folder = tmp_path_factory.mktemp("site")
    environment = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
        "DJANGO_SETTINGS_MODULE": "tests.conformance_project.settings",
        "WSGI_STREAMS": "1",
    }
    manage(environment, "migrate", "--verbosity", "0")
    return environment


def run(program: str, environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", SITE + program],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.oauth
def test_child_of_a_process_that_has_served_serves_as_well(environment: dict[str, str]) -> None:
    assert run(FORKING, environment) == "{'result': '1 0 a'} True\n" * 3


@pytest.mark.oauth
def test_call_that_its_client_left_is_on_record_when_the_process_ends(
    environment: dict[str, str],
) -> None:
    printed = run(ENDING, environment)

    assert printed == "event: message\n"
    records = manage(environment, "mcp_audit", "--since", "1h", "--json", "--tool", "slow")
    assert '"outcome": "ok"' in records


@pytest.mark.implementation
def test_private_name_of_threading_has_the_parameters_that_it_is_called_with() -> None:
    register = threading._register_atexit  # type: ignore[attr-defined]

    assert str(inspect.signature(register)) == "(func, *arg, **kwargs)"


def test_greenlets_in_the_place_of_threads_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("threading.get_native_id", lambda: 1)  # as gevent's threads have it

    with pytest.raises(ImproperlyConfigured, match="gthread"):
        EventLoopThread()


@pytest.mark.implementation
def test_loop_that_cannot_start_fails_its_request_and_is_started_by_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail() -> None:
        raise OSError("Too many open files")

    monkeypatch.setattr(event_loop_module, "_current", None)
    with monkeypatch.context() as patch:
        patch.setattr("asyncio.events.new_event_loop", fail)

        with pytest.raises(OSError, match="Too many open files"):
            event_loop()

    assert event_loop().loop.is_running()


class Body:
    """No body at all."""

    def read(self) -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}


def test_application_produces_no_more_than_is_taken() -> None:
    produced: list[int] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for number in range(5):
            produced.append(number)
            await send({"type": "http.response.body", "body": b"x", "more_body": True})

    async def turn() -> None:
        for _ in range(10):
            await asyncio.sleep(0)

    def settle() -> None:
        """Return when the loop has done what it can."""
        asyncio.run_coroutine_threadsafe(turn(), event_loop().loop).result()

    connection = ASGIServer(application, event_loop()).open({"type": "http"}, Body())
    connection.message()
    seen = []
    for _ in range(3):
        connection.message()
        settle()
        seen.append(len(produced))
    connection.disconnect_soon()

    assert seen == [1, 2, 3]
    until(lambda: len(produced) == 5)  # what nobody takes holds nothing up
