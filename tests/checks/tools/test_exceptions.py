"""`DJANGO_MCP_EXCEPTIONS`: every path leads to something."""

import pytest
from pytest_django import Settings

from tests.checks.messages import found

# Django's own checks of the models ask SQLite once whether it has JSON.
pytestmark = pytest.mark.django_db

NAME = "DJANGO_MCP_EXCEPTIONS"
ERROR = "tests.shop.services.DeliveryError"
WORDS = "tests.tools.test_known_exceptions.words_of"


@pytest.mark.parametrize(
    ("table", "messages"),
    [
        ({}, []),
        ({ERROR: WORDS}, []),
        ({ERROR: None, "django.core.exceptions.PermissionDenied": WORDS}, []),
        (
            {"tests.shop.services.NoError": None},
            [
                (
                    f"{NAME} names tests.shop.services.NoError, which cannot be imported: "
                    'Module "tests.shop.services" does not define a "NoError" attribute/class.'
                )
            ],
        ),
        ({WORDS: WORDS}, [f"{NAME} names {WORDS}, which is no exception class."]),
        (
            {"builtins.SystemExit": None},
            [f"{NAME} names builtins.SystemExit, which is no exception class."],
        ),
        (
            {"django_mcp.ToolError": None},
            [
                (
                    f"{NAME} names django_mcp.ToolError, an exception of django_mcp, which reaches "
                    "clients unchanged."
                )
            ],
        ),
        (
            {ERROR: "nowhere.words"},
            [f"{NAME} names nowhere.words, which cannot be imported: No module named 'nowhere'."],
        ),
        (
            {ERROR: "tests.shop.services.PRODUCT_FIELDS"},
            [f"{NAME} names tests.shop.services.PRODUCT_FIELDS, which cannot be called."],
        ),
    ],
)
def test_every_path_is_imported(
    settings: Settings, table: dict[str, str | None], messages: list[str]
) -> None:
    settings.DJANGO_MCP_EXCEPTIONS = table

    assert found().get("E015", []) == messages


def test_what_is_no_table_is_told_once(settings: Settings) -> None:
    settings.DJANGO_MCP_EXCEPTIONS = [ERROR]

    messages = found()
    assert messages["E003"] == [f"{NAME} must be a dict of strings to strings or None."]
    assert "E015" not in messages
