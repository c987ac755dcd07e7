"""`DJANGO_MCP_USER_LABEL`: the path leads to a function."""

import pytest
from pytest_django import Settings

from tests.checks.messages import found, hints

# Django's own checks of the models ask SQLite once whether it has JSON.
pytestmark = pytest.mark.django_db

NAME = "DJANGO_MCP_USER_LABEL"
LABELS = "tests.test_user_labels"


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        (f"{LABELS}.first_name", None),
        ("", "names '', which cannot be imported: "),
        ("nowhere.label", "names 'nowhere.label', which cannot be imported: "),
        (
            "tests.test_user_labels.KEY",
            "names 'tests.test_user_labels.KEY', which cannot be called.",
        ),
        ("tests.test_user_labels.later", "names 'tests.test_user_labels.later', which is async."),
    ],
)
def test_path_leads_to_a_sync_function(settings: Settings, path: str, problem: str | None) -> None:
    settings.DJANGO_MCP_USER_LABEL = path

    messages = found().get("E019", [])

    assert len(messages) == (problem is not None)
    assert all(message.startswith(f"{NAME} {problem}") for message in messages)
    assert all(
        hint.startswith(f'Set {NAME} = "django_mcp.user_labels.')
        for hint in hints().get("E019", [])
    )


def test_what_is_no_path_is_told_once(settings: Settings) -> None:
    settings.DJANGO_MCP_USER_LABEL = None

    messages = found()
    assert messages["E003"] == [f"{NAME} must be a str."]
    assert "E019" not in messages
