"""Check of the declared tools."""

import pytest
from django.db import connections

from django_mcp import prompt, resource, tool
from django_mcp.primitives.declaration import collecting
from tests.checks.messages import found, fresh_registry

# Django's own checks of the models ask SQLite once whether it has JSON.
pytestmark = pytest.mark.django_db


class TestTools:
    def test_e002_tells_every_bad_declaration(self) -> None:
        with collecting(), fresh_registry():

            @tool
            def undescribed() -> None: ...

            @tool(scopes=["two words"])
            def misscoped() -> None:
                """Be described."""

            @resource("no scheme")
            def unaddressed() -> str:
                """Be described."""
                return ""

            @prompt
            def unannotated(month) -> str:  # type: ignore[no-untyped-def]  # noqa: ANN001
                """Be described."""
                return ""

            messages = found()

        assert set(messages) == {"E002"}
        assert len(messages["E002"]) == 4
        assert ["unaddressed" in text for text in messages["E002"]].count(True) == 1
        assert ["unannotated" in text for text in messages["E002"]].count(True) == 1
        assert ["undescribed" in text for text in messages["E002"]].count(True) == 1
        assert ["misscoped" in text for text in messages["E002"]].count(True) == 1

    def test_bad_tools_stop_neither_other_messages_nor_other_checks(self) -> None:
        with collecting(), fresh_registry():

            @tool
            def undescribed(г: int) -> None: ...

            assert set(found(databases=list(connections))) == {"E002"}
