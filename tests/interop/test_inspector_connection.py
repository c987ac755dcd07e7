"""The endpoint as the Inspector's `mcpdo` sees it, which keeps a connection and completes."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from typing import Any, Protocol

import pytest

from tests.conformance_project.process import RunningServer
from tests.interop.node import NodeTools

pytestmark = pytest.mark.node

COMPLETED = [
    (
        ("ref/prompt", "test_prompt_with_arguments", "arg1", "par"),
        {"values": ["paris", "park", "party"], "total": 3, "hasMore": False},
    ),
    (
        ("ref/resource", "test://template/{id}/data", "id", "12"),
        {"values": ["12", "123", "1234"], "total": 3, "hasMore": False},
    ),
]


class Do(Protocol):
    """Runs `mcpdo` once; returns what it prints."""

    def __call__(self, *arguments: str) -> Any: ...


@pytest.fixture
def do(node_tools: NodeTools) -> Iterator[Do]:
    # A socket lies below, whose path may not be long.
    with tempfile.TemporaryDirectory() as home:

        def do(*arguments: str) -> Any:
            finished = subprocess.run(
                [node_tools.node, node_tools.mcpdo, "--format", "json", *arguments],
                env={**os.environ, "HOME": home, "MCP_INSPECTOR_SECRET_STORE": "memory"},
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert finished.returncode == 0, finished.stderr
            return json.loads(finished.stdout)

        try:
            yield do
        finally:
            do("daemon", "stop")


@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_inspector_completes_arguments_of_prompts_and_templates(
    do: Do, server: RunningServer, era: str
) -> None:
    header = f"Authorization: Bearer {server.tokens['good']}"
    where = ("--transport", "http", "--era", era, "--header", header)
    connected = do("--stored-auth-only", "connect", server.url, *where)

    completed = [
        do(
            *("--connection", connected["name"], "prompts/complete"),
            *("--complete-ref-type", kind, "--complete-ref", reference),
            *("--complete-arg-name", argument, "--complete-arg-value", value),
        )
        for (kind, reference, argument, value), _ in COMPLETED
    ]

    assert connected["protocolEra"] == era
    assert completed == [expected for _, expected in COMPLETED]
