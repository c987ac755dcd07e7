"""What operators decide counts within two seconds, and no call asks the database for it."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import DatabaseError, connection, connections
from django.test.utils import CaptureQueriesContext

from django_mcp.exceptions import UnknownToolError
from django_mcp.models import CallRecord, ToolGroup
from django_mcp.policy import snapshot
from django_mcp.policy.snapshot import current_snapshot, forget_snapshot
from tests.calls import PATIENCE, call_of, caller, in_thread, serve_here
from tests.shop.models import Product


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.when_read: Callable[[], None] | None = None

    def monotonic(self) -> float:
        hook, self.when_read = self.when_read, None
        if hook is not None:
            hook()
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(snapshot, "time", clock)
    return clock


def is_open() -> bool:
    return current_snapshot().policy("shop").enabled


def close_shop() -> None:
    ToolGroup.objects.filter(name="shop").update(enabled=False)


@pytest.mark.implementation
def test_reading_costs_the_same_few_queries_however_many_groups_there_are(db: None) -> None:
    group = Group.objects.create(name="clerks")
    for number in range(20):
        row = ToolGroup.objects.create(name=f"group-{number}")
        row.allowed_groups.add(group)
        row.switches.create(name="tool", enabled=False)

    with CaptureQueriesContext(connection) as queries:
        current_snapshot()

    assert len(queries) == 4


@pytest.mark.implementation
def test_a_fresh_snapshot_costs_no_query(db: None, clock: Clock) -> None:
    current_snapshot()
    clock.now += 0.9

    with CaptureQueriesContext(connection) as queries:
        current_snapshot()

    assert len(queries) == 0


@pytest.mark.implementation
def test_a_change_counts_within_two_seconds(db: None, clock: Clock) -> None:
    assert is_open()
    close_shop()
    clock.now += 2

    assert not is_open()


@pytest.mark.implementation
def test_a_change_during_the_reading_counts_within_two_seconds(db: None, clock: Clock) -> None:
    def change_and_dawdle(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if "django_mcp_prompttemplate" in sql:  # the last query
            clock.now += 0.9
        return result

    with connection.execute_wrapper(change_and_dawdle):
        assert is_open()
    close_shop()  # as if while the query was under way
    clock.now += 1.1

    assert not is_open()


@pytest.mark.implementation
@pytest.mark.parametrize("is_opened", [True, False])
def test_a_change_between_two_queries_opens_nothing_to_everybody(
    db: None, clock: Clock, is_opened: bool
) -> None:
    """A group is closed to everybody, or else open to clerks alone, and never anything else."""
    clerks = Group.objects.create(name="clerks")
    shop = ToolGroup.objects.get(name="shop")

    def limit(is_open: bool) -> None:
        ToolGroup.objects.filter(name="shop").update(enabled=is_open)
        shop.allowed_groups.set([clerks] if is_open else [])

    limit(not is_opened)
    asked: list[str] = []

    def change_after_the_first(execute: Any, sql: str, *args: Any) -> Any:
        result = execute(sql, *args)
        asked.append(sql)
        if len(asked) == 1:
            limit(is_opened)
        return result

    with connection.execute_wrapper(change_after_the_first):
        policy = current_snapshot().policy("shop")

    assert policy.allowed_groups == ({clerks.pk} if policy.enabled else frozenset())


@pytest.mark.implementation
def test_a_thread_that_was_held_up_gets_no_old_snapshot(
    transactional_db: None, clock: Clock
) -> None:
    """It had the old one in its hands when another thread read a new one."""
    assert is_open()
    close_shop()
    clock.now += 3600
    clock.when_read = lambda: in_thread(current_snapshot)

    assert not is_open()


@pytest.mark.implementation
def test_forgetting_while_another_thread_reads_is_not_lost(
    transactional_db: None, clock: Clock
) -> None:
    reading, go_on = threading.Event(), threading.Event()

    def read_slowly() -> bool:
        def hold(execute: Any, *args: Any) -> Any:
            result = execute(*args)
            reading.set()
            assert go_on.wait(PATIENCE)
            return result

        with connection.execute_wrapper(hold):
            return is_open()

    with ThreadPoolExecutor(2) as executor:
        slow = executor.submit(in_thread, read_slowly)
        assert reading.wait(PATIENCE)
        close_shop()
        forgotten = executor.submit(forget_snapshot)
        go_on.set()
        forgotten.result(PATIENCE)
        slow.result(PATIENCE)

    assert not is_open()


@pytest.mark.implementation
def test_threads_that_come_at_once_read_once(transactional_db: None, clock: Clock) -> None:
    count, ready = 8, threading.Barrier(8)
    read: list[str] = []

    def note(execute: Any, sql: str, *args: Any) -> Any:
        read.append(sql)
        return execute(sql, *args)

    def work() -> bool:
        try:
            connection.ensure_connection()
            ready.wait(PATIENCE)
            with connection.execute_wrapper(note):
                return is_open()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as executor:
        seen = [each.result(PATIENCE) for each in [executor.submit(work) for _ in range(count)]]

    assert seen == [True] * count
    assert len(read) == 4


@pytest.mark.implementation
def test_while_the_database_fails_nothing_is_seen_and_afterwards_everything_is(
    db: None, clock: Clock
) -> None:
    current_snapshot()
    clock.now += 2

    def fail(execute: Any, sql: str, *args: Any) -> Any:
        raise DatabaseError("the database is away")

    with connection.execute_wrapper(fail), pytest.raises(DatabaseError):
        current_snapshot()

    assert is_open()


@pytest.mark.implementation
def test_a_call_asks_the_database_for_no_policy(db: None, clock: Clock) -> None:
    user = User.objects.create_user("ann")
    Product.objects.create(sku="a", name="A", price=1)
    current_snapshot()

    with CaptureQueriesContext(connection) as queries:
        serve_here(call_of("get_product", principal=caller(user), arguments={"sku": "a"}))

    quote = connection.ops.quote_name("")[0]
    tables = [query["sql"].split(quote)[1] for query in queries]
    # The tool's own query, and the one insert of a read-only tool's record.
    assert tables == ["shop_product", "django_mcp_callrecord"]


@pytest.mark.implementation
def test_a_group_that_is_closed_while_people_work_is_closed(db: None, clock: Clock) -> None:
    serve_here(call_of("opening_hours"))
    ToolGroup.objects.filter(name="desk").update(enabled=False)
    clock.now += 2

    with pytest.raises(UnknownToolError):
        serve_here(call_of("opening_hours"))

    assert list(CallRecord.objects.values_list("outcome", flat=True)) == ["unknown_tool", "ok"]


@pytest.mark.parametrize("clients", [None, [], ["a", {"b": 1}], [["a"]], ["a", "b"]])
def test_a_row_with_odd_clients_does_not_close_the_other_groups(db: None, clients: Any) -> None:
    """Fixtures and shells can write what no form would."""
    ToolGroup.objects.filter(name="shop").update(allowed_clients=clients or [])
    if clients is None:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE django_mcp_toolgroup SET allowed_clients = 'null' WHERE name = 'shop'"
            )

    allowed = current_snapshot().policy("shop").allowed_clients

    assert bool(allowed) is bool(clients)
    assert current_snapshot().policy("desk").enabled
