"""`DJANGO_MCP_DRF_REQUEST`: the path leads to a function, if there is one."""

import pytest
from pytest_django import Settings

from tests.checks.messages import found

# Django's own checks of the models ask SQLite once whether it has JSON.
pytestmark = pytest.mark.django_db

NAME = "DJANGO_MCP_DRF_REQUEST"


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("tests.test_user_labels.first_name", None),
        ("", None),
        ("nowhere.tenant", "names 'nowhere.tenant', which cannot be imported: "),
        (
            "tests.test_user_labels.KEY",
            "names 'tests.test_user_labels.KEY', which cannot be called.",
        ),
        ("tests.test_user_labels.later", "names 'tests.test_user_labels.later', which is async."),
    ],
)
def test_path_leads_to_a_sync_function(settings: Settings, path: str, problem: str | None) -> None:
    settings.DJANGO_MCP_DRF_REQUEST = path

    messages = found().get("E029", [])

    assert len(messages) == (problem is not None)
    assert all(message.startswith(f"{NAME} {problem}") for message in messages)


def test_what_is_no_path_is_told_once(settings: Settings) -> None:
    settings.DJANGO_MCP_DRF_REQUEST = None

    messages = found()
    assert messages["E003"] == [f"{NAME} must be a str."]
    assert "E029" not in messages
