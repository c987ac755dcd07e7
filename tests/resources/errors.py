"""What clients of each era are answered of a resource that is not theirs."""

from typing import Any

from tests.spec import MODERN


def not_found(era: str, uri: str) -> dict[str, Any]:
    """The error for a resource that is missing, to whoever may not know that there is one."""
    return {
        "code": -32602 if era == MODERN else -32002,
        "message": "Resource not found",
        "data": {
            "uri": uri,
            "django-mcp/error": {
                "kind": "not_found",
                "error": "Resource not found",
                "retryable": False,
                "hint": "",
                "retry_after": None,
            },
        },
    }
