"""The record of a call: exactly one row, one log line and one signal, however it ends."""

import datetime
import json
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.forms.models import model_to_dict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from django_mcp import DjangoMCPError, Principal, ToolContext, ToolError
from django_mcp.dispatch import refuse
from django_mcp.exceptions import RecordUnavailableError, ToolFailedError
from django_mcp.models import CallRecord
from django_mcp.policy.snapshot import current_snapshot
from django_mcp.signals import tool_called, tool_rejected
from django_mcp.testing import MCPClient
from tests.calls import (
    PATIENCE,
    call_of,
    caller,
    in_thread,
    offering,
    serve,
    serve_here,
)
from tests.databases import Route, second_database
from tests.shop.models import Product

Outcome = CallRecord.Outcome
SECRET = "correct horse battery staple"


def everything_in(record: CallRecord) -> str:
    return json.dumps(model_to_dict(record), default=str, ensure_ascii=False)


def outcomes() -> list[str]:
    return list(CallRecord.objects.order_by("pk").values_list("outcome", flat=True))


def statements_on_records(queries: CaptureQueriesContext) -> list[str]:
    return [query["sql"] for query in queries if CallRecord._meta.db_table in query["sql"]]


class TestRow:
    def test_it_holds_everything_that_is_known(self, db: None) -> None:
        user = User.objects.create_user("ann")
        principal = caller(
            user,
            client_id="till-1",
            client_name="Till",
            credential="17",
            scopes=["shop:write", "shop:read"],
        )
        before = timezone.now()
        context = call_of(
            "greet",
            principal=principal,
            arguments={"name": "Bob"},
            client_info="Inspector/2.0",
            address="192.0.2.1",
            protocol_version="2026-07-28",
            traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        )

        serve_here(context)

        record = CallRecord.objects.get()
        assert before <= record.started <= timezone.now()
        assert record.duration_ms is not None
        assert 0 <= record.duration_ms < 10_000
        assert model_to_dict(record, exclude=["id", "started", "duration_ms"]) == {
            "call_id": context.id,
            "kind": "tool",
            "name": "greet",
            "endpoint": "default",
            "user": str(user.pk),
            "username": "ann",
            "client": "till-1",
            "client_name": "Till",
            "client_info": "Inspector/2.0",
            "credential": "17",
            "scopes": "shop:read shop:write",
            "address": "192.0.2.1",
            "protocol_version": "2026-07-28",
            "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "task_id": "",
            "worker": "",
            "arguments": {"name": "Bob"},
            "outcome": "ok",
            "error_class": "",
            "result_size": len("Hello Bob"),
            "delivered": True,
            "calls": 1,
        }

    def test_an_anonymous_caller_leaves_no_name(self, db: None) -> None:
        serve_here(call_of("greet"))

        record = CallRecord.objects.get()
        assert (record.user, record.username, record.client) == ("", "", "")

    def test_it_is_written_by_statements_that_read_nothing(self, db: None) -> None:
        with CaptureQueriesContext(connection) as queries:
            serve_here(
                call_of("add_product", arguments={"sku": "a-1", "name": "Mug", "price": "3.50"})
            )

        inserted, updated = statements_on_records(queries)
        assert inserted.startswith("INSERT ")
        assert "RETURNING" not in inserted
        assert updated.startswith("UPDATE ")

    def test_a_client_that_has_gone_is_noted(self, db: None) -> None:
        context = call_of("greet")
        context.cancellation.client_left(is_request=False)

        serve_here(context)

        assert not CallRecord.objects.get().delivered

    @pytest.mark.parametrize(
        ("name", "arguments", "scopes", "expected"),
        [
            ("opening_hours", {}, (), (Outcome.OK, "")),
            ("get_product", {"sku": "x"}, ["shop:read"], (Outcome.TOOL_ERROR, "ToolError")),
            ("ask_supplier", {"note": ""}, ["shop:read"], (Outcome.FAILED, "DeliveryError")),
            (
                "order_from_supplier",
                {"note": ""},
                ["shop:write"],
                (Outcome.FAILED, "DeliveryError"),
            ),
            ("miscount", {}, ["shop:write"], (Outcome.FAILED, "InvalidResultError")),
            ("gone", {"a": 1}, (), (Outcome.UNKNOWN_TOOL, "UnknownToolError")),
            ("delete_product", {}, (), (Outcome.UNKNOWN_TOOL, "UnknownToolError")),
            ("list_products", {}, (), (Outcome.MISSING_SCOPE, "MissingScopeError")),
            (
                "get_product",
                {"sku": 5},
                ["shop:read"],
                (Outcome.INVALID_ARGUMENTS, "InvalidArgumentsError"),
            ),
        ],
    )
    def test_every_end_of_a_call_has_one_row(
        self,
        db: None,
        name: str,
        arguments: dict[str, Any],
        scopes: list[str],
        expected: tuple[str, str],
    ) -> None:
        context = call_of(name, principal=caller(scopes=scopes), arguments=arguments)
        with nullcontext() if expected[0] == Outcome.OK else pytest.raises(DjangoMCPError):
            serve_here(context)

        record = CallRecord.objects.get()
        assert (record.outcome, record.error_class) == expected
        assert record.call_id == context.id
        assert record.name == name

    def test_it_survives_the_deletion_of_its_user_and_application(self, db: None) -> None:
        user = User.objects.create_user("ann")
        MCPClient(user, client_id="till").call("opening_hours")

        user.delete()

        record = CallRecord.objects.get()
        assert (record.username, record.client) == ("ann", "till")


class TestHostileInput:
    @pytest.mark.parametrize(
        "text",
        [
            "x" * 100_000,
            "nul\x00byte",
            "line\nbreak\r\nand\x1b[31mcolour",
            "lone \ud800 surrogate",
            "\U0001f9fe" * 500,
            "<script>alert(1)</script>'; DROP TABLE x; --",
            "",
        ],
        ids=["long", "nul", "control", "surrogate", "astral", "markup", "empty"],
    )
    def test_whatever_a_client_sends_is_stored_and_logged_in_one_line(
        self, db: None, caplog: pytest.LogCaptureFixture, text: str
    ) -> None:
        caplog.set_level(logging.INFO, "django_mcp.calls")
        principal = caller(client_id=text, client_name=text, credential=text)
        context = call_of(
            text,
            principal=principal,
            arguments={text: text, "nested": {text: [text]}},
            client_info=text,
            address=text,
            protocol_version=text,
        )

        with pytest.raises(Exception, match="Unknown tool"):
            serve_here(context)

        record = CallRecord.objects.get()
        record.full_clean(exclude=["name", "duration_ms", "result_size"])
        assert "\x00" not in everything_in(record)
        assert len(caplog.records) == 1
        assert "\n" not in caplog.records[0].getMessage()
        assert len(caplog.records[0].getMessage()) < 1000

    def test_a_user_with_a_long_name_and_key_is_recorded(self, db: None) -> None:
        user = User(pk=2**62, username="n" * 150)

        serve_here(call_of("opening_hours", principal=caller(user)))

        record = CallRecord.objects.get()
        assert (record.user, record.username) == (str(2**62), "n" * 150)


class TestSecrets:
    """What is secret stands in no row and no log line."""

    @pytest.fixture
    def told(self, db: None, caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
        """Everything in the rows and in the log lines, tracebacks apart."""
        caplog.set_level(logging.DEBUG)

        def told() -> str:
            lines = [
                json.dumps({**vars(line), "exc_info": None, "exc_text": None}, default=str)
                for line in caplog.records
                if line.name.startswith("django_mcp")
            ]
            rows = [everything_in(record) for record in CallRecord.objects.all()]
            assert lines
            assert rows
            return "\n".join([*lines, *rows])

        return told

    @pytest.mark.parametrize(
        "arguments",
        [
            {"address": "a", "api_token": SECRET, "key": SECRET, "pin": SECRET},
            {"address": "a", "api_token": [SECRET], "key": {"a": SECRET}, "pin": None},
            {"address": "a", "pin": {"deep": [SECRET]}},
            {"address": "a", "misspelt_key": SECRET},
            {"address": "a", "nested": {"x": {"Authorization": SECRET}}},
        ],
    )
    def test_secret_arguments_are_kept_nowhere(
        self, told: Callable[[], str], arguments: dict[str, Any]
    ) -> None:
        client = MCPClient(User.objects.create_user("ann"))

        result = client.call("connect_supplier", **arguments)

        assert SECRET not in told()
        assert SECRET not in result.text
        assert '"a"' in told()

    @pytest.mark.parametrize(
        "arguments",
        [{"password": SECRET}, {"note": SECRET}, {"note": [{"a": SECRET}]}, {"note": {SECRET: 1}}],
    )
    @pytest.mark.parametrize("name", ["gone", "delete_product"])
    def test_of_the_arguments_of_an_unknown_or_hidden_tool_the_names_are_kept(
        self, told: Callable[[], str], name: str, arguments: dict[str, Any]
    ) -> None:
        with pytest.raises(Exception, match="Unknown tool"):
            serve_here(call_of(name, arguments={"sku": "x", **arguments}))

        assert SECRET not in told()
        kept = CallRecord.objects.get().arguments
        assert kept == dict.fromkeys(["sku", *arguments], "[not kept: called by an unknown name]")

    def test_end_of_a_call_whose_tool_is_gone_by_then_is_logged_without_values(
        self, told: Callable[[], str]
    ) -> None:
        context = call_of("gone", arguments={"note": SECRET})

        refuse(context, ToolError("over"))

        assert SECRET not in told()

    @pytest.mark.parametrize("name", ["order_from_supplier", "ask_supplier"])
    def test_what_an_exception_says_is_told_by_its_traceback_alone(
        self, told: Callable[[], str], caplog: pytest.LogCaptureFixture, name: str
    ) -> None:
        result = MCPClient(User.objects.create_user("ann")).call(name, note="x")

        assert "hunter2" not in told()
        assert "hunter2" not in repr(result)
        (line,) = [line for line in caplog.records if line.exc_info]
        assert line.exc_info is not None
        assert "hunter2" in str(line.exc_info[1])

    def test_what_a_tool_returns_is_kept_nowhere(self, told: Callable[[], str]) -> None:
        def reveal() -> str:
            """Reveal something."""
            return SECRET

        with offering(reveal):
            serve_here(call_of("reveal"))

        assert SECRET not in told()


@pytest.mark.django_db(transaction=True)
class TestBeforeTheToolRuns:
    def test_a_writing_tool_is_on_record_before_it_runs(self) -> None:
        """And another connection sees it, though the tool's own transaction is still open."""
        seen: list[list[str]] = []

        def write() -> None:
            """Write, and see what others see."""
            seen.append(in_thread(outcomes))

        with offering(write):
            serve(call_of("write"))

        assert seen == [[Outcome.RUNNING]]
        assert outcomes() == [Outcome.OK]

    def test_an_async_writing_tool_is_on_record_before_it_runs(self) -> None:
        seen: list[list[str]] = []

        async def write() -> None:
            """See what is on record."""
            seen.append([record.outcome async for record in CallRecord.objects.all()])

        with offering(write):
            serve(call_of("write"))

        assert seen == [[Outcome.RUNNING]]
        assert outcomes() == [Outcome.OK]

    def test_a_read_only_tool_is_not(self) -> None:
        seen: list[list[str]] = []

        def look() -> None:
            """See what others see."""
            seen.append(in_thread(outcomes))

        with offering(look, read_only=True):
            serve(call_of("look"))

        assert seen == [[]]
        assert outcomes() == [Outcome.OK]

    def test_the_row_survives_the_rollback_of_the_tool(self) -> None:
        with pytest.raises(ToolFailedError):
            serve(call_of("order_from_supplier", arguments={"note": "x"}))

        assert not Product.objects.exists()
        assert outcomes() == [Outcome.FAILED]

    def test_a_killed_process_leaves_a_running_row(self) -> None:
        """The process is killed between `begin` and `finish`: there is no more to it than that."""
        call = call_of("add_product")
        call.recording.begin(call)

        (row,) = CallRecord.objects.all()
        assert row.outcome == Outcome.RUNNING
        assert CallRecord.objects.sweep(older_than=datetime.timedelta(0)) == 1

    def test_a_late_finish_overwrites_the_sweep(self) -> None:
        def work() -> None:
            """Be swept while at work."""
            assert in_thread(lambda: CallRecord.objects.sweep(older_than=datetime.timedelta(0)))
            assert in_thread(outcomes) == [Outcome.UNKNOWN]

        # Without a transaction of its own: SQLite has one writer at a time.
        with offering(work, atomic=False):
            serve(call_of("work"))

        assert outcomes() == [Outcome.OK]


class TestCost:
    @pytest.mark.implementation
    def test_a_read_only_call_costs_one_insert(self, db: None) -> None:
        current_snapshot()

        with CaptureQueriesContext(connection) as queries:
            serve_here(call_of("opening_hours"))

        assert [query["sql"].split()[0] for query in queries] == ["INSERT"]

    @pytest.mark.implementation
    def test_a_writing_call_costs_an_insert_and_an_update(self, db: None) -> None:
        def work() -> None:
            """Do nothing."""

        with offering(work, atomic=False):
            current_snapshot()
            with CaptureQueriesContext(connection) as queries:
                serve_here(call_of("work"))

        assert [query["sql"].split()[0] for query in queries] == ["INSERT", "UPDATE"]

    @pytest.mark.implementation
    def test_without_a_record_a_call_costs_nothing(self, db: None, settings: Settings) -> None:
        settings.DJANGO_MCP_RECORD = False
        current_snapshot()

        with CaptureQueriesContext(connection) as queries:
            serve_here(call_of("opening_hours"))

        assert len(queries) == 0


class TestWithoutRecord:
    def test_calls_are_served_logged_and_signalled_all_the_same(
        self, db: None, settings: Settings, caplog: pytest.LogCaptureFixture
    ) -> None:
        settings.DJANGO_MCP_RECORD = False
        caplog.set_level(logging.INFO, "django_mcp.calls")
        heard: list[str] = []

        def hear(outcome: str, **kwargs: Any) -> None:
            heard.append(outcome)

        tool_called.connect(hear)
        try:
            serve_here(call_of("add_product", arguments={"sku": "a", "name": "A", "price": "1"}))
        finally:
            tool_called.disconnect(hear)

        assert Product.objects.exists()
        assert not CallRecord.objects.exists()
        assert heard == ["ok"]
        assert len(caplog.records) == 1


@pytest.mark.django_db(transaction=True)
class TestUnwritableRecord:
    """The table is gone, as when a migration was forgotten."""

    @pytest.fixture(autouse=True)
    def _no_table(self, transactional_db: None) -> Iterator[None]:
        current_snapshot()
        with connection.schema_editor() as editor:
            editor.delete_model(CallRecord)
        yield
        with connection.schema_editor() as editor:
            editor.create_model(CallRecord)

    @pytest.mark.parametrize(
        ("name", "arguments"),
        [
            ("add_product", {"sku": "a", "name": "A", "price": "1"}),
            ("restock", {"sku": "there", "quantity": 1}),
        ],
        ids=["sync", "async"],
    )
    def test_a_writing_tool_does_not_run(
        self, caplog: pytest.LogCaptureFixture, name: str, arguments: dict[str, Any]
    ) -> None:
        Product.objects.create(sku="there", name="There", price=Decimal(1))
        heard: list[Any] = []

        def hear(signal: Any, sender: Any, **kwargs: Any) -> None:
            heard.append((signal, sender))

        tool_called.connect(hear)
        tool_rejected.connect(hear)
        try:
            with pytest.raises(RecordUnavailableError):
                serve(call_of(name, arguments=arguments))
        finally:
            tool_called.disconnect(hear)
            tool_rejected.disconnect(hear)

        assert list(Product.objects.values_list("sku", "stock")) == [("there", 0)]
        assert [line.levelname for line in caplog.records] == ["ERROR"]
        assert heard == [(tool_rejected, None)]

    @pytest.mark.parametrize("name", ["opening_hours", "count_products"])
    def test_a_read_only_call_is_answered_and_the_failure_logged(
        self, caplog: pytest.LogCaptureFixture, name: str
    ) -> None:
        context = call_of(name)

        assert serve(context).structured

        (line,) = [line for line in caplog.records if line.levelname == "ERROR"]
        assert str(context.id) in line.getMessage()
        assert line.exc_info

    def test_a_refusal_stays_a_refusal(self) -> None:
        with pytest.raises(Exception, match="Unknown tool"):
            serve(call_of("gone"))


class TestOddPrincipals:
    """What an authenticator of the project's own may hand over."""

    @pytest.fixture
    def principal(self, db: None) -> Principal:
        return caller(client_id=5, credential=None)

    def test_a_call_that_only_reads_is_answered(
        self, principal: Principal, caplog: pytest.LogCaptureFixture
    ) -> None:
        assert serve_here(call_of("opening_hours", principal=principal)).structured

        assert [line.levelname for line in caplog.records] == ["ERROR"]

    def test_a_writing_tool_does_not_run(self, principal: Principal) -> None:
        with pytest.raises(RecordUnavailableError):
            serve_here(call_of("miscount", principal=principal))

        assert not Product.objects.exists()


class TestBrokenSettings:
    """What the checks would have told: a value of the wrong type."""

    @pytest.fixture(autouse=True)
    def _broken(self, db: None, settings: Settings) -> None:
        settings.DJANGO_MCP_REDACT = None

    def test_a_call_that_only_reads_is_answered(self) -> None:
        assert serve_here(call_of("opening_hours")).structured

    def test_a_writing_tool_does_not_run(self) -> None:
        with pytest.raises(RecordUnavailableError):
            serve_here(call_of("miscount"))


class TestSecondDatabase:
    def test_the_record_may_live_in_a_database_of_its_own(
        self, db: None, settings: Settings
    ) -> None:
        with second_database() as other:
            settings.DATABASE_ROUTERS = [Route(other, "CallRecord")]
            call_command("migrate", "django_mcp", database=other, verbosity=0)
            client = MCPClient(User.objects.create_user("ann"))

            client.call("add_product", sku="a", name="A", price=1)
            client.call("order_from_supplier", note="x")

            assert list(
                CallRecord.objects.using(other).order_by("pk").values_list("name", "outcome")
            ) == [("add_product", "ok"), ("order_from_supplier", "failed")]
            assert not CallRecord.objects.using("default").exists()
            assert list(Product.objects.values_list("sku", flat=True)) == ["a"]
            assert CallRecord.objects.prune(older_than=datetime.timedelta(0)) == 2


class TestLogLine:
    def lines(self, caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
        return [line for line in caplog.records if line.name == "django_mcp.calls"]

    def test_a_call_is_one_line_with_fields(
        self, db: None, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO, "django_mcp.calls")
        user = User.objects.create_user("ann")
        principal = caller(user, client_id="till")
        context = call_of("greet", principal=principal, arguments={"name": "Bob"})

        serve_here(context)

        (line,) = self.lines(caplog)
        assert line.levelname == "INFO"
        assert str(context.id) in line.getMessage()
        facts = vars(line)
        assert isinstance(facts["duration_ms"], int)
        assert {
            key: facts[key]
            for key in ("call_id", "kind", "tool", "outcome", "user_key", "client_id", "arguments")
        } == {
            "call_id": str(context.id),
            "kind": "tool",
            "tool": "greet",
            "outcome": "ok",
            "user_key": str(user.pk),
            "client_id": "till",
            "arguments": {"name": "Bob"},
        }

    @pytest.mark.parametrize(
        ("name", "level"),
        [("gone", "INFO"), ("get_product", "INFO"), ("order_from_supplier", "ERROR")],
    )
    def test_our_own_failures_alone_are_errors(
        self, db: None, caplog: pytest.LogCaptureFixture, name: str, level: str
    ) -> None:
        caplog.set_level(logging.INFO, "django_mcp.calls")
        arguments = {"sku": "x"} if name == "get_product" else {"note": "x"}

        with pytest.raises((ToolError, ToolFailedError, Exception)):
            serve_here(call_of(name, arguments=arguments))

        (line,) = self.lines(caplog)
        assert line.levelname == level
        assert bool(line.exc_info) is (level == "ERROR")


class TestClaim:
    def test_of_several_that_claim_it_one_may_finish_it(self, db: None) -> None:
        call = call_of("x")
        barrier = threading.Barrier(4)

        def claim() -> bool:
            barrier.wait(PATIENCE)
            return call.claim()

        with ThreadPoolExecutor(4) as executor:
            claims = [each.result() for each in [executor.submit(claim) for _ in range(4)]]

        assert sorted(claims) == [False, False, False, True]

    def test_a_call_that_has_ended_does_not_begin(self, db: None) -> None:
        """It was cancelled while it was admitted."""
        call = call_of("x")

        refuse(call, ToolError("over"))
        call.recording.begin(call)

        assert outcomes() == [Outcome.TOOL_ERROR]


def test_the_context_of_a_call_knows_the_call_id_of_its_row(db: None) -> None:
    told: list[Any] = []

    def tell(context: ToolContext) -> None:
        """Tell the call's id."""
        told.append(context.call_id)

    with offering(tell):
        serve_here(call_of("tell"))

    assert told == [CallRecord.objects.get().call_id]
