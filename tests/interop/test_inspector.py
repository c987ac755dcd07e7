"""The endpoint as the official Inspector's command line sees it."""

import json
import os
import subprocess
from base64 import b64encode
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.conformance_project.declarations.media import RED_PIXEL
from tests.conformance_project.process import RunningServer
from tests.interop.node import NodeTools

pytestmark = pytest.mark.node

TOOL_FAILED = 5
"""The Inspector's exit status for a result that is an error."""


class Inspect(Protocol):
    """Runs the Inspector once, in the era of the test, with one of the server's tokens."""

    def __call__(self, *method: str, token: str = "good") -> subprocess.CompletedProcess[str]: ...


@pytest.fixture(params=["legacy", "modern"])
def era(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def inspect(node_tools: NodeTools, server: RunningServer, tmp_path: Path, era: str) -> Inspect:
    def inspect(*method: str, token: str = "good") -> subprocess.CompletedProcess[str]:
        header = f"Authorization: Bearer {server.tokens[token]}"
        return subprocess.run(
            [
                *(str(node_tools.node), str(node_tools.inspector), "--cli", server.url),
                *("--transport", "http", "--header", header, "--stored-auth-only"),
                *("--protocol-era", era, "--format", "json", "--quiet", "--method", *method),
            ],
            env={**os.environ, "HOME": str(tmp_path)},  # what it remembers stays there
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return inspect


def result_of(finished: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    answer: dict[str, dict[str, Any]] = json.loads(finished.stdout)
    return answer["result"]


def call(name: str, **arguments: object) -> tuple[str, ...]:
    return "tools/call", "--tool-name", name, "--tool-args-json", json.dumps(arguments)


def test_inspector_lists_the_tools(inspect: Inspect) -> None:
    finished = inspect("tools/list")

    assert finished.returncode == 0, finished.stderr
    tools = {tool["name"]: tool for tool in result_of(finished)["tools"]}
    assert tools["echo"]["inputSchema"]["required"] == ["text"]
    assert tools["echo"]["annotations"]["readOnlyHint"] is True


def test_inspector_calls_a_tool(inspect: Inspect) -> None:
    finished = inspect(*call("echo", text="hello", n=2))

    assert finished.returncode == 0, finished.stderr
    assert result_of(finished)["structuredContent"] == {"result": "5 2 hello"}


def test_inspector_shows_a_tool_error_with_its_hint(inspect: Inspect) -> None:
    finished = inspect(*call("reserve", item="bolt", quantity=11))

    assert finished.returncode == TOOL_FAILED, finished.stderr
    assert "Ask for at most 10." in result_of(finished)["content"][0]["text"]


LISTS = [
    (
        "resources/list",
        "resources",
        {
            "uri": "test://static-binary",
            "name": "static_binary",
            "description": "A picture.",
            "mimeType": "image/png",
        },
    ),
    (
        "resources/templates/list",
        "resourceTemplates",
        {
            "uriTemplate": "test://template/{id}/data",
            "name": "template_data",
            "description": "Data about what its URI names.",
        },
    ),
    (
        "prompts/list",
        "prompts",
        {
            "name": "test_prompt_with_arguments",
            "description": "One message that repeats its arguments.",
            "arguments": [
                {"name": "arg1", "description": "First test argument.", "required": True},
                {"name": "arg2", "description": "Second test argument.", "required": True},
            ],
        },
    ),
]


@pytest.mark.parametrize(("method", "key", "expected"), LISTS)
def test_inspector_lists_resources_and_prompts(
    inspect: Inspect, method: str, key: str, expected: dict[str, Any]
) -> None:
    finished = inspect(method)

    assert finished.returncode == 0, finished.stderr
    assert expected in result_of(finished)[key]


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        (
            "test://static-text",
            {
                "mimeType": "text/plain",
                "text": "This is the content of the static text resource.",
            },
        ),
        (
            "test://static-binary",
            {"mimeType": "image/png", "blob": b64encode(RED_PIXEL).decode()},
        ),
        (
            "test://template/a%20b/data",
            {
                "mimeType": "application/json",
                "text": '{"id":"a b","templateTest":true,"data":"Data for ID: a b"}',
            },
        ),
    ],
)
def test_inspector_reads_a_resource(inspect: Inspect, uri: str, expected: dict[str, str]) -> None:
    finished = inspect("resources/read", "--uri", uri)

    assert finished.returncode == 0, finished.stderr
    assert result_of(finished)["contents"] == [{"uri": uri, **expected}]


def test_inspector_gets_a_prompt_with_arguments(inspect: Inspect) -> None:
    arguments = ("--prompt-args", "arg1=one", "arg2=two")
    finished = inspect("prompts/get", "--prompt-name", "test_prompt_with_arguments", *arguments)

    assert finished.returncode == 0, finished.stderr
    text = "Prompt with arguments: arg1='one', arg2='two'"
    assert result_of(finished)["messages"] == [
        {"role": "user", "content": {"type": "text", "text": text}}
    ]


@pytest.mark.parametrize(
    ("method", "reason"),
    [
        (("resources/read", "--uri", "test://missing"), "Resource not found"),
        (("prompts/get", "--prompt-name", "missing"), "Unknown prompt: missing"),
        (
            ("prompts/get", "--prompt-name", "test_prompt_with_arguments"),
            "arg1: is required",
        ),
    ],
)
def test_inspector_says_why_it_got_nothing(
    inspect: Inspect, method: tuple[str, ...], reason: str
) -> None:
    finished = inspect(*method)

    assert finished.returncode not in (0, TOOL_FAILED)
    assert reason in finished.stderr


NEEDS_SCOPE = [
    call("echo", text="hello"),
    ("resources/read", "--uri", "test://static-binary"),
    ("prompts/get", "--prompt-name", "test_prompt_with_image"),
]


@pytest.mark.parametrize("method", NEEDS_SCOPE, ids=lambda method: method[0])
def test_inspector_is_refused_what_its_token_lacks_the_scope_for(
    inspect: Inspect, method: tuple[str, ...]
) -> None:
    finished = inspect(*method, token="noscope")

    assert finished.returncode not in (0, TOOL_FAILED)
    assert "fixture:use" in finished.stderr


@pytest.mark.parametrize("token", ["expired", "other_audience", "inactive"])
def test_inspector_is_turned_away_with_a_token_that_is_not_good_here(
    inspect: Inspect, token: str
) -> None:
    finished = inspect("tools/list", token=token)

    assert finished.returncode not in (0, TOOL_FAILED)
    assert not finished.stdout
