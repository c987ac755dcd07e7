"""What `prepare` may name, and what is reported of anything else."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from typing_extensions import TypedDict

from django_mcp import ToolContext, tool
from django_mcp.exceptions import ToolRegistrationError
from django_mcp.primitives.declaration import collecting
from django_mcp.primitives.registry import build
from django_mcp.tools.tool import Tool
from tests.tools.single_tools import unlocated


class Reason(TypedDict):
    reason: str


class Unknown(TypedDict):
    colour: str


def delete(name: str, reason: str = "", *, user: User | None = None) -> str:
    """Delete something."""
    return f"{name} {reason}"


def nothing() -> None: ...
def some(user: User | None, context: ToolContext, name: str) -> Reason: ...  # type: ignore[empty-body]
async def later(name: str) -> Reason: ...  # type: ignore[empty-body]
def of_user(user: User) -> Reason: ...  # type: ignore[empty-body]
def of_something_else(size: int) -> Reason: ...  # type: ignore[empty-body]
def of_its_own(reason: str) -> Reason: ...  # type: ignore[empty-body]
def unknown() -> Unknown: ...  # type: ignore[empty-body]
def bare(name) -> Reason: ...  # type: ignore[no-untyped-def, empty-body]  # noqa: ANN001


def problems(prepare: Any, **options: Any) -> list[str]:
    with collecting() as declared:
        tool(background=options.pop("background", True), prepare=prepare)(delete)
    with pytest.raises(ToolRegistrationError) as caught:
        build(declared)
    return [unlocated(each).removeprefix(f"{__name__}.") for each in caught.value.problems]


@pytest.mark.parametrize("prepare", [nothing, some, later])
def test_preparation_takes_and_gives_what_the_tool_knows(prepare: Callable[..., Any]) -> None:
    with collecting() as declared:
        tool(background=True, prepare=prepare)(delete)
    resolved = build(declared).of(Tool)["delete"]

    shown = ["name", "reason"] if prepare is nothing else ["name"]
    assert list(resolved.input_schema["properties"]) == shown
    assert list(resolved.argument_schema["properties"]) == ["name", "reason"]


@pytest.mark.parametrize(
    ("prepare", "problem"),
    [
        ("delete", "prepare must be a function"),
        (of_user, "prepare requires a user, and the tool does not"),
        (of_something_else, "prepare takes what clients do not send: size"),
        (of_its_own, "prepare takes what clients do not send: reason"),
        (unknown, "prepare returns no parameters of the tool: colour"),
        (bare, "prepare: parameter 'name' has no annotation"),
    ],
)
def test_preparation_that_does_not_fit_is_reported(prepare: Any, problem: str) -> None:
    assert problems(prepare) == [f"delete: {problem}"]


def test_tool_that_runs_in_its_request_has_none() -> None:
    (problem,) = problems(nothing, background=False)

    assert problem == "delete: prepare is an option of tools with background=True"
