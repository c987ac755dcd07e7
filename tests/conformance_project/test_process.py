import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conformance_project.options import BOOM_SECRET
from tests.conformance_project.process import (
    RunningServer,
    ServerNotStartedError,
    running_server,
)

pytestmark = [pytest.mark.slow, pytest.mark.oauth]


@pytest.fixture(scope="module")
def fixture_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fixture") / "fixture.log"


@pytest.fixture(scope="module")
def server(fixture_log: Path) -> Iterator[RunningServer]:
    with running_server(environment={"FIXTURE_LOG": str(fixture_log)}) as running:
        yield running


def call(url: str, name: str, *, token: str = "", **arguments: object) -> httpx.Response:
    """Call a tool the way a 2026-07-28 client does."""
    headers = {
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": "2026-07-28",
        "Mcp-Method": "tools/call",
        "Mcp-Name": name,
    }
    if token:
        headers["Authorization"] = f"Bearer {token}"
    meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    params = {"name": name, "arguments": arguments, "_meta": meta}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    return httpx.post(url, json=message, headers=headers, timeout=60, trust_env=False)


def result_of(response: httpx.Response) -> dict[str, Any]:
    assert response.status_code == 200, response.text
    result: dict[str, Any] = response.json()["result"]
    return result


@pytest.mark.parametrize("workers", [1, 2])
def test_server_answers_where_it_says_and_ends_cleanly_on_sigterm(workers: int) -> None:
    with running_server(workers=workers) as server:
        result = result_of(call(server.url, "echo", text="x" * 50, n=7))

    assert result["content"] == [{"type": "text", "text": "50 7 " + "x" * 40}]
    assert server.tokens == {}
    assert server.process.returncode == 0


def test_each_token_is_refused_for_the_reason_in_its_name() -> None:
    with running_server(auth=True) as server:
        statuses = {
            name: call(server.url, "echo", token=token, text="").status_code
            for name, token in server.tokens.items()
        }
        anonymous = call(server.url, "echo", text="")
        unscoped = call(server.url, "test_simple_text", token=server.tokens["noscope"])

    assert statuses == {
        "good": 200,
        "noscope": 403,
        "expired": 401,
        "other_audience": 401,
        "inactive": 401,
    }
    assert anonymous.status_code == 401
    assert unscoped.status_code == 200


@pytest.mark.parametrize("tool", ["slow", "slow_sync"])
def test_slow_tools_note_when_they_start_and_end(
    server: RunningServer, fixture_log: Path, tool: str
) -> None:
    fixture_log.write_text("")

    result_of(call(server.url, tool, seconds=0.1, tag="a"))

    assert fixture_log.read_text() == "start a\ndone a\n"


def test_boom_keeps_its_secret_on_the_server(server: RunningServer) -> None:
    response = call(server.url, "boom")

    assert result_of(response)["isError"] is True
    assert BOOM_SECRET not in response.text
    assert BOOM_SECRET in server.log.read_text()


@pytest.mark.parametrize(("record", "rows"), [(True, 1), (False, 0)])
def test_named_database_is_emptied_first_and_recorded_in_unless_told_otherwise(
    record: bool, rows: int, tmp_path: Path
) -> None:
    file = tmp_path / "named.sqlite3"
    environment = {"DATABASE_URL": f"sqlite:///{file}"}
    with running_server(environment=environment) as server:
        call(server.url, "echo", text="of an earlier run")

    with running_server(environment=environment, record=record) as server:
        call(server.url, "echo", text="of this run")

    with closing(sqlite3.connect(file)) as database:
        count = database.execute("SELECT COUNT(*) FROM django_mcp_callrecord").fetchone()
    assert count == (rows,)


def test_server_that_cannot_start_says_why() -> None:
    environment = {"DATABASE_URL": "sqlite:////nonexistent/folder/db.sqlite3"}

    with (
        pytest.raises(ServerNotStartedError, match="unable to open database file"),
        running_server(environment=environment),
    ):
        pass
