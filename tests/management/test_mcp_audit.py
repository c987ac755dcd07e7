"""`manage.py mcp_audit`."""

import datetime
from functools import partial

import pytest
from django.utils import timezone

from django_mcp.models import CallRecord
from tests.commands import RunCommand

Outcome = CallRecord.Outcome


@pytest.fixture
def run(run_command: RunCommand) -> RunCommand:
    return partial(run_command, "mcp_audit")


def record(outcome: str, **ago: float) -> None:
    CallRecord.objects.create(
        name="tool", outcome=outcome, started=timezone.now() - datetime.timedelta(**ago)
    )


def test_a_sweep_marks_what_has_run_for_an_hour(db: None, run: RunCommand) -> None:
    record(Outcome.RUNNING, minutes=61)
    record(Outcome.RUNNING, minutes=59)

    assert run("sweep").text == "1 call marked unknown"


def test_a_sweep_can_be_told_how_long(db: None, run: RunCommand) -> None:
    record(Outcome.RUNNING, minutes=10)

    assert run("sweep", "--older-than", "15m").text == "0 calls marked unknown"
    assert run("sweep", "--older-than", "5m").text == "1 call marked unknown"


@pytest.mark.parametrize(
    ("age", "deleted"),
    [
        ("604800s", "1 record"),
        ("10080m", "1 record"),
        ("168h", "1 record"),
        ("7d", "1 record"),
        ("1w", "1 record"),
        ("9d", "0 records"),
    ],
)
def test_ages_have_units(db: None, age: str, deleted: str, run: RunCommand) -> None:
    record(Outcome.OK, days=8)

    assert run("prune", "--older-than", age).text == f"{deleted} deleted"


@pytest.mark.parametrize(
    "age",
    ["", "90", "d", "-1d", "1.5d", "90 d", "90days", "1d2h", "9999999d", "999999w", "\u0669d"],
)
@pytest.mark.parametrize("action", ["sweep", "prune"])
def test_a_bad_age_is_told_and_touches_nothing(
    db: None, action: str, age: str, run: RunCommand
) -> None:
    record(Outcome.RUNNING, days=8)

    assert "is not an age such as 15m, 12h or 90d" in run(action, f"--older-than={age}").error

    assert CallRecord.objects.get().outcome == Outcome.RUNNING


def test_pruning_needs_an_age(db: None, run: RunCommand) -> None:
    assert "--older-than" in run("prune").error


@pytest.mark.parametrize("action", [["sweep"], ["prune", "--older-than=1d"]])
def test_housekeeping_of_some_calls_is_refused(
    db: None, action: list[str], run: RunCommand
) -> None:
    record(Outcome.RUNNING, days=8)

    assert "is about all calls, so it takes no --user" in run("--user=ada", *action).error

    assert CallRecord.objects.get().outcome == Outcome.RUNNING
