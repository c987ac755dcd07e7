import asyncio
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings
from pytest_django import Settings

from django_mcp import tool
from django_mcp.asgi import Application, mount
from django_mcp.exceptions import ToolRegistrationError
from django_mcp.primitives.declaration import collecting
from django_mcp.primitives.registry import build, using_registry
from tests.wire import PATIENCE, Client

INNER = b"the inner application"


async def inner(scope: Any, receive: Any, send: Any) -> None:
    """Stands where Django stands, and says so."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": INNER})


@pytest.mark.parametrize("path", ["/mcp", "/mcp/"])
def test_path_answers_with_and_without_its_slash(client: Client, path: str) -> None:
    answer = client.having(path=path).call("add", a=1, b=2)

    assert answer.result["structuredContent"] == {"result": 3}


@pytest.mark.parametrize("path", ["/mcpx", "/mcp/x", "/mcp//", "/", "/MCP", "//mcp", "/x/mcp"])
def test_every_other_path_is_djangos(application: Application, path: str) -> None:
    client = Client(application=mount(inner), path=path)

    assert client.post(b"{}").body == INNER


def test_django_answers_its_own_pages(modern: Client) -> None:
    answer = modern.having(path="/accounts/login/").post(http_method="GET")

    assert answer.status == 200
    assert "csrfmiddlewaretoken" in answer.text


@pytest.mark.parametrize(
    ("url", "scope"),
    [
        # The specification wants the prefix in the path as well; servers differ.
        ("http://testserver/app/mcp", {"root_path": "/app", "path": "/app/mcp"}),
        ("http://testserver/app/mcp", {"root_path": "/app", "path": "/mcp"}),
        ("http://testserver/app/mcp", {"root_path": "", "path": "/app/mcp/"}),
        ("http://testserver/mcp", {"root_path": "", "path": "/mcp"}),
    ],
)
def test_prefix_of_the_server_belongs_to_the_path(
    application: Application, url: str, scope: Mapping[str, Any]
) -> None:
    with override_settings(DJANGO_MCP_URL=url):
        client = Client(application=mount(inner), scope=scope)

    assert client.call("add", a=1).result["isError"] is False


def test_prefix_that_django_is_told_belongs_to_the_path(application: Application) -> None:
    with override_settings(DJANGO_MCP_URL="http://testserver/app/mcp", FORCE_SCRIPT_NAME="/app"):
        client = Client(application=mount(inner), path="/mcp")
        answer = client.call("add", a=1)

    assert answer.result["isError"] is False


def test_path_under_another_prefix_is_djangos(application: Application) -> None:
    client = Client(application=mount(inner), scope={"root_path": "/other", "path": "/other/mcp"})

    assert client.post(b"{}").body == INNER


def test_websockets_and_unknown_scopes_pass_through() -> None:
    seen: list[str] = []

    async def note(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    async def scenario() -> None:
        application = mount(note)
        for kind in ("websocket", "webtransport"):
            await application({"type": kind, "path": "/mcp"}, inner, inner)

    asyncio.run(scenario())

    assert seen == ["websocket", "webtransport"]


async def start_and_stop(application: Application) -> list[str]:
    communicator = ApplicationCommunicator(application, {"type": "lifespan"})
    answers = []
    for event in ("startup", "shutdown"):
        await communicator.send_input({"type": f"lifespan.{event}"})
        answers.append((await communicator.receive_output(PATIENCE))["type"])
    await communicator.wait()
    return answers


def test_lifespan_is_answered_although_django_refuses_it(application: Application) -> None:
    answers = asyncio.run(start_and_stop(application))

    assert answers == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_lifespan_may_end_before_it_began(application: Application) -> None:
    async def scenario() -> str:
        communicator = ApplicationCommunicator(application, {"type": "lifespan"})
        await communicator.send_input({"type": "lifespan.shutdown"})
        answer: str = (await communicator.receive_output(PATIENCE))["type"]
        await communicator.wait()
        return answer

    assert asyncio.run(scenario()) == "lifespan.shutdown.complete"


def test_endpoint_serves_on_one_event_loop_after_the_other(client: Client) -> None:
    answers = [client.call("echo", text=str(i)).result["structuredContent"] for i in range(3)]

    assert answers == [{"result": "0"}, {"result": "1"}, {"result": "2"}]


def test_endpoint_starts_again_after_a_shutdown(legacy: Client) -> None:
    asyncio.run(start_and_stop(legacy.application))

    assert legacy.call("echo", text="again").result["structuredContent"] == {"result": "again"}


def test_mount_refuses_bad_tools_and_names_them() -> None:
    with collecting() as declared:

        @tool
        def nameless(value) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
            """Take something."""

        @tool
        def silent() -> None:
            pass

    with pytest.raises(ToolRegistrationError) as caught, using_registry(build(declared)):
        mount(inner)

    assert "nameless" in str(caught.value)
    assert "silent" in str(caught.value)


@pytest.mark.parametrize(
    "url", ["", "mcp", "/mcp", "http://testserver", "http://testserver/", "ftp://testserver/mcp"]
)
def test_mount_refuses_an_impossible_url(settings: Settings, url: str) -> None:
    settings.DJANGO_MCP_URL = url

    with pytest.raises(ImproperlyConfigured, match="DJANGO_MCP_URL"):
        mount(inner)


BAD_SITE = """
import django
from django.conf import settings
settings.configure(
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django_mcp", "faulty"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    DJANGO_MCP_URL="http://testserver/mcp",
)
django.setup()
"""


def test_service_module_that_cannot_be_imported_stops_the_start(tmp_path: Path) -> None:
    app = tmp_path / "faulty"
    app.mkdir()
    (app / "__init__.py").touch()
    (app / "services.py").write_text("import there_is_no_such_module")

    process = subprocess.run(
        [sys.executable, "-c", BAD_SITE],
        cwd=tmp_path,
        env={"PYTHONPATH": f"{tmp_path}:{Path(__file__).resolve().parents[2]}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert process.returncode != 0
    assert "there_is_no_such_module" in process.stderr
