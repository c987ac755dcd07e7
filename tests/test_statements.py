"""Statements whose SQL is written once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread, current_thread
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError, connection, connections, transaction
from django.db.models import Value
from django.db.models.signals import ModelSignal, post_save, pre_save
from django.db.models.sql.compiler import SQLInsertCompiler
from django.forms.models import model_to_dict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from django_mcp.db.statements import PreparedInsert, PreparedLookup
from django_mcp.models import CallRecord
from tests.polls import PATIENCE

by_codename = PreparedLookup(
    lambda codename: (
        Permission.objects.select_related("content_type")
        .filter(codename=codename)
        .order_by("content_type__app_label")
    )
)


@pytest.mark.implementation
def test_row_is_that_of_the_queryset_with_its_relations(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for codename in ("add_user", "add_group", "add_user"):
        expected = Permission.objects.get(codename=codename)
        with django_assert_num_queries(1):
            found = by_codename.first(codename)
            assert found is not None
            assert found.content_type.app_label == "auth"
        assert (found, found.name) == (expected, expected.name)


def test_row_is_what_the_database_holds_now(db: None) -> None:
    assert by_codename.first("fly") is None
    added = Permission.objects.get(codename="add_user")
    added.pk, added.codename = None, "fly"
    added.save()

    assert by_codename.first("fly") == added

    Permission.objects.filter(pk=added.pk).update(name="Can fly")
    found = by_codename.first("fly")
    assert found is not None
    assert found.name == "Can fly"


@pytest.mark.implementation
def test_value_is_never_part_of_the_statement(db: None) -> None:
    with CaptureQueriesContext(connection) as queries:
        for hostile in ("' OR 1=1 --", "%s", "%(x)s", "\N{SNOWMAN}"):
            assert by_codename.first(hostile) is None

    assert len(queries) == 4


@pytest.mark.django_db(transaction=True)
def test_threads_ask_over_connections_of_their_own() -> None:
    def ask(codename: str) -> Any:
        try:
            found = by_codename.first(codename)
            return None if found is None else found.codename
        finally:
            connections.close_all()

    codenames = ["add_user", "add_group", "fly", "change_user"] * 5
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(ask, codenames))

    assert found == ["add_user", "add_group", None, "change_user"] * 5


def record(name: str, **columns: Any) -> CallRecord:
    return CallRecord(name=name, arguments={"é": [1, None, {"q": "'"}]}, **columns)


def columns_of(row: CallRecord) -> dict[str, Any]:
    return {
        name: value for name, value in model_to_dict(row).items() if name not in ("id", "call_id")
    }


def test_row_is_that_which_saving_would_insert(db: None) -> None:
    started = timezone.now()
    insert = PreparedInsert(CallRecord).insert

    for name in ("first", "%s", "' --"):
        saved, inserted = record(name, started=started), record(name, started=started)
        saved.save()
        insert(inserted)

        found = CallRecord.objects.get(call_id=inserted.call_id)
        assert columns_of(found) == columns_of(CallRecord.objects.get(call_id=saved.call_id))
        assert found.name == name
        assert not inserted._state.adding
        assert inserted._state.db == found._state.db


@pytest.mark.implementation
def test_inserted_row_costs_one_query_whose_sql_is_written_once(
    db: None,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    written: list[Any] = []
    as_sql = SQLInsertCompiler.as_sql

    def write(compiler: Any) -> Any:
        written.append(compiler)
        return as_sql(compiler)

    monkeypatch.setattr(SQLInsertCompiler, "as_sql", write)
    insert = PreparedInsert(CallRecord).insert

    with django_assert_num_queries(3):
        for name in ("first", "second", "third"):
            insert(record(name))

    assert len(written) == 1
    assert CallRecord.objects.count() == 3


@pytest.mark.parametrize("signal", [pre_save, post_save])
def test_listeners_are_told_of_inserted_rows(db: None, signal: ModelSignal) -> None:
    told: list[str] = []

    def note(instance: CallRecord, **kwargs: Any) -> None:
        told.append(instance.name)

    insert = PreparedInsert(CallRecord).insert
    insert(record("before"))
    signal.connect(note, sender=CallRecord)
    try:
        insert(record("heard"))
    finally:
        signal.disconnect(note, sender=CallRecord)
    insert(record("after"))

    assert told == ["heard"]
    assert CallRecord.objects.count() == 3


def test_row_that_cannot_be_inserted_breaks_the_transaction_around_it(db: None) -> None:
    insert = PreparedInsert(CallRecord).insert
    there = record("there")
    insert(there)

    with transaction.atomic():
        with pytest.raises(IntegrityError):
            insert(record("again", call_id=there.call_id))
        assert connection.needs_rollback

    assert CallRecord.objects.count() == 1


class Gate(Value):
    """A value at which threads that write a statement wait for each other."""

    def __init__(self, stages: dict[str, tuple[Event, Event]]) -> None:
        self.stages = stages
        super().__init__(1)

    def __deepcopy__(self, memo: Any) -> "Gate":
        return self

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        arrived, may_go = self.stages[current_thread().name]
        arrived.set()
        may_go.wait(PATIENCE)
        return super().as_sql(compiler, connection)


def test_threads_that_write_a_statement_at_once_write_the_same(transactional_db: None) -> None:
    stages = {name: (Event(), Event()) for name in ("first", "second")}
    lookup = PreparedLookup(
        lambda codename: (
            Permission.objects.select_related("content_type")
            .annotate(gate=Gate(stages))
            .filter(codename=codename)
            .order_by()
        )
    )
    found = {}

    def look_up() -> None:
        try:
            found[current_thread().name] = lookup.first("add_user")
        finally:
            connections.close_all()

    threads = {name: Thread(target=look_up, name=name) for name in stages}
    for name, (arrived, _) in stages.items():
        threads[name].start()
        assert arrived.wait(PATIENCE)
    for name, (_, may_go) in stages.items():
        may_go.set()
        threads[name].join(PATIENCE)

    assert found == dict.fromkeys(stages, Permission.objects.get(codename="add_user"))
