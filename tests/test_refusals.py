"""A kind of refusal that the package has never heard of: one class, and nothing else."""

import asyncio
import logging
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client as Browser
from pytest_django import Settings

from django_mcp import Principal, ToolError, tool
from django_mcp.asgi import Application
from django_mcp.background.worker import run_task
from django_mcp.exceptions import CallError, CallRejectedError
from django_mcp.models import CallRecord, ToolTask
from django_mcp.primitives.declaration import collecting
from django_mcp.signals import tool_called
from django_mcp.testing import MCPClient
from tests.admin.pages import RECORDS, record_page, rows_of, task_page, text_of
from tests.background import backends
from tests.background.rows import settled
from tests.clients import client as client
from tests.clients import era as era
from tests.clients import modern as modern
from tests.keys import KeyAuthenticator
from tests.protocol.tasks import ending, start, state
from tests.wire import Client, serving

FACTS = {
    "kind": "door_closed",
    "error": "The office is closed.",
    "retryable": True,
    "hint": "Call in the morning.",
    "retry_after": 3600,
}
TEXT = "The office is closed.\nCall in the morning.\nWait 3600 seconds before you try again."


class ClosedError(ToolError):
    """The tool does nothing now."""

    outcome = "door_closed"
    message = "The office is closed."
    hint = "Call in the morning."
    retryable = True
    retry_after = 3600

    def __init__(self) -> None:
        super().__init__(self.message)


class UnseenError(ClosedError):
    """The tool does nothing now, and nobody wants to know."""

    is_recorded = False


class NotNowError(CallRejectedError):
    """The call is refused before the tool is run."""

    outcome = "door_closed"
    message = "The office is closed."
    hint = "Call in the morning."
    retryable = True
    retry_after = 3600


class ClosingAuthenticator(KeyAuthenticator):
    """Vouches for nobody while the office is closed."""

    is_closed = False

    def renew(self, principal: Principal) -> Principal:
        if type(self).is_closed:
            raise NotNowError
        return principal


opening: list[ClosedError] = []
"""What keeps the office closed, if anything does."""


def enter() -> None:
    if opening:
        raise opening[0]


with collecting() as TOOLS:

    @tool(read_only=True)
    def deliver() -> None:
        """Deliver a letter."""
        enter()

    @tool(read_only=True)
    async def adeliver() -> None:
        """Deliver a letter, on the loop."""
        enter()

    @tool
    def stamp() -> None:
        """Stamp a letter."""
        enter()

    @tool(background=True)
    def send() -> None:
        """Send a letter."""
        enter()


NAMES = pytest.mark.parametrize("name", ["deliver", "adeliver", "stamp", "send"])


@pytest.fixture
def application(transactional_db: None, settings: Settings) -> Iterator[Application]:
    settings.DJANGO_MCP_AUTHENTICATORS = [f"{__name__}.ClosingAuthenticator"]
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
    with serving(TOOLS) as application:
        yield application


@pytest.fixture
def closed(application: Application) -> Iterator[None]:
    opening[:] = [ClosedError()]
    yield
    opening.clear()


@pytest.fixture
def operator(application: Application) -> Browser:
    browser = Browser()
    browser.force_login(User.objects.create_superuser("root"))
    return browser


@NAMES
def test_refusal_is_told_by_its_facts(client: Client, closed: None, name: str) -> None:
    result = asyncio.run(client.acall(name)).result

    assert result["isError"] is True
    assert result["content"] == [{"type": "text", "text": TEXT}]
    assert result["_meta"]["django-mcp/error"] == FACTS


@NAMES
def test_refusal_is_on_record_by_its_outcome(
    modern: Client, closed: None, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[str] = []

    def hear(outcome: str, **kwargs: Any) -> None:
        heard.append(outcome)

    tool_called.connect(hear)
    with caplog.at_level(logging.INFO, logger="django_mcp.calls"):
        asyncio.run(modern.acall(name))
    tool_called.disconnect(hear)

    record = CallRecord.objects.get()
    assert (record.outcome, record.error_class) == ("door_closed", "ClosedError")
    assert heard == [line.outcome for line in caplog.records] == ["door_closed"]  # type: ignore[attr-defined]


def test_refusal_is_told_in_tests_of_a_project(closed: None) -> None:
    result = MCPClient().call("deliver")

    assert (result.text, result.error) == (TEXT, FACTS)


@pytest.mark.parametrize("name", ["deliver", "adeliver"])
def test_refusal_may_leave_no_row(modern: Client, closed: None, name: str) -> None:
    opening[:] = [UnseenError()]

    result = asyncio.run(modern.acall(name)).result

    assert result["_meta"]["django-mcp/error"] == FACTS
    assert not CallRecord.objects.exists()


def test_refusal_is_shown_in_the_admin(modern: Client, closed: None, operator: Browser) -> None:
    asyncio.run(modern.acall("deliver"))
    opening.clear()
    asyncio.run(modern.acall("deliver"))
    refused = CallRecord.objects.get(outcome="door_closed")

    listed = operator.get(RECORDS, {"period": "all"})
    chosen = operator.get(RECORDS, {"period": "all", "outcome": "door_closed"})
    page = operator.get(record_page(refused))

    assert [row[4] for row in rows_of(listed)] == ["ok", "door closed"]
    assert "door closed" in text_of(listed).partition("By outcome")[2]
    assert [row[4] for row in rows_of(chosen)] == ["door closed"]
    assert "Outcome: door closed" in text_of(page)
    assert str(refused) == "deliver (door closed)"


def test_refusal_is_found_by_the_command(modern: Client, closed: None) -> None:
    asyncio.run(modern.acall("deliver"))
    opening.clear()
    asyncio.run(modern.acall("deliver"))
    out = StringIO()

    call_command("mcp_audit", "--outcome=door_closed", stdout=out)

    (line,) = out.getvalue().splitlines()
    assert "door_closed" in line
    with pytest.raises(CommandError, match=r"'nonsense' is none of running, ok, .*, door_closed"):
        call_command("mcp_audit", "--outcome=nonsense")


@pytest.mark.parametrize("is_sent", [True, False])
def test_refusal_by_the_tool_of_a_task_is_its_result(
    modern: Client, closed: None, is_sent: bool
) -> None:
    async def scenario() -> dict[str, Any]:
        if not is_sent:
            return (await modern.acall("send")).result
        tasker = modern.with_tasks().with_key("ann")
        result: dict[str, Any] = (await ending(tasker, await start(tasker, "send")))["result"]
        return result

    User.objects.create_user("ann")
    result = asyncio.run(scenario())

    assert result["content"] == [{"type": "text", "text": TEXT}]
    assert result["_meta"]["django-mcp/error"] == FACTS
    assert settled().status == "completed"
    assert CallRecord.objects.get().outcome == "door_closed"


def test_refusal_before_a_worker_runs_the_tool_ends_the_task(
    modern: Client, settings: Settings, operator: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DJANGO_MCP_BACKGROUND_BACKEND = backends.PATH
    User.objects.create_user("ann")
    tasker = modern.with_tasks().with_key("ann")
    task_id = asyncio.run(start(tasker, "send"))
    with monkeypatch.context() as closing:
        closing.setattr(ClosingAuthenticator, "is_closed", True)

        run_task(ToolTask.objects.get().pk)

    ended = asyncio.run(state(tasker, task_id))
    task, record = ToolTask.objects.get(), CallRecord.objects.get()
    assert (ended["status"], ended["statusMessage"]) == ("failed", TEXT)
    assert ended["error"] == {"code": -32603, "message": TEXT, "data": {"django-mcp/error": FACTS}}
    assert (record.outcome, record.error_class) == ("door_closed", "NotNowError")
    assert "The office is closed. Call in the morning." in text_of(operator.get(task_page(task)))


@pytest.mark.parametrize("outcome", ["", "Closed", "door closed", "x" * 21])
def test_outcome_that_no_record_can_hold_is_refused_with_its_class(outcome: str) -> None:
    with pytest.raises(TypeError, match=r"^Bad\.outcome must be at most 20 lower-case letters"):
        type("Bad", (CallError,), {"outcome": outcome})
