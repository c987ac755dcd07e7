"""Statements that PostgreSQL cancels at the deadline of their call."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction
from pytest_django import Settings

from django_mcp import tool
from django_mcp.asgi import Application
from django_mcp.background.worker import run_task
from django_mcp.models import CallRecord, ToolTask
from django_mcp.primitives.declaration import collecting
from django_mcp.threads.executors import finish_work
from tests.background import backends
from tests.keys import PATH
from tests.wire import PATIENCE, Answer, Client, serving

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

TIMEOUT = 0.4


def sleep(seconds: float = PATIENCE) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(%s)", [seconds])


def current() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        return str(cursor.fetchone()[0])


with collecting() as TOOLS:

    @tool(timeout=TIMEOUT)
    def write_long() -> None:
        """Write, and keep the database busy."""
        Group.objects.create(name="written")
        sleep()

    @tool(timeout=TIMEOUT, read_only=True)
    def read_long() -> None:
        """Keep the database busy."""
        sleep()

    @tool(timeout=TIMEOUT, read_only=True)
    def read_in_pieces() -> None:
        """Keep the database busy by several statements."""
        sleep(TIMEOUT / 2)
        sleep()

    @tool(timeout=TIMEOUT, read_only=True)
    def read_in_blocks() -> None:
        """Keep the database busy in a transaction of its own."""
        with transaction.atomic():
            sleep()

    @tool(background=True, timeout=TIMEOUT)
    def write_later() -> None:
        """Write in a worker, and keep the database busy."""
        Group.objects.create(name="written")
        sleep()

    @tool
    def show() -> str:
        """Say how long a statement may take."""
        return current()

    @tool(read_only=True)
    def show_reading() -> str:
        """Say how long a statement may take, without a transaction."""
        return current()


@pytest.fixture
def application(transactional_db: None, settings: Settings) -> Iterator[Application]:
    settings.DJANGO_MCP_AUTHENTICATORS = [PATH]
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
    settings.DJANGO_MCP_STATEMENT_TIMEOUT = True
    with serving(TOOLS) as application:
        yield application


def result(answer: Answer) -> Any:
    return answer.result["structuredContent"]["result"]


@pytest.mark.parametrize("name", ["write_long", "read_long", "read_in_pieces", "read_in_blocks"])
def test_statement_is_cancelled_at_the_deadline(client: Client, name: str) -> None:
    async def scenario() -> Answer:
        answer = await client.acall(name)
        await finish_work()
        return answer

    began = time.monotonic()
    answer = asyncio.run(scenario())

    assert time.monotonic() - began < PATIENCE / 2
    assert answer.result["_meta"]["django-mcp/error"]["kind"] == "timed_out"
    assert CallRecord.objects.get().outcome == "timed_out"
    assert not Group.objects.exists()


def test_statement_of_a_worker_is_cancelled_at_the_deadline_of_its_run(
    modern: Client, settings: Settings
) -> None:
    settings.DJANGO_MCP_BACKGROUND_BACKEND = backends.PATH
    backends.held.clear()
    asyncio.run(modern.with_tasks().acall("write_later"))
    ((key, _),) = backends.held

    run_task(key)

    assert ToolTask.objects.get().status == "failed"
    assert CallRecord.objects.get().outcome == "timed_out"
    assert not Group.objects.exists()


@pytest.mark.parametrize("name", ["show", "show_reading"])
def test_connection_is_as_before_after_the_call(client: Client, name: str) -> None:
    before = current()

    during = result(client.call(name))

    assert during not in ("0", before)
    assert current() == before


@pytest.mark.parametrize("name", ["show", "show_reading"])
def test_shorter_timeout_of_the_project_stays(client: Client, name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '1234ms'")
    try:
        during = result(client.call(name))
        after = current()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET statement_timeout")

    assert (during, after) == ("1234ms", "1234ms")


def test_nothing_is_set_for_a_session_that_others_may_get(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", True)

    assert result(client.call("show_reading")) == current() == "0"
    assert result(client.call("show")) != "0"
    assert current() == "0"


def test_own_timeout_of_the_database_is_a_failure_before_the_deadline(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '10ms'")
    try:
        answer = client.call("read_long")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET statement_timeout")

    assert answer.result["_meta"]["django-mcp/error"]["kind"] == "failed"


@pytest.mark.parametrize("name", ["show", "show_reading"])
def test_nothing_is_set_unless_the_setting_says_so(
    client: Client, settings: Settings, name: str
) -> None:
    settings.DJANGO_MCP_STATEMENT_TIMEOUT = False

    assert result(client.call(name)) == "0"
