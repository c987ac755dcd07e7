"""Limits of sizes that cannot hold, by themselves or beside others."""

import pytest
from pytest_django import Settings

from tests.checks.messages import found

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


@pytest.mark.parametrize(("size", "is_told"), [(500, False), (501, True)])
def test_arguments_larger_than_a_request_are_warned_of(
    settings: Settings, size: int, is_told: bool
) -> None:
    settings.DJANGO_MCP_MAX_REQUEST_BYTES = 500
    settings.DJANGO_MCP_MAX_ARGUMENT_BYTES = size

    messages = found().get("W052", [])

    assert len(messages) == is_told
    assert all("is more than DJANGO_MCP_MAX_REQUEST_BYTES" in each for each in messages)
