"""The official JSON Schemas: every message that the tests receive is held to that of its era."""

import json
import os
from base64 import b64decode
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

MODERN = "2026-07-28"
LEGACY = "2025-11-25"
ERAS = (MODERN, LEGACY)

RESULTS = {
    "completion/complete": "CompleteResult",
    "initialize": "InitializeResult",
    "ping": "EmptyResult",
    "prompts/get": "GetPromptResult",
    "prompts/list": "ListPromptsResult",
    "resources/list": "ListResourcesResult",
    "resources/read": "ReadResourceResult",
    "resources/templates/list": "ListResourceTemplatesResult",
    "server/discover": "DiscoverResult",
    "subscriptions/listen": "SubscriptionsListenResult",
    "tasks/cancel": "EmptyResult",
    "tasks/get": "Result",
    "tasks/update": "EmptyResult",
    "tools/call": "CallToolResult",
    "tools/list": "ListToolsResult",
}
"""The definition of the result of each method."""


ERRORS = {
    -32020: "HeaderMismatchError",
    -32021: "MissingRequiredClientCapabilityError",
    -32022: "UnsupportedProtocolVersionError",
}
"""The definition of the response with each code that 2026-07-28 adds."""

TEXT = {"type": "string", "minLength": 1}
MOMENT = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"}
TASK_FACTS: dict[str, Any] = {
    "resultType": {"type": "string"},
    "_meta": {"type": "object"},
    "taskId": TEXT,
    "createdAt": MOMENT,
    "lastUpdatedAt": MOMENT,
    "ttlMs": {"type": ["integer", "null"], "minimum": 1},
    "pollIntervalMs": {"type": "integer", "minimum": 1},
    "statusMessage": TEXT,
}
TASK_PAYLOADS: dict[str, dict[str, Any]] = {
    "working": {},
    "input_required": {"inputRequests": {"type": "object", "minProperties": 1}},
    "completed": {"result": {"type": "object"}},
    "failed": {
        "error": {
            "type": "object",
            "properties": {"code": {"type": "integer"}, "message": TEXT},
            "required": ["code", "message"],
        }
    },
    "cancelled": {},
}
TASK_STATES: dict[str, dict[str, Any]] = {
    status: {
        "type": "object",
        "properties": {**TASK_FACTS, "status": {"const": status}, **payload},
        "required": ["taskId", "status", "createdAt", "lastUpdatedAt", "ttlMs", *payload],
        "additionalProperties": False,
    }
    for status, payload in TASK_PAYLOADS.items()
}
"""A task in each of its states, as SEP-2663 describes them; the official schemas do not."""


def check_message(message: Mapping[str, Any], *, era: str, method: str) -> None:
    """Assert that the schema of an era allows a message which answers a request of `method`.

    Without `MCP_SPEC_DIR`, the folder of the schemas, nothing is asserted.
    """
    if message.get("method") == "notifications/tasks":
        _check(message, "JSONRPCNotification", era)
        _check_task(message["params"], era)
    elif "method" in message:
        _check(message, "ServerNotification", era)
    elif "result" in message:
        _check(message, "JSONRPCResultResponse", era)
        if message["result"].get("resultType") == "task":
            assert method == "tools/call"
            jsonschema_rs.validate(TASK_STATES["working"], message["result"])
        elif message["result"].get("resultType") == "input_required":
            assert method == "tools/call"
            _check(message["result"], "InputRequiredResult", era)
        elif definition := RESULTS.get(method):
            _check(message["result"], definition, era)
            if method == "tasks/get":
                _check_task(message["result"], era)
    else:
        # JSON-RPC 2.0, section 5: null when the request's id could not be read. MCP's schema
        # knows an absent id for that case only.
        kept = {k: v for k, v in message.items() if k != "id" or v is not None}
        named = ERRORS if era == MODERN else {}
        _check(kept, named.get(message["error"]["code"], "JSONRPCErrorResponse"), era)


def _check_task(task: Mapping[str, Any], era: str) -> None:
    jsonschema_rs.validate(TASK_STATES[task["status"]], task)
    if "result" in task:
        _check(task["result"], "CallToolResult", era)
    if "inputRequests" in task:
        _check(task["inputRequests"], "InputRequests", era)


def _check(instance: Any, definition: str, era: str) -> None:
    folder = os.environ.get("MCP_SPEC_DIR")
    if folder:
        _validator(folder, era, definition).validate(instance)


@cache
def _validator(folder: str, era: str, definition: str) -> jsonschema_rs.Validator:
    schema = json.loads(Path(folder, f"mcp-{era}.schema.json").read_text())
    return jsonschema_rs.validator_for(
        {**schema, "$ref": f"#/$defs/{definition}"},
        validate_formats=True,
        formats={"byte": _is_base64},
    )


def _is_base64(text: str) -> bool:
    try:
        b64decode(text, validate=True)
    except ValueError:
        return False
    return True
