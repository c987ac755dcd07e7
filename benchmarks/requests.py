"""The requests that are sent, and how a good answer is told from a bad one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

HOST = "bench.example"
"""In every Host header and in the audience of the tokens, so that ports need not be known."""

FAILURE_MARK = '"isError":true'

Era = Literal["modern", "legacy"]
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
) -> Request:
    """A `tools/call`."""
    params: dict[str, Any] = {"name": name, "arguments": arguments}
    if progress_token:
        params["_meta"] = {"progressToken": progress_token}
    return _message(
        "tools/call", params, era=era, path=path, token=token, name=name, expected=expected
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
) -> Request:
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": VERSIONS[era],
        **_authorization(token),
    }
    if era == "modern":
        headers |= {"Mcp-Method": method} | ({"Mcp-Name": name} if name else {})
        meta = {
            "io.modelcontextprotocol/protocolVersion": VERSIONS[era],
            "io.modelcontextprotocol/clientInfo": {"name": "benchmarks", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {},
        }
        params = {**params, "_meta": {**meta, **params.get("_meta", {})}}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
    return Request(method="POST", path=path, headers=headers, body=body, expected=expected)


def _authorization(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}
