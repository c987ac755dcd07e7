"""The endpoint as the TypeScript SDK v1 sees it, which checks results against output schemas."""

import json
import subprocess
from base64 import b64encode
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.conformance_project.declarations.media import RED_PIXEL
from tests.conformance_project.options import BOOM_SECRET
from tests.conformance_project.process import RunningServer
from tests.interop.node import NodeTools

pytestmark = pytest.mark.node

SCRIPT = Path(__file__).with_name("typescript_v1.mjs")


class Drive(Protocol):
    """Runs the client: it lists the tools, then calls these methods with these arguments."""

    def __call__(self, *calls: tuple[Any, ...], token: str = "good") -> dict[str, Any]: ...


@pytest.fixture
def drive(node_tools: NodeTools, server: RunningServer) -> Drive:
    def drive(*calls: tuple[Any, ...], token: str = "good") -> dict[str, Any]:
        finished = subprocess.run(
            [node_tools.node, SCRIPT, node_tools.modules, server.url, server.tokens[token]],
            input=json.dumps(calls),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert finished.returncode == 0, finished.stderr
        answer: dict[str, Any] = json.loads(finished.stdout)
        return answer

    return drive


def tool_call(name: str, **arguments: object) -> tuple[Any, ...]:
    return "callTool", {"name": name, "arguments": arguments}


def test_v1_client_parses_the_list_of_tools(drive: Drive) -> None:
    answer = drive()

    schemas = {tool["name"]: tool["inputSchema"] for tool in answer["tools"]}
    assert schemas["echo"]["required"] == ["text"]
    assert schemas["reserve"]["properties"]["quantity"]["minimum"] == 1


def test_v1_client_receives_a_structured_result(drive: Drive) -> None:
    answer = drive(tool_call("reserve", item="bolt", quantity=3))

    [call] = answer["calls"]
    assert call["result"]["structuredContent"] == {"item": "bolt", "quantity": 3}


def test_v1_client_receives_a_bare_value_as_text(drive: Drive) -> None:
    answer = drive(tool_call("echo", text="hello", n=2))

    [call] = answer["calls"]
    assert call["result"]["content"] == [{"type": "text", "text": "5 2 hello"}]
    assert call["result"]["structuredContent"] == {"result": "5 2 hello"}


def test_v1_client_sees_the_hint_of_a_tool_error(drive: Drive) -> None:
    answer = drive(tool_call("reserve", item="bolt", quantity=11))

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


def test_v1_client_is_told_which_argument_is_wrong(drive: Drive) -> None:
    answer = drive(tool_call("reserve", item="bolt", quantity=0))

    [call] = answer["calls"]
    assert call["result"]["isError"] is True
    assert "quantity" in call["result"]["content"][0]["text"]


def test_v1_client_sees_an_unforeseen_failure_without_its_cause(drive: Drive) -> None:
    answer = drive(tool_call("boom"))

    [call] = answer["calls"]
    assert call["result"]["isError"] is True
    assert BOOM_SECRET not in json.dumps(call)


def test_v1_client_sees_progress_before_the_result(drive: Drive) -> None:
    answer = drive(tool_call("test_tool_with_progress"))

    [call] = answer["calls"]
    assert call["progress"] == [{"progress": done, "total": 100} for done in (0, 50, 100)]
    assert call["result"].get("isError", False) is False


def test_v1_client_lists_resources_templates_and_prompts(drive: Drive) -> None:
    answer = drive(("listResources", {}), ("listResourceTemplates", {}), ("listPrompts", {}))

    resources, templates, prompts = (call["result"] for call in answer["calls"])
    assert {each["uri"] for each in resources["resources"]} >= {
        "test://static-binary",
        "test://static-text",
        "test://watched-resource",
    }
    assert "test://template/{id}/data" in {
        each["uriTemplate"] for each in templates["resourceTemplates"]
    }
    arguments = {each["name"]: each["arguments"] for each in prompts["prompts"]}
    assert arguments["test_prompt_with_arguments"] == [
        {"name": "arg1", "description": "First test argument.", "required": True},
        {"name": "arg2", "description": "Second test argument.", "required": True},
    ]


def test_v1_client_reads_text_bytes_and_data(drive: Drive) -> None:
    uris = ["test://static-text", "test://static-binary", "test://template/a%20b/data"]

    answer = drive(*(("readResource", {"uri": uri}) for uri in uris))

    assert [call["result"]["contents"] for call in answer["calls"]] == [
        [
            {
                "uri": uris[0],
                "mimeType": "text/plain",
                "text": "This is the content of the static text resource.",
            }
        ],
        [{"uri": uris[1], "mimeType": "image/png", "blob": b64encode(RED_PIXEL).decode()}],
        [
            {
                "uri": uris[2],
                "mimeType": "application/json",
                "text": '{"id":"a b","templateTest":true,"data":"Data for ID: a b"}',
            }
        ],
    ]


def test_v1_client_gets_prompts(drive: Drive) -> None:
    answer = drive(
        (
            "getPrompt",
            {"name": "test_prompt_with_arguments", "arguments": {"arg1": "one", "arg2": "two"}},
        ),
        (
            "getPrompt",
            {
                "name": "test_prompt_with_embedded_resource",
                "arguments": {"resourceUri": "test://static-text"},
            },
        ),
    )

    assert [call["result"]["messages"] for call in answer["calls"]] == [
        [
            {
                "role": "user",
                "content": {
                    "type": "text",
                    "text": "Prompt with arguments: arg1='one', arg2='two'",
                },
            }
        ],
        [
            {
                "role": "user",
                "content": {
                    "type": "resource",
                    "resource": {
                        "uri": "test://static-text",
                        "mimeType": "text/plain",
                        "text": "Embedded resource content for testing.",
                    },
                },
            },
            {
                "role": "user",
                "content": {"type": "text", "text": "Please process the embedded resource above."},
            },
        ],
    ]


def test_v1_client_completes_arguments_of_prompts_and_templates(drive: Drive) -> None:
    prompt = {"type": "ref/prompt", "name": "test_prompt_with_arguments"}
    template = {"type": "ref/resource", "uri": "test://template/{id}/data"}

    answer = drive(
        ("complete", {"ref": prompt, "argument": {"name": "arg1", "value": "par"}}),
        (
            "complete",
            {
                "ref": prompt,
                "argument": {"name": "arg2", "value": ""},
                "context": {"arguments": {"arg1": "paris"}},
            },
        ),
        ("complete", {"ref": template, "argument": {"name": "id", "value": "12"}}),
    )

    assert [call["result"]["completion"] for call in answer["calls"]] == [
        {"values": ["paris", "park", "party"], "total": 3, "hasMore": False},
        {"values": ["more of paris"], "total": 1, "hasMore": False},
        {"values": ["12", "123", "1234"], "total": 3, "hasMore": False},
    ]


def test_v1_client_is_told_why_it_got_nothing(drive: Drive) -> None:
    answer = drive(
        ("readResource", {"uri": "test://missing"}),
        ("getPrompt", {"name": "missing"}),
        ("getPrompt", {"name": "test_prompt_with_arguments", "arguments": {"arg1": "one"}}),
    )

    missing, unknown, invalid = (call["error"] for call in answer["calls"])
    assert missing == "McpError: MCP error -32002: Resource not found"
    assert unknown == "McpError: MCP error -32602: Unknown prompt: missing"
    assert invalid.startswith("McpError: MCP error -32602: The arguments are invalid.")
    assert "arg2" in invalid


def test_v1_client_is_refused_what_its_token_lacks_the_scope_for(drive: Drive) -> None:
    answer = drive(
        ("readResource", {"uri": "test://static-text"}),
        ("readResource", {"uri": "test://static-binary"}),
        ("getPrompt", {"name": "test_prompt_with_image"}),
        token="noscope",
    )

    allowed, *refused = answer["calls"]
    assert "result" in allowed
    for call in refused:
        assert "insufficient_scope" in call["error"]
