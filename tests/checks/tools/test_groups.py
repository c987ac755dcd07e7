"""Tool groups that nobody has opened: when that is told, and when it is not."""

from collections.abc import Iterator

import pytest
from django.db import connections
from pytest_django import DjangoAssertNumQueries, Settings

from django_mcp import tool
from django_mcp.models import ToolGroup
from django_mcp.primitives.declaration import collecting
from tests.calls import serving_declared
from tests.checks.messages import found, hints
from tests.databases import Route, second_database

# Django's own checks of the models ask SQLite once whether it has JSON.
pytestmark = pytest.mark.django_db


def act() -> None:
    """Act."""


@pytest.fixture(autouse=True)
def _closed(settings: Settings) -> Iterator[None]:
    settings.DJANGO_MCP_ENABLE_NEW_GROUPS = False
    with collecting() as declared:
        tool(group="notes")(act)
        tool(group="minutes", name="act_too")(act)
        with serving_declared(declared):
            yield


def test_w032_tells_that_every_group_is_closed() -> None:
    ToolGroup.objects.update_or_create(name="notes", defaults={"enabled": False})
    ToolGroup.objects.update_or_create(name="elsewhere", defaults={"enabled": True})

    assert set(found(databases=["default"])) == {"W032"}
    (hint,) = hints(databases=["default"])["W032"]
    assert hint.endswith("run python manage.py mcp_catalog enable minutes notes")


def test_w032_is_silent_once_a_group_is_open() -> None:
    ToolGroup.objects.update_or_create(name="minutes", defaults={"enabled": True})

    assert found(databases=["default"]) == {}


def test_w032_is_silent_where_new_groups_are_open(settings: Settings) -> None:
    settings.DJANGO_MCP_ENABLE_NEW_GROUPS = True

    assert found(databases=["default"]) == {}


@pytest.mark.implementation
def test_groups_are_not_read_unless_databases_are_checked(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    found()  # Django's own checks ask SQLite once
    with django_assert_num_queries(0):
        assert found() == {}


def test_no_group_is_closed_before_there_is_a_table(settings: Settings) -> None:
    with second_database() as other:
        settings.DATABASE_ROUTERS = [Route(other, "ToolGroup")]
        connections[other].settings_dict["OPTIONS"] = {"transaction_mode": "IMMEDIATE"}

        assert found(databases=[other]) == {}
