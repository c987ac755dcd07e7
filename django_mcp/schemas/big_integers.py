"""`BigInt`: an integer type that is a string in JSON, as JavaScript would round the number."""

from collections.abc import Callable
from typing import Annotated, Any

MAX_DIGITS = 1000

TEXT = {"type": "string", "pattern": "^-?[0-9]+$", "maxLength": MAX_DIGITS + 1}


# Duck-typed hooks of pydantic's, so that this module need not import pydantic.
class _AsString:
    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: Callable[[Any], dict[str, Any]]
    ) -> dict[str, Any]:
        return {
            "type": "function-before",
            "function": {"type": "no-info", "function": _number},
            "schema": {**handler(source), "strict": True},
            "serialization": {"type": "to-string"},
        }

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any) -> dict[str, Any]:
        is_result = getattr(handler, "mode", None) == "serialization"
        return dict(TEXT) if is_result else {"anyOf": [{"type": "integer"}, dict(TEXT)]}


BigInt = Annotated[int, _AsString]
"""An `int` of any size. Clients send a number or a string of digits, and receive a string."""


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.removeprefix("-").isascii() else value
