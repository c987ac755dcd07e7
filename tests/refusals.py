"""Errors of JSON-RPC that end calls, as clients receive them."""

from typing import Any


def facts(kind: str, error: str, *, hint: str = "") -> dict[str, Any]:
    """The `data` of an error, or a part of it: the kind of the refusal and its words."""
    return {
        "django-mcp/error": {
            "kind": kind,
            "error": error,
            "retryable": False,
            "hint": hint,
            "retry_after": None,
        }
    }


def unknown_tool(name: str) -> dict[str, Any]:
    """The error for a tool that is missing or hidden."""
    message = f"Unknown tool: {name[:64]}"
    return {"code": -32602, "message": message, "data": facts("unknown_tool", message)}
