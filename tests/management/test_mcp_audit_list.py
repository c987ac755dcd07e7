"""`manage.py mcp_audit list`."""

import datetime
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import IO, Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings

from django_mcp.kinds import Kind
from django_mcp.management.follower import MAX_ROWS, MISSING_KEY_SECONDS, Follower
from django_mcp.models import CallRecord
from tests.calls import offering
from tests.commands import RunCommand

Outcome = CallRecord.Outcome


@pytest.fixture
def run(run_command: RunCommand) -> RunCommand:
    return partial(run_command, "mcp_audit")


def names(run: RunCommand, *arguments: str) -> list[str]:
    """The names of what was called, of the calls that are printed."""
    return [json.loads(line)["name"] for line in run(*arguments, "--json").lines]


def record(name: str = "tool", *, hours: float = 0, **facts: Any) -> CallRecord:
    started = timezone.now() - datetime.timedelta(hours=hours)
    return CallRecord.objects.create(
        **({"name": name, "outcome": Outcome.OK, "started": started} | facts)
    )


def test_a_call_is_a_line(db: None, run: RunCommand) -> None:
    started = datetime.datetime(2026, 7, 28, 12, tzinfo=datetime.UTC)
    first = record(
        "add_expense",
        started=started,
        username="ada",
        client_name="Till",
        outcome=Outcome.TOOL_ERROR,
        error_class="ToolError",
        duration_ms=48,
    )
    second = record("report", started=started, outcome=Outcome.RUNNING)
    third = record("order", started=started, kind=Kind.RESOURCE, duration_ms=2)

    noon = "2026-07-28 12:00:00"
    assert run().lines == [
        f"{noon}  tool_error             48 ms  add_expense  ada  Till  {first.call_id}  ToolError",
        f"{noon}  running                       report  anonymous  -  {second.call_id}",
        f"{noon}  ok                      2 ms  resource order  anonymous  -  {third.call_id}",
    ]


def test_a_call_is_a_json_object_of_all_its_columns(db: None, run: RunCommand) -> None:
    call = record(arguments={"category": "Café"}, duration_ms=48)

    (line,) = run("list", "--json").lines

    facts = json.loads(line)
    assert list(facts) == [field.name for field in CallRecord._meta.concrete_fields]
    assert facts["call_id"] == str(call.call_id)
    assert facts["arguments"] == {"category": "Café"}
    assert facts["duration_ms"] == 48


@pytest.mark.parametrize("as_json", [[], ["--json"]])
def test_what_clients_send_commands_no_terminal_and_breaks_no_line(
    db: None, as_json: list[str], run: RunCommand
) -> None:
    record(
        "\x1b[2J\nfaked",
        username="\x9b31m",
        client_name="\u202ebill",
        error_class="\r",
        client="\u3164\u2800\u034f",
    )

    (line,) = run(*as_json).lines

    assert line.isprintable()
    assert not set(line) & set("\u3164\u2800\u034f")


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ([], ["old", "order", "review", "by_key", "failed", "by_name"]),
        (["--user=ada"], ["by_name"]),
        (["--user=7"], ["by_key"]),
        (["--tool=failed"], ["failed"]),
        (["--resource=order"], ["order"]),
        (["--prompt=review"], ["review"]),
        (["--kind=tool", "--limit=1"], ["by_name"]),
        (["--kind=resource"], ["order"]),
        (["--outcome=failed"], ["failed"]),
        (["--since=3h"], ["by_key", "failed", "by_name"]),
        (["--since=150m", "--user=7"], []),
        (["--limit=2"], ["failed", "by_name"]),
        (["--limit=0"], []),
        (["--limit=1", "--outcome=ok"], ["by_name"]),
    ],
)
@pytest.mark.parametrize("action", [[], ["list"]])
def test_calls_are_chosen_and_printed_with_the_latest_last(
    db: None, action: list[str], chosen: list[str], expected: list[str], run: RunCommand
) -> None:
    record("by_name", username="ada", hours=1)
    record("failed", outcome=Outcome.FAILED, hours=2)
    record("by_key", user="7", hours=2.9)
    record("review", hours=20 * 24, kind=Kind.PROMPT)
    record("order", hours=25 * 24, kind=Kind.RESOURCE)
    record("old", hours=30 * 24)

    assert names(run, *action, *chosen) == expected


def test_options_count_on_either_side_of_the_action(db: None, run: RunCommand) -> None:
    record("one", username="ada")
    record("two", username="ada")
    record("one")

    assert names(run, "--user=ada", "list", "--tool=one") == ["one"]


def test_the_latest_fifty_are_printed_unless_a_time_is_chosen(db: None, run: RunCommand) -> None:
    for number in range(60):
        record(f"call_{number:02}", hours=60 - number)

    assert names(run) == [f"call_{number:02}" for number in range(10, 60)]
    assert len(names(run, "--since=1w")) == 60


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ("--since=yesterday", "is not an age"),
        ("--limit=-1", "is not a number"),
        ("--limit=all", "is not a number"),
        ("--limit=\u0669", "is not a number"),
        ("--outcome=fine", "is none of running, ok"),
        ("--kind=note", "invalid choice: 'note'"),
    ],
)
def test_a_choice_that_means_nothing_is_told(
    db: None, chosen: str, said: str, run: RunCommand
) -> None:
    assert re.search(said, run(chosen).error)


def test_only_one_option_names_what_was_called(db: None, run: RunCommand) -> None:
    assert "not allowed with argument --tool" in run("--tool=one", "--prompt=two").error


def test_tool_of_which_no_call_is_on_record_is_told(db: None, run: RunCommand) -> None:
    def recompute() -> None:
        """Compute it again."""

    record("renamed")
    with offering(recompute):
        misspelt, unknown = run("--tool=recompte").error, run("--tool=\0\x1b").error
        found = run("--tool=recompute"), run("--tool=renamed", "--since=1w")

    assert misspelt == (
        "No call of a tool 'recompte' is on record, and no tool has this name. "
        "Did you mean one of these?\n  recompute"
    )
    assert unknown == r"No call of a tool '\x00\x1b' is on record, and no tool has this name."
    assert [len(each.lines) for each in found] == [0, 1]
    assert found[0].stderr == "No call of the tool recompute is on record.\n"


def test_names_are_those_of_one_kind(db: None, run: RunCommand) -> None:
    def recompute() -> None:
        """Compute it again."""

    record("recompute")
    with offering(recompute):
        unknown = run("--prompt=recompute").error

    assert unknown == ("No call of a prompt 'recompute' is on record, and no prompt has this name.")


def test_times_are_local_and_projects_may_have_no_zones(
    db: None, settings: Settings, run: RunCommand
) -> None:
    settings.TIME_ZONE = "Europe/Rome"
    noon = datetime.datetime(2026, 7, 28, 12, tzinfo=datetime.UTC)
    record(started=noon)
    assert run().lines[0].startswith("2026-07-28 14:00:00")

    settings.USE_TZ = False
    assert run().lines[0].startswith("2026-07-28 ")
    assert run("--since=1h").lines == []


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class TestFollower:
    def test_it_finds_what_was_written_since_the_last_look(self, db: None) -> None:
        record("before")
        follower = Follower(CallRecord.objects.all())

        first = follower.poll()
        record("one")
        record("two")
        second = follower.poll()
        third = follower.poll()

        assert [each.name for each in second] == ["one", "two"]
        assert (first, third) == ([], [])

    def test_it_finds_rows_that_are_committed_after_later_ones(self, db: None) -> None:
        last = record()
        follower = Follower(CallRecord.objects.all())
        record("new", pk=last.pk + 4)
        first = follower.poll()
        for ahead in (3, 2, 1):
            record(f"skipped_{ahead}", pk=last.pk + ahead)
        second = follower.poll()

        assert [each.name for each in first] == ["new"]
        assert [each.name for each in second] == ["skipped_3", "skipped_2", "skipped_1"]

    def test_it_waits_for_rows_that_were_on_their_way_when_it_began(self, db: None) -> None:
        late = record("late")
        CallRecord.objects.filter(pk=late.pk).delete()
        record("first", pk=late.pk + 2)
        follower = Follower(CallRecord.objects.all())

        record("late", pk=late.pk)
        record("later", pk=late.pk + 1)

        assert [each.name for each in follower.poll()] == ["late", "later"]

    def test_it_gives_up_numbers_that_never_turn_up(self, db: None) -> None:
        clock = Clock()
        last = record()
        follower = Follower(CallRecord.objects.all(), clock=clock)
        record("after_a_gap", pk=last.pk + 10)
        follower.poll()

        clock.now = MISSING_KEY_SECONDS + 1
        follower.poll()
        record("much_too_late", pk=last.pk + 5)

        assert follower.poll() == []

    def test_a_huge_gap_costs_no_more_than_a_bounded_one(self, db: None) -> None:
        last = record()
        follower = Follower(CallRecord.objects.all())

        far = record("far", pk=last.pk + 10_000_000)
        follower.poll()
        record("late", pk=far.pk - MAX_ROWS + 1)

        assert [each.name for each in follower.poll()] == ["late"]

    def test_it_tells_of_a_call_when_it_begins_and_when_it_ends(self, db: None) -> None:
        old = record("old", outcome=Outcome.RUNNING)
        follower = Follower(CallRecord.objects.all())
        new = record("new", outcome=Outcome.RUNNING)
        looks = [follower.poll()]
        for call in (new, old):
            CallRecord.objects.filter(pk=call.pk).update(outcome=Outcome.FAILED)
            looks.append(follower.poll())

        assert [[(each.name, each.outcome) for each in look] for look in looks] == [
            [("new", "running")],
            [("new", "failed")],
            [("old", "failed")],
        ]
        assert follower.poll() == []

    def test_it_tells_of_chosen_calls_alone(self, db: None) -> None:
        follower = Follower(CallRecord.objects.filter(name="mine"), outcome=Outcome.FAILED)
        mine = record("mine", outcome=Outcome.RUNNING)
        record("mine")
        record("other", outcome=Outcome.FAILED)
        first = follower.poll()
        CallRecord.objects.filter(pk=mine.pk).update(outcome=Outcome.FAILED)

        assert first == []
        assert follower.poll() == [mine]

    def test_it_catches_up_in_bounded_steps(self, db: None) -> None:
        follower = Follower(CallRecord.objects.all())
        CallRecord.objects.bulk_create(
            CallRecord(name=f"call_{number}", outcome=Outcome.OK) for number in range(MAX_ROWS + 1)
        )

        first, was_behind = follower.poll(), follower.is_behind
        second, is_behind = follower.poll(), follower.is_behind

        assert (len(first), was_behind) == (MAX_ROWS, True)
        assert (len(second), is_behind) == (1, False)


@pytest.fixture
def start(transactional_db: None) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts `mcp_audit` as a process of its own on the test's database."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        url = f"sqlite:///{name}"
    else:
        url = os.environ["DATABASE_URL"].rpartition("/")[0] + f"/{name}"
    processes = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "django", "mcp_audit", "--skip-checks", *arguments],
            env={**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tests.settings"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A job in the background of a shell ignores Ctrl-C, and so would its children.
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def next_name(stream: IO[str] | None) -> str:
    assert stream is not None
    return str(json.loads(stream.readline())["name"])


def test_following_goes_on_until_it_is_interrupted_and_ends_in_peace(
    start: Callable[..., subprocess.Popen[str]],
) -> None:
    record("listed")
    process = start("--follow", "--json")
    listed = next_name(process.stdout)
    record("one")
    one = next_name(process.stdout)
    with transaction.atomic():
        record("two")
        record("three")
    two, three = next_name(process.stdout), next_name(process.stdout)
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=60)

    assert (listed, one, two, three) == ("listed", "one", "two", "three")
    assert (process.returncode, rest, errors) == (0, "", "")


def test_reader_that_has_had_enough_is_no_error(
    start: Callable[..., subprocess.Popen[str]],
) -> None:
    CallRecord.objects.bulk_create(
        CallRecord(name="call", outcome=Outcome.OK) for _ in range(2_000)
    )
    process = start("--since=1h", "--json")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()

    assert process.stderr.read() == ""
    assert process.wait(60) == 0
