"""The endpoint as the TypeScript SDK v1 sees it, which checks results against output schemas."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conformance_project.options import BOOM_SECRET
from tests.conformance_project.process import RunningServer
from tests.interop.node import NodeTools

pytestmark = pytest.mark.node

SCRIPT = Path(__file__).with_name("typescript_v1.mjs")


def drive(node_tools: NodeTools, server: RunningServer, *calls: dict[str, Any]) -> dict[str, Any]:
    """List the tools, then make the calls in one session; returns what the client got."""
    finished = subprocess.run(
        [node_tools.node, SCRIPT, node_tools.modules, server.url, server.tokens["good"]],
        input=json.dumps(calls),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    answer: dict[str, Any] = json.loads(finished.stdout)
    return answer


def test_v1_client_parses_the_list_of_tools(node_tools: NodeTools, server: RunningServer) -> None:
    answer = drive(node_tools, server)

    schemas = {tool["name"]: tool["inputSchema"] for tool in answer["tools"]}
    assert schemas["echo"]["required"] == ["text"]
    assert schemas["reserve"]["properties"]["quantity"]["minimum"] == 1


def test_v1_client_receives_a_structured_result(
    node_tools: NodeTools, server: RunningServer
) -> None:
    answer = drive(
        node_tools, server, {"name": "reserve", "arguments": {"item": "bolt", "quantity": 3}}
    )

    [call] = answer["calls"]
    assert call["result"]["structuredContent"] == {"item": "bolt", "quantity": 3}


def test_v1_client_receives_a_bare_value_as_text(
    node_tools: NodeTools, server: RunningServer
) -> None:
    answer = drive(node_tools, server, {"name": "echo", "arguments": {"text": "hello", "n": 2}})

    [call] = answer["calls"]
    assert call["result"]["content"] == [{"type": "text", "text": "5 2 hello"}]
    assert call["result"]["structuredContent"] == {"result": "5 2 hello"}


def test_v1_client_sees_the_hint_of_a_tool_error(
    node_tools: NodeTools, server: RunningServer
) -> None:
    answer = drive(
        node_tools, server, {"name": "reserve", "arguments": {"item": "bolt", "quantity": 11}}
    )

    [call] = answer["calls"]
    result = call["result"]
    assert result["isError"] is True
    assert "There are only 10 of bolt." in result["content"][0]["text"]
    assert "Ask for at most 10." in result["content"][0]["text"]
    assert result["_meta"]["django-mcp/error"] == {
        "kind": "tool_error",
        "error": "There are only 10 of bolt.",
        "retryable": False,
        "hint": "Ask for at most 10.",
        "retry_after": None,
    }


def test_v1_client_is_told_which_argument_is_wrong(
    node_tools: NodeTools, server: RunningServer
) -> None:
    answer = drive(
        node_tools, server, {"name": "reserve", "arguments": {"item": "bolt", "quantity": 0}}
    )

    [call] = answer["calls"]
    assert call["result"]["isError"] is True
    assert "quantity" in call["result"]["content"][0]["text"]


def test_v1_client_sees_an_unforeseen_failure_without_its_cause(
    node_tools: NodeTools, server: RunningServer
) -> None:
    answer = drive(node_tools, server, {"name": "boom", "arguments": {}})

    [call] = answer["calls"]
    assert call["result"]["isError"] is True
    assert BOOM_SECRET not in json.dumps(call)


def test_v1_client_sees_progress_before_the_result(
    node_tools: NodeTools, server: RunningServer
) -> None:
    answer = drive(node_tools, server, {"name": "test_tool_with_progress", "arguments": {}})

    [call] = answer["calls"]
    assert call["progress"] == [{"progress": done, "total": 100} for done in (0, 50, 100)]
    assert call["result"].get("isError", False) is False
