"""Housekeeping of the record: what is swept, what is pruned, and what is left alone."""

import datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection, models
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from django_mcp.models import CallRecord

Outcome = CallRecord.Outcome
HOUR = datetime.timedelta(hours=1)
DAY = datetime.timedelta(days=1)


def record(*, ago: datetime.timedelta, outcome: str = Outcome.OK, **facts: Any) -> CallRecord:
    return CallRecord.objects.create(
        name="tool", outcome=outcome, started=timezone.now() - ago, **facts
    )


class TestSweep:
    def test_calls_that_never_ended_become_unknown(self, db: None) -> None:
        stale = record(ago=2 * HOUR, outcome=Outcome.RUNNING)

        assert CallRecord.objects.sweep(older_than=HOUR) == 1

        stale.refresh_from_db()
        assert stale.outcome == Outcome.UNKNOWN

    def test_calls_that_may_still_run_are_left_alone(self, db: None) -> None:
        record(ago=HOUR / 2, outcome=Outcome.RUNNING)

        assert CallRecord.objects.sweep(older_than=HOUR) == 0

    @pytest.mark.parametrize("outcome", [each for each in Outcome if each != Outcome.RUNNING])
    def test_calls_that_ended_are_left_alone(self, db: None, outcome: str) -> None:
        kept = record(ago=2 * HOUR, outcome=outcome)

        assert CallRecord.objects.sweep(older_than=HOUR) == 0

        kept.refresh_from_db()
        assert kept.outcome == outcome

    @pytest.mark.implementation
    def test_it_is_one_statement(self, db: None) -> None:
        for _ in range(3):
            record(ago=DAY, outcome=Outcome.RUNNING)

        with CaptureQueriesContext(connection) as queries:
            assert CallRecord.objects.sweep(older_than=HOUR) == 3

        assert len(queries) == 1


class TestPrune:
    def test_old_records_go_and_young_ones_stay(self, db: None) -> None:
        record(ago=91 * DAY)
        young = record(ago=89 * DAY)

        assert CallRecord.objects.prune(older_than=90 * DAY) == 1

        assert list(CallRecord.objects.all()) == [young]

    def test_it_goes_on_until_nothing_old_is_left(self, db: None) -> None:
        for _ in range(7):
            record(ago=91 * DAY)
        record(ago=HOUR)

        assert CallRecord.objects.prune(older_than=90 * DAY, batch=3) == 7

        assert CallRecord.objects.count() == 1

    @pytest.mark.implementation
    def test_each_batch_is_a_statement_of_its_own(self, db: None) -> None:
        for _ in range(7):
            record(ago=91 * DAY)

        with CaptureQueriesContext(connection) as queries:
            CallRecord.objects.prune(older_than=90 * DAY, batch=3)

        deletions = [each for each in queries if each["sql"].startswith("DELETE")]
        assert len(deletions) == 3

    def test_receivers_of_deletions_do_not_stop_it(self, db: None) -> None:
        """A project that listens to every deletion makes Django load the rows first."""
        heard: list[Any] = []

        def hear(instance: Any, **kwargs: Any) -> None:
            heard.append(instance)

        for _ in range(4):
            record(ago=91 * DAY)
        models.signals.pre_delete.connect(hear)
        try:
            assert CallRecord.objects.prune(older_than=90 * DAY, batch=3) == 4
        finally:
            models.signals.pre_delete.disconnect(hear)

        assert len(heard) == 4

    def test_records_within_a_query_can_be_pruned_alone(self, db: None) -> None:
        record(ago=91 * DAY, client="till")
        kept = record(ago=91 * DAY, client="kiosk")

        assert CallRecord.objects.filter(client="till").prune(older_than=90 * DAY) == 1

        assert list(CallRecord.objects.all()) == [kept]

    def test_it_reads_what_it_deletes_where_it_deletes(self, db: None, settings: Settings) -> None:
        """A replica that lags behind would name the same rows for ever."""

        class ReadNowhere:
            def db_for_read(self, model: type[models.Model], **hints: Any) -> str:
                return "replica"

        settings.DATABASE_ROUTERS = [ReadNowhere()]
        record(ago=91 * DAY)

        assert CallRecord.objects.prune(older_than=90 * DAY) == 1


def test_a_record_names_its_tool_and_end() -> None:
    assert str(CallRecord(name="add_product", outcome=Outcome.TOOL_ERROR)) == (
        "add_product (tool error)"
    )


def test_a_record_refers_to_no_other_table() -> None:
    assert not [field for field in CallRecord._meta.get_fields() if field.is_relation]


def test_one_call_has_one_record(transactional_db: None) -> None:
    first = record(ago=HOUR)

    with pytest.raises(IntegrityError, match=r"(?i)unique|duplicate entry"):
        record(ago=HOUR, call_id=first.call_id)
