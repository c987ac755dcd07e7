"""What a tool raises, and what its client is told."""

from collections.abc import Callable
from typing import Annotated, Any

import pytest
from django.contrib.auth.models import Group
from django.core.validators import validate_slug
from django.db import IntegrityError
from django.utils.translation import gettext_lazy
from pydantic import AfterValidator, BaseModel

from django_mcp import ArgumentError, ToolError
from django_mcp.models import CallRecord
from django_mcp.testing import MCPClient, ToolResult
from tests.calls import offering

pytestmark = pytest.mark.django_db

SECRET = "hunter2-s3cret"


def raising(error: BaseException, *, is_async: bool) -> Callable[[], Any]:
    def act() -> None:
        """Act."""
        Group.objects.create(name="half done")
        raise error

    async def aact() -> None:
        """Act."""
        raise error

    function: Callable[[], Any] = aact if is_async else act
    function.__name__ = "act"
    return function


def outcome(error: BaseException, *, is_async: bool) -> ToolResult:
    with offering(raising(error, is_async=is_async)):
        return MCPClient().call("act")


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize(
    ("error", "text", "data"),
    [
        (
            ToolError(gettext_lazy("No such category."), hint=gettext_lazy("Look again.")),
            "No such category.\nLook again.",
            (False, "Look again.", None),
        ),
        (
            ToolError("No \ud800 category.", hint="\udfff", retry_after=float("nan")),
            "No ? category.\n?",
            (False, "?", None),
        ),
        (ToolError("No such category."), "No such category.", (False, "", None)),
        (
            ToolError("No such category.", hint="Call list_categories."),
            "No such category.\nCall list_categories.",
            (False, "Call list_categories.", None),
        ),
        (
            ToolError("The bank is closed.", retryable=True),
            "The bank is closed.\nYou may try again.",
            (True, "", None),
        ),
        (
            ToolError("The bank is closed.", retryable=True, hint="Be early.", retry_after=90),
            "The bank is closed.\nBe early.\nWait 90 seconds before you try again.",
            (True, "Be early.", 90),
        ),
    ],
)
def test_tool_error_is_told_in_words_and_in_data(
    error: ToolError, text: str, data: tuple[bool, str, float | None], is_async: bool
) -> None:
    result = outcome(error, is_async=is_async)

    retryable, hint, retry_after = data
    assert result.is_error
    assert len(result.content) == 1
    assert result.text == text
    assert result.structured is None
    assert result.error == {
        "kind": "tool_error",
        "error": error.message,
        "retryable": retryable,
        "hint": hint,
        "retry_after": retry_after,
    }


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize(
    "error",
    [ValueError(SECRET), KeyError(SECRET), SystemExit(SECRET), IntegrityError(SECRET)],
    ids=lambda error: type(error).__name__,
)
def test_any_other_exception_tells_the_call_id_alone(
    error: BaseException, is_async: bool, caplog: pytest.LogCaptureFixture
) -> None:
    result = outcome(error, is_async=is_async)

    assert result.is_error
    assert result.text == (
        f"The call failed. The operators can find the cause under {result.call_id}."
    )
    assert result.error["error"] == result.text
    (record,) = [r for r in caplog.records if r.name == "django_mcp.calls"]
    assert str(result.call_id) in record.getMessage()
    assert record.exc_info is not None
    assert record.exc_info[1] is error


@pytest.mark.parametrize("error", [ToolError("No."), ValueError(SECRET)])
def test_what_a_failed_tool_wrote_is_rolled_back(error: Exception) -> None:
    outcome(error, is_async=False)

    assert not Group.objects.filter(name="half done").exists()


def test_tool_error_is_an_ordinary_exception_for_python_callers() -> None:
    with pytest.raises(ToolError, match=r"No such category\."):
        raising(ToolError("No such category."), is_async=False)()


@pytest.mark.parametrize(
    "error", [KeyError(SECRET), TypeError(SECRET), ZeroDivisionError(), RecursionError(SECRET)]
)
def test_validator_that_fails_in_its_own_way_names_the_argument_and_is_logged(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def look_up(value: str) -> str:
        raise error

    def act(count: int, name: Annotated[str, AfterValidator(look_up)]) -> str:
        """Act."""
        return name

    with offering(act):
        result = MCPClient().call("act", count=1, name="unknown")

    assert result.error["hint"] == "- name: cannot be checked: a rule for it fails"
    assert CallRecord.objects.get().outcome == CallRecord.Outcome.INVALID_ARGUMENTS
    (logged,) = [each for each in caplog.records if each.name == "django_mcp.primitives.primitive"]
    assert str(result.call_id) in logged.getMessage()
    assert logged.exc_info is not None
    assert logged.exc_info[1] is error


def test_words_of_a_validator_are_told_where_they_are_meant_for_the_agent() -> None:
    def refuse(value: str) -> str:
        raise ArgumentError("must be a working day")

    class Trip(BaseModel):
        day: Annotated[str, AfterValidator(refuse)]
        slug: Annotated[str, AfterValidator(lambda value: validate_slug(value) or value)] = "a"

    def act(count: int, trip: Trip, email: str = "") -> None:
        """Act."""

    with offering(act):
        told = MCPClient().call("act", count="x", trip={"day": "Sunday"}).error["hint"]
        rules = MCPClient().call("act", count=1, trip={"day": "Sunday"}).error["hint"]
        django = MCPClient().call("act", count=1, trip={"day": "x", "slug": "no slug"})

    assert told == "- count: must be an integer"
    assert rules == "- trip.day: must be a working day"
    assert django.error["hint"].startswith("- trip: Enter a valid “slug”")
