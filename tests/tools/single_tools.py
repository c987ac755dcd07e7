"""Tools with one parameter or one result, made for one test and called as clients call them."""

import re
from collections.abc import Callable
from typing import Any

from django_mcp import tool
from django_mcp.primitives.declaration import collecting
from django_mcp.primitives.registry import build
from django_mcp.testing import MCPClient, ToolResult
from django_mcp.tools.tool import Tool
from tests.calls import offering


def resolved(function: Callable[..., Any], **options: Any) -> Tool:
    """The tool that this function is, tagged with these options."""
    with collecting() as declared:
        tool(**options)(function)
    return next(iter(build(declared).of(Tool).values()))


def unlocated(problem: str) -> str:
    """A reported problem without the file and line of the tool."""
    return re.sub(r" \([^()\s]+\.py:\d+\)", "", problem)


def taking(annotation: Any, taken: list[Any] | None = None) -> Callable[..., None]:
    """A function whose parameter `value` has this annotation; what it is given goes to `taken`."""

    def take(value: Any) -> None:
        """Take a value."""
        if taken is not None:
            taken.append(value)

    take.__annotations__ = {"value": annotation, "return": None}
    return take


def send(annotation: Any, value: Any) -> Any:
    """What a tool receives when a client sends `value` for a parameter of this annotation."""
    taken: list[Any] = []
    with offering(taking(annotation, taken), read_only=True):
        result = MCPClient().call("take", value=value)
    assert not result.is_error, result.text
    return taken[0]


def refusals(annotation: Any, value: Any) -> list[str]:
    """What a client is told of a `value` that does not fit, as `path: reason`."""
    taken: list[Any] = []
    with offering(taking(annotation, taken), read_only=True):
        result = MCPClient().call("take", value=value)
    assert result.is_error
    assert not taken
    assert result.text == f"The arguments are invalid.\n{result.error['hint']}"
    return [line.removeprefix("- ") for line in result.error["hint"].splitlines()]


def returning(annotation: Any, value: Any, *, is_async: bool = False) -> Callable[..., Any]:
    """A function called `give` that returns `value`, or what `value()` makes."""

    def give() -> Any:
        """Give a value."""
        return value() if callable(value) else value

    async def agive() -> Any:
        """Give a value."""
        return value() if callable(value) else value

    function: Callable[..., Any] = agive if is_async else give
    function.__name__ = "give"
    function.__annotations__ = {} if annotation is ... else {"return": annotation}
    return function


def receive(annotation: Any, value: Any, *, is_async: bool = False, **options: Any) -> ToolResult:
    """What a client receives from a tool that returns `value`; `...` is no annotation at all."""
    function = returning(annotation, value, is_async=is_async)
    with offering(function, read_only=True, **options):
        return MCPClient().call("give")
