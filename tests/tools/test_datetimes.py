"""Which time zone datetimes are in: those that tools receive, and those that clients do."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, NaiveDatetime, RootModel
from pytest_django.fixtures import Settings
from typing_extensions import TypedDict

from django_mcp import tool
from tests.tools.single_tools import receive, refusals, send

pytestmark = pytest.mark.django_db

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 1, 31, 12)  # noqa: DTZ001  (naive on purpose)


@pytest.fixture(autouse=True)
def _in_berlin() -> Iterator[None]:
    with timezone.override(BERLIN):
        yield


class Meeting(BaseModel):
    model_config = ConfigDict(frozen=True)
    at: datetime
    title: str = ""


@dataclass(frozen=True, slots=True)
class Shift:
    start: datetime
    breaks: tuple[datetime, ...] = ()


class Trip(TypedDict):
    legs: list[Shift]


class Span(NamedTuple):
    first: datetime
    last: datetime | None


DEFAULT = Meeting(at=NOON)


class Week(BaseModel):
    main: Meeting = DEFAULT


@pytest.mark.parametrize(
    ("sent", "use_tz", "received"),
    [
        ("2026-01-31T12:00", True, NOON.replace(tzinfo=BERLIN)),
        ("2026-01-31T12:00Z", True, NOON.replace(tzinfo=UTC)),
        ("2026-01-31T12:00", False, NOON),
        ("2026-01-31T14:00+02:00", False, NOON),
    ],
)
def test_datetimes_arrive_as_the_project_keeps_them(
    sent: str, use_tz: bool, received: datetime, settings: Settings
) -> None:
    settings.USE_TZ = use_tz
    found = send(datetime, sent)

    assert found == received
    assert found.utcoffset() == received.utcoffset()


TEXT = "2026-01-31T12:00"
AWARE = NOON.replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("annotation", "sent", "received"),
    [
        (datetime | None, None, None),
        (datetime | int, TEXT, AWARE),
        (list[datetime], [TEXT], [AWARE]),
        (set[datetime], [TEXT], {AWARE}),
        (tuple[int, datetime], [1, TEXT], (1, AWARE)),
        (dict[str, datetime], {"a": TEXT}, {"a": AWARE}),
        (dict[datetime, int], {TEXT: 1}, {AWARE: 1}),
        (OrderedDict[str, datetime], {"a": TEXT}, OrderedDict(a=AWARE)),
        (Meeting, {"at": TEXT, "title": "x"}, Meeting(at=AWARE, title="x")),
        (Shift, {"start": TEXT, "breaks": [TEXT]}, Shift(AWARE, (AWARE,))),
        (Trip, {"legs": [{"start": TEXT}]}, {"legs": [Shift(AWARE)]}),
        (Span, [TEXT, None], Span(AWARE, None)),
        (RootModel[list[datetime]], [TEXT], RootModel[list[datetime]]([AWARE])),
    ],
)
def test_naive_datetimes_are_in_the_current_time_zone_at_every_depth(
    annotation: Any, sent: Any, received: Any
) -> None:
    found = send(annotation, sent)

    assert found == received
    assert type(found) is type(received)


def test_defaults_of_models_are_what_their_author_wrote() -> None:
    found = send(Week, {})

    assert found == Week()
    assert found.main is DEFAULT


@pytest.mark.parametrize("use_tz", [True, False])
def test_types_that_say_whether_there_is_a_time_zone_are_kept(
    use_tz: bool, settings: Settings
) -> None:
    settings.USE_TZ = use_tz

    assert send(NaiveDatetime, TEXT) == NOON
    assert send(list[NaiveDatetime | None], [TEXT, None]) == [NOON, None]
    assert send(AwareDatetime, f"{TEXT}Z") == NOON.replace(tzinfo=UTC)
    assert send(AwareDatetime, f"{TEXT}Z").tzinfo is not None


def test_validators_are_given_datetimes_as_the_project_keeps_them() -> None:
    seen: list[datetime] = []
    annotation = Annotated[datetime, AfterValidator(lambda at: seen.append(at) or at)]
    send(annotation, TEXT)

    assert seen == [AWARE]


def test_datetimes_beyond_the_calendar_are_refused(settings: Settings) -> None:
    settings.USE_TZ = False

    assert refusals(datetime, "0001-01-01T00:00:00+14:00") == [
        "value: must not be so far away in time"
    ]


@pytest.mark.parametrize("use_tz", [True, False])
@pytest.mark.parametrize(
    ("annotation", "value", "data"),
    [
        (datetime, NOON, "2026-01-31T12:00:00+01:00"),
        (datetime, NOON.replace(tzinfo=UTC), "2026-01-31T12:00:00Z"),
        (list[datetime], [NOON], ["2026-01-31T12:00:00+01:00"]),
        (Meeting, DEFAULT, {"at": "2026-01-31T12:00:00+01:00", "title": ""}),
        (Shift, Shift(NOON), {"start": "2026-01-31T12:00:00+01:00", "breaks": []}),
    ],
)
def test_clients_are_always_told_the_time_zone(
    annotation: Any, value: Any, data: Any, use_tz: bool, settings: Settings
) -> None:
    settings.USE_TZ = use_tz

    assert receive(annotation, value).data == data
    assert DEFAULT.at == NOON


def test_python_callers_of_a_tool_are_given_its_result_unchanged() -> None:
    @tool
    def tomorrow(day: datetime) -> datetime:
        """Say when tomorrow is."""
        return day + timedelta(days=1)

    assert tomorrow(NOON) == NOON.replace(month=2, day=1)
