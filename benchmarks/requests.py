"""The requests that are sent, and how a good answer is told from a bad one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

HOST = "bench.example"
"""In every Host header and in the audience of the tokens, so that ports need not be known."""

FAILURE_MARK = '"isError":true'

Era = Literal["modern", "legacy"]
TASKS: Mapping[str, Any] = {"io.modelcontextprotocol/tasks": {}}
VERSIONS: Mapping[Era, str] = {"modern": "2026-07-28", "legacy": "2025-11-25"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request. A good answer has status 200, holds `expected` and no failure mark."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    expected: str

    def is_good(self, status: int, body: str) -> bool:
        return status == 200 and self.expected in body and FAILURE_MARK not in body

    def to_bytes(self) -> bytes:
        """The request as it goes over the wire."""
        headers = {"Host": HOST, **self.headers}
        if self.body:
            headers["Content-Length"] = str(len(self.body.encode()))
        lines = [f"{self.method} {self.path} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n" + self.body).encode()


def get(path: str, *, token: str = "", expected: str) -> Request:
    """An ordinary GET."""
    headers = {"Accept": "application/json", **_authorization(token)}
    return Request(method="GET", path=path, headers=headers, expected=expected)


def call_tool(
    name: str,
    arguments: Mapping[str, Any],
    *,
    expected: str,
    era: Era = "modern",
    path: str = "/mcp",
    token: str = "",
    progress_token: str = "",
    as_task: bool = False,
) -> Request:
    """A `tools/call`; `as_task` when the client can take a task instead of the result."""
    params: dict[str, Any] = {"name": name, "arguments": arguments}
    if progress_token:
        params["_meta"] = {"progressToken": progress_token}
    return _message(
        "tools/call",
        params,
        era=era,
        path=path,
        token=token,
        name=name,
        expected=expected,
        extensions=TASKS if as_task else {},
    )


def get_task(task: str, *, token: str, expected: str) -> Request:
    """A `tasks/get`."""
    return _message(
        "tasks/get",
        {"taskId": task},
        era="modern",
        path="/mcp",
        token=token,
        name=task,
        expected=expected,
        extensions=TASKS,
    )


def list_tools(*, expected: str, era: Era = "modern") -> Request:
    """A `tools/list`."""
    return _message("tools/list", {}, era=era, path="/mcp", expected=expected)


def _message(
    method: str,
    params: dict[str, Any],
    *,
    era: Era,
    path: str,
    expected: str,
    token: str = "",
    name: str = "",
    extensions: Mapping[str, Any] = MappingProxyType({}),
) -> Request:
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": VERSIONS[era],
        **_authorization(token),
    }
    if era == "modern":
        capabilities = {"extensions": dict(extensions)} if extensions else {}
        headers |= {"Mcp-Method": method} | ({"Mcp-Name": name} if name else {})
        meta = {
            "io.modelcontextprotocol/protocolVersion": VERSIONS[era],
            "io.modelcontextprotocol/clientInfo": {"name": "benchmarks", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": capabilities,
        }
        params = {**params, "_meta": {**meta, **params.get("_meta", {})}}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
    return Request(method="POST", path=path, headers=headers, body=body, expected=expected)


def _authorization(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}
