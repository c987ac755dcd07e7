"""Export budgets that limit nothing."""

import pytest
from pytest_django import Settings

from tests.checks.messages import found, hints

# Django's own checks of the models ask SQLite once whether it has JSON.
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("unit", ["ROWS", "BYTES"])
@pytest.mark.parametrize(
    ("hour", "day", "is_told"), [(11, 10, True), (10, 10, False), (11, None, False)]
)
def test_w048_names_a_budget_of_an_hour_that_limits_nothing(
    settings: Settings, unit: str, hour: int, day: int | None, is_told: bool
) -> None:
    setattr(settings, f"DJANGO_MCP_EXPORT_{unit}_PER_HOUR", hour)
    setattr(settings, f"DJANGO_MCP_EXPORT_{unit}_PER_DAY", day)

    message = (
        f"DJANGO_MCP_EXPORT_{unit}_PER_HOUR (11) is more than DJANGO_MCP_EXPORT_{unit}_PER_DAY "
        "(10), so that it limits nothing."
    )
    hint = f"Set DJANGO_MCP_EXPORT_{unit}_PER_HOUR to less than 10, or leave it out."
    assert found() == ({"W048": [message]} if is_told else {})
    assert hints() == ({"W048": [hint]} if is_told else {})


@pytest.mark.parametrize("value", ["many", -1, True])
def test_wrong_budget_is_told_once(settings: Settings, value: object) -> None:
    settings.DJANGO_MCP_EXPORT_ROWS_PER_HOUR = value
    settings.DJANGO_MCP_EXPORT_ROWS_PER_DAY = 10

    assert list(found()) == ["E003"]
