"""`DJANGO_MCP_GUARDS`: the paths lead to guards."""

import pytest
from pytest_django import Settings

from django_mcp.guards import Call, Guard, Rendered
from tests.checks.messages import found, hints

# Django's own checks of the models ask SQLite once whether it has JSON.
pytestmark = pytest.mark.django_db

HERE = "tests.checks.project.test_guards"
NAME = "DJANGO_MCP_GUARDS"


class Fine(Guard):
    async def abefore(self, call: Call) -> Rendered | None:
        return None


class Twofold(Fine):
    def before(self, call: Call) -> Rendered | None:
        return None


class Wanting(Guard):
    def __init__(self, limit: int) -> None:
        self.limit = limit


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("Fine", None),
        ("Gone", "cannot be imported: "),
        ("HERE", "is no subclass of Guard."),
        ("Twofold", "defines both before and abefore."),
        ("Wanting", "cannot be made without arguments: "),
    ],
)
def test_each_path_leads_to_a_guard(settings: Settings, name: str, problem: str | None) -> None:
    settings.DJANGO_MCP_GUARDS = [f"{HERE}.Fine", f"{HERE}.{name}"]

    messages = found().get("E020", [])

    if problem is None:
        assert messages == []
    else:
        (message,) = messages
        assert message.startswith(f"{NAME} names '{HERE}.{name}', which {problem}")
        (hint,) = hints()["E020"]
        assert hint.endswith(f': {NAME} = ["shop.guards.OfficeHours"], for example.')


@pytest.mark.parametrize("value", ["a.lone.Path", 5, [5]])
def test_what_is_no_list_is_told_once(settings: Settings, value: object) -> None:
    settings.DJANGO_MCP_GUARDS = value

    messages = found()

    assert [each for each in messages["E003"] if each.startswith(NAME)]
    assert "E020" not in messages
