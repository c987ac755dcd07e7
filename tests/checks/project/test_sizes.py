"""Limits of sizes that cannot hold, by themselves or beside others."""

import pytest
from pytest_django import Settings

from tests.checks.messages import found, hints

# Django's own checks of the models ask SQLite once whether it has JSON.
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("depth", "is_told"), [(150, False), (151, True), ("deep", False)])
def test_arguments_cannot_be_deeper_than_python_reads(
    settings: Settings, depth: object, is_told: bool
) -> None:
    settings.DJANGO_MCP_MAX_ARGUMENT_DEPTH = depth

    messages = found().get("E028", [])

    assert len(messages) == is_told
    assert all("can be read to a depth of 150" in each for each in messages)
    assert (
        hints().get("E028", []) == ["Set DJANGO_MCP_MAX_ARGUMENT_DEPTH = 150, or less."] * is_told
    )


@pytest.mark.parametrize(("size", "is_told"), [(500, False), (501, True)])
@pytest.mark.parametrize(
    ("part", "whole"),
    [
        ("MAX_ARGUMENT_BYTES", "MAX_REQUEST_BYTES"),
        ("MAX_RESULT_BYTES", "MAX_STORED_RESULT_BYTES"),
        ("MAX_ROWS", "MAX_STORED_ROWS"),
        ("MAX_STORED_RESULT_BYTES", "MAX_STORED_BYTES_PER_CALLER"),
    ],
)
def test_limit_beyond_another_is_warned_of(
    settings: Settings, part: str, whole: str, size: int, is_told: bool
) -> None:
    for name in ("MAX_ARGUMENT_BYTES", "MAX_RESULT_BYTES", "MAX_ROWS", "MAX_STORED_RESULT_BYTES"):
        setattr(settings, f"DJANGO_MCP_{name}", 500)
    setattr(settings, f"DJANGO_MCP_{whole}", 500)
    setattr(settings, f"DJANGO_MCP_{part}", size)

    messages = found().get("W049", [])

    told = f"DJANGO_MCP_{part} is more than DJANGO_MCP_{whole}, which comes first."
    hint = f"Set DJANGO_MCP_{whole} = 501, or DJANGO_MCP_{part} = 500."
    assert (told in messages) is is_told
    assert (hint in hints().get("W049", [])) is is_told
