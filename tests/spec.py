"""The official JSON Schemas: every message that the tests receive is held to that of its era."""

import json
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

MODERN = "2026-07-28"
LEGACY = "2025-11-25"
ERAS = (MODERN, LEGACY)

RESULTS = {
    "initialize": "InitializeResult",
    "ping": "EmptyResult",
    "server/discover": "DiscoverResult",
    "tools/call": "CallToolResult",
    "tools/list": "ListToolsResult",
}
"""The definition of the result of each method."""


def check_message(message: Mapping[str, Any], *, era: str, method: str) -> None:
    """Assert that the schema of an era allows a message which answers a request of `method`.

    Without `MCP_SPEC_DIR`, the folder of the schemas, nothing is asserted.
    """
    if "method" in message:
        _check(message, "ServerNotification", era)
    elif "result" in message:
        _check(message, "JSONRPCResultResponse", era)
        if definition := RESULTS.get(method):
            _check(message["result"], definition, era)
    else:
        # JSON-RPC 2.0, section 5: null when the request's id could not be read. MCP's schema
        # knows an absent id for that case only.
        kept = {k: v for k, v in message.items() if k != "id" or v is not None}
        _check(kept, "JSONRPCErrorResponse", era)


def _check(instance: Any, definition: str, era: str) -> None:
    folder = os.environ.get("MCP_SPEC_DIR")
    if folder:
        _validator(folder, era, definition).validate(instance)


@cache
def _validator(folder: str, era: str, definition: str) -> jsonschema_rs.Validator:
    schema = json.loads(Path(folder, f"mcp-{era}.schema.json").read_text())
    return jsonschema_rs.validator_for({**schema, "$ref": f"#/$defs/{definition}"})
