"""Group rows follow the code wherever their tables are; what operators decided stays."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor
from pytest_django import Settings

from django_mcp import tool
from django_mcp.models import ToolGroup, ToolSwitch
from django_mcp.policy.groups import sync_groups
from django_mcp.primitives.declaration import collecting
from django_mcp.primitives.registry import using_registry
from tests.calls import in_thread, offering
from tests.commands import RunCommand
from tests.databases import EVERY_MODEL, Route, second_database


def first() -> None:
    """Be the first tool."""


def second() -> None:
    """Be the second tool."""


def migrate(*arguments: str, database: str) -> None:
    call_command("migrate", *arguments, database=database, verbosity=0)


def rows(using: str = "default") -> dict[str, list[str]]:
    return {
        group.name: [switch.name for switch in group.switches.all()]
        for group in ToolGroup.objects.using(using).prefetch_related("switches")
    }


@pytest.fixture
def empty(db: None) -> None:
    """No rows, as before the first migration."""
    ToolGroup.objects.all().delete()


@pytest.fixture
def other(db: None) -> Iterator[str]:
    with second_database() as alias:
        yield alias


class TestRows:
    def test_every_group_and_tool_has_a_row_after_the_migration(self, db: None) -> None:
        found = rows()

        assert found["desk"] == ["greet", "opening_hours"]
        assert "add_product" in found["shop"]
        assert "expenses" in found

    def test_what_was_created_is_told(self, empty: None) -> None:
        with offering(first, second, group="g"):
            assert sync_groups() == ["g", "g/first", "g/second"]

    def test_a_second_sync_creates_nothing(self, empty: None) -> None:
        with offering(first, second, group="g"):
            sync_groups()
            assert sync_groups() == []

    def test_a_new_tool_joins_its_group(self, empty: None) -> None:
        with offering(first, group="g"):
            sync_groups()
        with offering(first, second, group="g"):
            assert sync_groups() == ["g/second"]

    def test_tools_that_cannot_be_served_get_no_rows(self, empty: None) -> None:
        with collecting(), using_registry(None):  # type: ignore[arg-type]
            tool(group="g")(first)
            tool(group="g", scopes=["two words"])(second)
            tool(lambda value: value)

            assert sync_groups() == ["g", "g/first"]

    def test_what_operators_decided_stays(self, empty: None) -> None:
        with offering(first, group="g"):
            sync_groups()
            ToolGroup.objects.update(title="Ours", enabled=False, read_only=True)
            ToolSwitch.objects.update(enabled=False)
        with offering(first, second, group="g"):
            sync_groups()

        group = ToolGroup.objects.get()
        assert (group.title, group.enabled, group.read_only) == ("Ours", False, True)
        assert dict(group.switches.values_list("name", "enabled")) == {
            "first": False,
            "second": True,
        }

    def test_rows_of_vanished_code_stay(self, empty: None) -> None:
        with offering(first, second, group="g"):
            sync_groups()
        with offering(first, group="h"):
            sync_groups()

        assert rows() == {"g": ["first", "second"], "h": ["first"]}

    @pytest.mark.parametrize("is_open", [True, False])
    def test_the_setting_says_how_new_groups_start(
        self, empty: None, settings: Settings, is_open: bool
    ) -> None:
        settings.DJANGO_MCP_ENABLE_NEW_GROUPS = is_open

        with offering(first):
            sync_groups()

        assert ToolGroup.objects.get().enabled is is_open

    def test_new_groups_start_closed_where_nothing_is_set(
        self, empty: None, settings: Settings
    ) -> None:
        del settings.DJANGO_MCP_ENABLE_NEW_GROUPS

        with offering(first):
            sync_groups()

        assert not ToolGroup.objects.get().enabled


@pytest.mark.parametrize("table", ["django_mcp_toolgroup", "django_mcp_toolswitch"])
def test_two_deployments_may_sync_at_once(transactional_db: None, table: str) -> None:
    """One is overtaken by the other between its look and its insert."""
    ToolGroup.objects.all().delete()
    overtaken: list[bool] = []
    source = f"FROM {connection.ops.quote_name(table)}"

    def overtake(execute: Any, sql: str, *args: Any) -> Any:
        result = execute(sql, *args)
        if not overtaken and sql.startswith("SELECT") and source in sql:
            overtaken.append(True)
            in_thread(sync_groups)
        return result

    with offering(first, second, group="g"), connection.execute_wrapper(overtake):
        sync_groups()

    assert overtaken
    assert rows() == {"g": ["first", "second"]}


class TestDatabases:
    def test_a_flush_leaves_the_rows_as_a_migration_does(self, other: str) -> None:
        migrate("django_mcp", database=other)
        migrated = rows(other)
        ToolGroup.objects.using(other).update(title="flushed")

        call_command("flush", database=other, interactive=False, verbosity=0)

        assert "shop" in migrated
        assert rows(other) == migrated
        assert not ToolGroup.objects.using(other).filter(title="flushed").exists()

    def test_rows_are_made_in_the_database_that_is_migrated(self, other: str) -> None:
        ToolGroup.objects.all().delete()

        migrate("django_mcp", database=other)

        assert "shop" in rows(other)
        assert rows() == {}

    def test_a_database_that_has_no_tables_of_ours_gets_no_rows(
        self, other: str, settings: Settings
    ) -> None:
        settings.DATABASE_ROUTERS = [Route("default", *EVERY_MODEL)]

        migrate("django_mcp", database=other)

        with connections[other].cursor() as cursor:
            tables = connections[other].introspection.table_names(cursor)
        assert "auth_user" in tables
        assert "shop" in rows()

    def test_rows_live_where_the_router_puts_them(self, other: str, settings: Settings) -> None:
        settings.DATABASE_ROUTERS = [Route(other, *EVERY_MODEL)]

        migrate("django_mcp", database=other)

        assert ToolGroup.objects.filter(name="shop").exists()

    def test_where_the_record_alone_is_kept_there_are_no_rows_of_groups(
        self, other: str, settings: Settings
    ) -> None:
        settings.DATABASE_ROUTERS = [
            Route(other, "CallRecord"),
            Route("default", *EVERY_MODEL),
        ]

        migrate("django_mcp", database=other)

        with connections[other].cursor() as cursor:
            tables = connections[other].introspection.table_names(cursor)
        assert [name for name in tables if name.startswith("django_mcp")] == [
            "django_mcp_callrecord"
        ]

    def test_a_migration_of_another_app_alone_makes_no_rows(self, other: str) -> None:
        migrate("auth", database=other)

        migrate("django_mcp", database=other)

        assert "shop" in rows(other)

    def test_migrating_backwards_and_forwards_again_works(self, other: str) -> None:
        migrate("django_mcp", database=other)

        migrate("django_mcp", "zero", database=other)
        with connections[other].cursor() as cursor:
            tables = connections[other].introspection.table_names(cursor)
        migrate("django_mcp", database=other)

        assert not [name for name in tables if name.startswith("django_mcp")]
        assert "shop" in rows(other)

    def test_tables_made_without_migrations_get_their_rows(
        self, other: str, settings: Settings
    ) -> None:
        """As in projects that switch migrations off for their tests."""
        settings.MIGRATION_MODULES = {config.label: None for config in apps.get_app_configs()}

        call_command("migrate", database=other, run_syncdb=True, verbosity=0)

        assert "shop" in rows(other)

    def test_historical_models_do(self, other: str) -> None:
        migrate("django_mcp", database=other)
        ToolGroup.objects.using(other).all().delete()
        state = MigrationExecutor(connections[other]).loader.project_state(
            ("django_mcp", "0001_initial")
        )

        created = sync_groups(apps=state.apps, using=other)

        assert "shop" in created
        assert "shop" in rows(other)


class TestCommand:
    def test_it_tells_what_it_created(self, empty: None, run_command: RunCommand) -> None:
        with offering(first, group="g"):
            told = run_command("mcp_catalog", "sync")

        assert told.lines == ["created g", "created g/first", "2 rows created"]

    def test_it_writes_where_the_router_puts_the_rows(
        self, other: str, settings: Settings, run_command: RunCommand
    ) -> None:
        migrate("django_mcp", database=other)
        ToolGroup.objects.using(other).all().delete()
        settings.DATABASE_ROUTERS = [Route(other, *EVERY_MODEL)]

        assert run_command("mcp_catalog", "sync").exit_code == 0

        assert "shop" in rows(other)
