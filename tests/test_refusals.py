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

from django_mcp import ToolError, tool
from django_mcp.asgi import Application
from django_mcp.background.worker import run_task
from django_mcp.exceptions import CallError, CallRejectedError
from django_mcp.guards import Call, Guard, Rendered
from django_mcp.models import CallRecord, ToolTask
from django_mcp.primitives.declaration import collecting
from django_mcp.signals import tool_rejected
from django_mcp.testing import MCPClient
from tests.admin.pages import RECORDS, record_page, rows_of, task_page, text_of
from tests.background import backends
from tests.background.rows import settled
from tests.clients import client as client
from tests.clients import era as era
from tests.clients import modern as modern
from tests.keys import PATH
from tests.protocol.tasks import start, state
from tests.wire import Client, serving

FACTS = {
    "kind": "door_closed",
    "error": "The office is closed.",
    "retryable": True,
    "hint": "Call in the morning.",
    "retry_after": 3600,
}
TEXT = "The office is closed.\nCall in the morning.\nWait 3600 seconds before you try again."


class ClosedError(CallRejectedError):
    """Nobody is there to answer for what the tool does."""

    outcome = "door_closed"
    message = "The office is closed."
    hint = "Call in the morning."
    retryable = True
    retry_after = 3600


class UnseenError(ClosedError):
    """Nobody is there, and nobody wants to know."""

    is_recorded = False


class TiredError(ToolError):
    """The tool's own, of the same kind."""

    outcome = ClosedError.outcome
    hint = ClosedError.hint
    retryable = True
    retry_after = ClosedError.retry_after


class Office(Guard):
    """Refuses calls by what is set here, if anything is: at once, or when a worker takes them."""

    repeats_in_worker = True
    refusal: CallRejectedError | None = None
    refusal_of_workers: CallRejectedError | None = None

    def may_block(self, call: Call) -> bool:
        return False

    def before(self, call: Call) -> Rendered | None:
        kind = type(self)
        if refusal := kind.refusal_of_workers if call.is_repeated else kind.refusal:
            raise refusal
        return None


with collecting() as TOOLS:

    @tool(read_only=True)
    def deliver() -> str:
        """Deliver a letter."""
        return "delivered"

    @tool(read_only=True)
    async def adeliver() -> str:
        """Deliver a letter, on the loop."""
        return "delivered"

    @tool
    def stamp() -> str:
        """Stamp a letter."""
        return "stamped"

    @tool(background=True)
    def send() -> str:
        """Send a letter."""
        return "sent"

    @tool
    def sleep() -> str:
        """Sleep, as anybody would."""
        raise TiredError("The office is closed.")

    @tool(background=True)
    def sleep_long() -> str:
        """Sleep, as anybody would."""
        raise TiredError("The office is closed.")


NAMES = pytest.mark.parametrize("name", ["deliver", "adeliver", "stamp", "send"])


@pytest.fixture
def application(transactional_db: None, settings: Settings) -> Iterator[Application]:
    settings.DJANGO_MCP_AUTHENTICATORS = [PATH]
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
    settings.DJANGO_MCP_GUARDS = [f"{__name__}.Office"]
    with serving(TOOLS) as application:
        yield application


@pytest.fixture
def closed(application: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Office, "refusal", ClosedError())


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

    tool_rejected.connect(hear)
    with caplog.at_level(logging.INFO, logger="django_mcp.calls"):
        asyncio.run(modern.acall(name))
    tool_rejected.disconnect(hear)

    record = CallRecord.objects.get()
    assert (record.outcome, record.error_class) == ("door_closed", "ClosedError")
    assert heard == [line.outcome for line in caplog.records] == ["door_closed"]  # type: ignore[attr-defined]
    assert not ToolTask.objects.exists()


def test_refusal_is_told_in_tests_of_a_project(closed: None) -> None:
    result = MCPClient().call("deliver")

    assert (result.text, result.error) == (TEXT, FACTS)


@NAMES
def test_refusal_may_leave_no_row(
    modern: Client, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(Office, "refusal", UnseenError())

    result = asyncio.run(modern.acall(name)).result

    assert result["_meta"]["django-mcp/error"] == FACTS
    assert not CallRecord.objects.exists()


def test_refusal_is_shown_in_the_admin(
    modern: Client, closed: None, operator: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(modern.acall("deliver"))
    monkeypatch.setattr(Office, "refusal", None)
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


def test_refusal_is_found_by_the_command(
    modern: Client, closed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(modern.acall("deliver"))
    monkeypatch.setattr(Office, "refusal", None)
    asyncio.run(modern.acall("deliver"))
    out = StringIO()

    call_command("mcp_audit", "--outcome=door_closed", stdout=out)

    (line,) = out.getvalue().splitlines()
    assert "door_closed" in line
    with pytest.raises(CommandError, match=r"'nonsense' is none of running, ok, .*, door_closed"):
        call_command("mcp_audit", "--outcome=nonsense")


def test_refusal_of_a_worker_ends_the_task(
    modern: Client, settings: Settings, operator: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DJANGO_MCP_BACKGROUND_BACKEND = backends.PATH
    User.objects.create_user("ann")
    tasker = modern.with_tasks().with_key("ann")
    monkeypatch.setattr(Office, "refusal_of_workers", ClosedError())
    task_id = asyncio.run(start(tasker, "send"))

    run_task(ToolTask.objects.get().pk)

    ended = asyncio.run(state(tasker, task_id))
    task, record = ToolTask.objects.get(), CallRecord.objects.get()
    assert (ended["status"], ended["statusMessage"]) == ("failed", TEXT)
    assert ended["error"] == {"code": -32603, "message": TEXT, "data": {"django-mcp/error": FACTS}}
    assert (record.outcome, record.error_class) == ("door_closed", "ClosedError")
    assert "The office is closed. Call in the morning." in text_of(operator.get(task_page(task)))


def test_refusal_of_a_worker_is_told_to_clients_that_wait(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Office, "refusal_of_workers", ClosedError())

    result = asyncio.run(client.acall("send")).result

    assert result["content"] == [{"type": "text", "text": TEXT}]
    assert result["_meta"]["django-mcp/error"] == FACTS
    assert settled().status == "failed"


@pytest.mark.parametrize("name", ["sleep", "sleep_long"])
def test_error_of_a_tool_has_the_facts_of_its_class(client: Client, name: str) -> None:
    result = asyncio.run(client.acall(name)).result

    assert result["content"] == [{"type": "text", "text": TEXT}]
    assert result["_meta"]["django-mcp/error"] == FACTS
    assert CallRecord.objects.get().outcome == "door_closed"


@pytest.mark.parametrize("outcome", ["", "Closed", "door closed", "x" * 21])
def test_outcome_that_no_record_can_hold_is_refused_with_its_class(outcome: str) -> None:
    with pytest.raises(TypeError, match=r"^Bad\.outcome must be at most 20 lower-case letters"):
        type("Bad", (CallError,), {"outcome": outcome})
