import asyncio
import logging
import re
from uuid import UUID

import pytest

from django_mcp.models import CallRecord
from tests.protocol.tools import SECRET
from tests.refusals import unknown_tool
from tests.wire import Client

SYNC_AND_ASYNC = pytest.mark.parametrize("name", ["boom", "aboom"])


@pytest.mark.parametrize(
    "name", ["boom", "aboom", "leave", "cancel_oneself", "cancel_oneself_sync"]
)
def test_failure_of_ours_tells_the_client_nothing_but_an_id(
    client: Client, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = asyncio.run(client.acall(name))

    record = CallRecord.objects.get()
    result = answer.result
    assert result["isError"] is True
    assert str(record.call_id) in result["content"][0]["text"]
    assert result["_meta"]["django-mcp/call-id"] == str(record.call_id)
    assert SECRET not in answer.text
    assert not re.search(r"Traceback|RuntimeError|\.py", answer.text)
    assert record.outcome == "failed"
    assert SECRET not in record.error_class
    assert any(str(record.call_id) in line.getMessage() for line in caplog.records)
    assert SECRET in caplog.text


def test_every_result_carries_the_id_of_its_record(client: Client) -> None:
    meta = asyncio.run(client.acall("echo", text="x")).result["_meta"]

    assert UUID(meta["django-mcp/call-id"]) == CallRecord.objects.get().call_id


def test_refusal_of_a_tool_reaches_the_agent_and_rolls_back(client: Client) -> None:
    result = asyncio.run(client.acall("add_group_and_fail", name="staff")).result

    assert result["isError"] is True
    assert result["content"] == [{"type": "text", "text": "changed my mind"}]
    assert "structuredContent" not in result
    assert result["_meta"]["django-mcp/error"] == {
        "kind": "tool_error",
        "error": "changed my mind",
        "retryable": False,
        "hint": "",
        "retry_after": None,
    }
    assert CallRecord.objects.get().outcome == "tool_error"


@pytest.mark.parametrize("name", ["nope", "hidden", "", "x" * 100, "a/b", "è"])
def test_unknown_tool_is_an_error_of_the_protocol(client: Client, name: str) -> None:
    client = client.having(headers={"Mcp-Name": f"=?base64?{_base64(name)}?="})

    assert asyncio.run(client.acall(name)).error == unknown_tool(name)
    assert CallRecord.objects.get().outcome == "unknown_tool"


def _base64(text: str) -> str:
    from base64 import b64encode

    return b64encode(text.encode()).decode()
