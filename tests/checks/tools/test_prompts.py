"""Prompts of operators that are not served."""

from collections.abc import Iterator

import pytest
from django.db import connections
from pytest_django import DjangoAssertNumQueries, Settings

from django_mcp import prompt, tool
from django_mcp.models import PromptTemplate, ToolGroup
from django_mcp.primitives.declaration import collecting
from tests.calls import serving_declared
from tests.checks.messages import found, hints
from tests.databases import Route, second_database

# Django's own checks of the models ask SQLite once whether it has JSON.
pytestmark = pytest.mark.django_db


def greet() -> str:
    """Greet."""
    return "Hello"


@pytest.fixture(autouse=True)
def _served(settings: Settings) -> Iterator[None]:
    settings.DJANGO_MCP_ENABLE_NEW_GROUPS = True
    with collecting() as declared:
        prompt(greet)
        tool(name="count", read_only=True)(greet)
        with serving_declared(declared):
            yield


def write(*names: str) -> None:
    group = ToolGroup.objects.create(name="notes", enabled=True)
    for name in names:
        PromptTemplate.objects.create(name=name, description="One.", group=group, text="x")


def test_w044_names_the_row_and_the_function() -> None:
    write("Greet", "count", "other")

    (message,) = found(databases=["default"])["W044"]
    assert message.startswith("The prompt 'Greet' of the admin is not served: tests.checks.")
    assert message.endswith(" has its name")
    assert hints(databases=["default"])["W044"] == [
        "Correct it in the admin, under “Prompts”, or disable it there."
    ]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"description": ""}, "it has no description"),
        ({"text": "\n{{ month }}"}, "Line 2: “month” is no argument of this prompt."),
        ({"name": "OTHER"}, "another prompt has its name, but for upper and lower case"),
    ],
)
def test_w044_tells_why_a_row_that_code_has_written_is_not_served(
    changes: dict[str, str], reason: str
) -> None:
    write("other", "review")
    PromptTemplate.objects.filter(name="review").update(**changes)

    (message,) = found(databases=["default"])["W044"]
    assert message.endswith(f" of the admin is not served: {reason}")


def test_w044_is_silent_about_prompts_that_are_served_or_disabled() -> None:
    write("count", "other", "Greet")
    PromptTemplate.objects.filter(name="Greet").update(enabled=False)

    assert found(databases=["default"]) == {}


@pytest.mark.implementation
def test_prompts_are_not_read_unless_databases_are_checked(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    write("greet")
    found()  # Django's own checks ask SQLite once
    with django_assert_num_queries(0):
        assert found() == {}


def test_no_prompt_is_looked_for_before_there_is_a_table(settings: Settings) -> None:
    with second_database() as other:
        settings.DATABASE_ROUTERS = [Route(other, "PromptTemplate")]
        connections[other].settings_dict["OPTIONS"] = {"transaction_mode": "IMMEDIATE"}

        assert found(databases=[other]) == {}
