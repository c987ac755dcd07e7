"""The story of a call: who may, what runs when, what is rolled back, and what survives anything."""

import asyncio
import functools
import threading
from collections.abc import Callable
from contextlib import nullcontext, suppress
from decimal import Decimal
from typing import Annotated, Any
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync, markcoroutinefunction
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, connections, transaction
from pydantic import AfterValidator, BaseModel, field_validator
from pytest_django import Settings

from django_mcp import ToolError, dispatch
from django_mcp.dispatch import refuse
from django_mcp.exceptions import (
    BusyError,
    FollowUpFailedError,
    InvalidArgumentsError,
    InvalidResultError,
    MissingScopeError,
    RecordUnavailableError,
    ToolFailedError,
    UnknownToolError,
)
from django_mcp.models import CallRecord
from django_mcp.primitives.registry import get_registry
from django_mcp.signals import tool_called
from django_mcp.tools.tool import Tool
from tests.calls import PATIENCE, call_of, caller, offering, serve, serve_call, serve_here
from tests.databases import second_database
from tests.shop.models import Order, Product

Outcome = CallRecord.Outcome


def new_product(sku: str = "new") -> Product:
    return Product.objects.create(sku=sku, name=sku, price=Decimal(1))


def outcomes() -> list[str]:
    return list(CallRecord.objects.order_by("pk").values_list("outcome", flat=True))


def known(sku: str) -> str:
    if not Product.objects.filter(sku=sku).exists():
        raise ValueError("no such product")
    return sku


class Wish(BaseModel):
    """A product that somebody wants."""

    sku: str

    @field_validator("sku")
    @classmethod
    def is_known(cls, sku: str) -> str:
        return known(sku)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("annotation", "sent"),
    [(Annotated[str, AfterValidator(known)], "a"), (Wish, {"sku": "a"}), (list[Wish], [])],
    ids=["function", "model", "nested model"],
)
def test_validators_of_an_async_tool_may_query(annotation: Any, sent: Any) -> None:
    async def wish(what: Any) -> str:
        """Wish for a product."""
        return "granted"

    new_product("a")
    wish.__annotations__["what"] = annotation

    with offering(wish, name="wish", read_only=True):
        for _ in range(2):  # the first call reads what operators decided, too
            rendered = serve(call_of("wish", arguments={"what": sent or [{"sku": "a"}]}))
            assert rendered.structured == {"result": "granted"}


@pytest.mark.django_db
class TestTransactions:
    def test_a_tool_that_ends_well_keeps_what_it_wrote(self) -> None:
        serve_here(call_of("add_product", arguments={"sku": "a", "name": "A", "price": "1"}))

        assert Product.objects.filter(sku="a").exists()
        assert outcomes() == [Outcome.OK]

    def test_a_tool_error_rolls_back_what_was_written_before_it(self) -> None:
        user = User.objects.create_user("ann")
        product = new_product()

        with pytest.raises(ToolError):
            serve_here(
                call_of(
                    "place_order",
                    principal=caller(user),
                    arguments={"sku": product.sku, "quantity": 5},
                )
            )

        assert not product.orders.exists()
        assert outcomes() == [Outcome.TOOL_ERROR]

    def test_an_exception_rolls_back(self) -> None:
        with pytest.raises(ToolFailedError):
            serve_here(call_of("order_from_supplier", arguments={"note": "x"}))

        assert not Product.objects.exists()
        assert outcomes() == [Outcome.FAILED]

    def test_a_result_that_breaks_the_schema_rolls_back(self) -> None:
        with pytest.raises(ToolFailedError) as failure:
            serve_here(call_of("miscount"))

        assert isinstance(failure.value.__cause__, InvalidResultError)
        assert not Product.objects.exists()
        assert CallRecord.objects.get().error_class == "InvalidResultError"

    def test_a_tool_that_is_not_atomic_keeps_what_it_wrote_before_it_failed(self) -> None:
        def fail() -> None:
            """Write, and fail."""
            new_product()
            raise ToolError("no")

        with offering(fail, atomic=False), pytest.raises(ToolError):
            serve_here(call_of("fail"))

        assert Product.objects.exists()

    def test_atomic_may_name_another_database(self) -> None:
        """The transaction is there, and what is written elsewhere is not rolled back."""

        def fail() -> None:
            """Write in two databases, and fail."""
            new_product()
            Product.objects.using("second").create(sku="new", name="new", price=Decimal(1))
            raise ToolError("no")

        with second_database() as other:
            with connections[other].schema_editor() as editor:
                editor.create_model(Product)
            with offering(fail, atomic=other), pytest.raises(ToolError):
                serve_here(call_of("fail"))

            assert not Product.objects.using(other).exists()
        assert Product.objects.exists()


@pytest.mark.django_db(transaction=True)
class TestCommit:
    def test_hooks_on_commit_run_after_a_good_end_alone(self) -> None:
        ran: list[str] = []

        def hook(fail: bool) -> None:
            """Ask for a hook, and fail if told to."""
            transaction.on_commit(lambda: ran.append("fail" if fail else "good"))
            if fail:
                raise ToolError("no")

        with offering(hook):
            serve(call_of("hook", arguments={"fail": False}))
            with pytest.raises(ToolError):
                serve(call_of("hook", arguments={"fail": True}))

        assert ran == ["good"]

    @pytest.mark.parametrize(
        "error",
        [ZeroDivisionError(), ToolError("no"), SystemExit()],
        ids=lambda e: type(e).__name__,
    )
    def test_a_hook_that_fails_after_the_commit_says_that_the_work_is_saved(
        self, error: BaseException, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail() -> None:
            raise error

        def hook() -> str:
            """Write, and ask for a hook that fails."""
            new_product()
            transaction.on_commit(fail)
            return "written"

        with offering(hook), pytest.raises(FollowUpFailedError) as caught:
            serve(call_of("hook"))

        record = CallRecord.objects.get()
        assert Product.objects.exists()
        assert caught.value.result.structured == {"result": "written"}
        assert caught.value.retryable is False
        assert (record.outcome, record.error_class) == ("follow_up_failed", type(error).__name__)
        [line] = [line for line in caplog.records if line.name == "django_mcp.calls"]
        assert line.levelname == "ERROR"
        assert line.exc_info is not None
        assert line.exc_info[1] is error

    def test_hooks_after_one_that_fails_do_not_run_as_ever_in_django(self) -> None:
        ran: list[str] = []

        def hook() -> None:
            """Ask for three hooks."""
            transaction.on_commit(lambda: ran.append("first"))
            transaction.on_commit(lambda: 1 // 0)
            transaction.on_commit(lambda: ran.append("last"))

        with offering(hook), pytest.raises(FollowUpFailedError):
            serve(call_of("hook"))

        assert ran == ["first"]

    def test_a_robust_hook_that_fails_leaves_the_call_as_it_is(self) -> None:
        def hook() -> None:
            """Ask for a hook that may fail."""
            transaction.on_commit(lambda: 1 // 0, robust=True)

        with offering(hook):
            serve(call_of("hook"))

        assert outcomes() == [Outcome.OK]

    @pytest.mark.parametrize("is_own", [True, False], ids=["own block", "no block"])
    def test_a_hook_of_the_tool_s_own_transaction_is_its_own_failure(self, is_own: bool) -> None:
        def hook() -> None:
            """Write in a transaction of its own, with a hook that fails."""
            with transaction.atomic() if is_own else nullcontext():
                new_product()
                transaction.on_commit(lambda: 1 // 0)

        with offering(hook, atomic=False), pytest.raises(ToolFailedError):
            serve(call_of("hook"))

        assert Product.objects.exists()
        assert CallRecord.objects.get().error_class == "ZeroDivisionError"

    def test_a_commit_that_fails_saves_nothing_and_says_so(self) -> None:
        def commit() -> None:
            """Break a rule that is judged at the commit."""
            Order.objects.create(buyer_id=999, product=new_product(), quantity=1)

        with offering(commit), pytest.raises(ToolFailedError):
            serve(call_of("commit"))

        assert not Product.objects.exists()
        assert outcomes() == [Outcome.FAILED]

    def test_an_async_tool_uses_the_async_orm(self) -> None:
        product = new_product()

        result = serve(call_of("restock", arguments={"sku": product.sku, "quantity": 3}))

        assert result.structured == {"result": 3}
        assert outcomes() == [Outcome.OK]

    def test_a_read_only_tool_runs_in_no_transaction(self) -> None:
        def look() -> bool:
            """Look whether there is a transaction."""
            return connection.in_atomic_block

        with offering(look, read_only=True):
            assert serve(call_of("look")).structured == {"result": False}
        with offering(look):
            assert serve(call_of("look")).structured == {"result": True}


@pytest.mark.django_db
class TestOrderOfJudgement:
    """A hidden tool before its scopes, the scopes before the arguments."""

    def test_scopes_are_judged_before_arguments(self) -> None:
        with pytest.raises(MissingScopeError) as refusal:
            serve_here(call_of("get_product", principal=caller(scopes=()), arguments={"x": 1}))

        assert refusal.value.required == {"shop:read"}
        assert outcomes() == [Outcome.MISSING_SCOPE]

    def test_every_scope_is_named_when_one_is_missing(self) -> None:
        principal = caller(User.objects.create_user("ann"), scopes=["shop:read"])

        with pytest.raises(MissingScopeError) as refusal:
            serve_here(call_of("place_order", principal=principal))

        assert refusal.value.required == {"shop:read", "shop:write"}

    @pytest.mark.parametrize("name", ["nothing_like_it", "delete_product"])
    def test_a_hidden_tool_is_refused_exactly_like_a_missing_one(self, name: str) -> None:
        with pytest.raises(UnknownToolError) as refusal:
            serve_here(call_of(name, principal=caller(scopes=()), arguments={"no": 1}))

        assert str(refusal.value) == f"Unknown tool: {name}"
        assert outcomes() == [Outcome.UNKNOWN_TOOL]

    def test_bad_arguments_are_refused_before_the_tool_runs(self) -> None:
        with pytest.raises(InvalidArgumentsError):
            serve_here(call_of("add_product", arguments={"sku": 5}))

        assert outcomes() == [Outcome.INVALID_ARGUMENTS]


@pytest.mark.django_db
class TestRefusal:
    """What HTTP turns away before it reaches `serve`."""

    def test_a_refusal_is_on_record_once(self) -> None:
        tool = get_registry().find(Tool, "list_products")
        error = MissingScopeError(required={"shop:read"}, granted=())

        call = call_of("list_products", principal=caller(scopes=()))
        call.target = tool
        refuse(call, error)

        assert outcomes() == [Outcome.MISSING_SCOPE]


@pytest.mark.django_db
class TestStrangeErrors:
    """Whatever a tool raises, its call has one row that says so."""

    @pytest.fixture(params=["sync", "async"])
    def fail(self, request: pytest.FixtureRequest) -> Callable[[BaseException], None]:
        """Calls a tool, sync or async, that raises the given exception."""
        errors: list[BaseException] = []

        def fail_sync() -> None:
            """Raise it."""
            raise errors[0]

        async def fail_async() -> None:
            """Raise it."""
            raise errors[0]

        function = fail_sync if request.param == "sync" else fail_async

        def call(error: BaseException) -> None:
            errors[:] = [error]
            with offering(function):
                serve_here(call_of(function.__name__))

        return call

    @pytest.mark.parametrize(
        "error",
        [
            UnknownToolError("other"),
            MissingScopeError(required={"x"}, granted=()),
            InvalidArgumentsError([]),
            BusyError(),
            RecordUnavailableError(),
            SystemExit(3),
            StopIteration(),
            StopAsyncIteration(),
            TimeoutError(),
            asyncio.CancelledError(),
            DatabaseError("it"),
            RecursionError(),
        ],
        ids=lambda error: type(error).__name__,
    )
    def test_what_a_tool_raises_is_never_taken_for_ours(
        self, fail: Callable[[BaseException], None], error: BaseException
    ) -> None:
        with pytest.raises(ToolFailedError) as failure:
            fail(error)

        record = CallRecord.objects.get()
        assert record.outcome == Outcome.FAILED
        assert failure.value.call_id == record.call_id


@pytest.mark.django_db(transaction=True)
class TestBrokenConnections:
    """Whatever a tool does to its connection, its call has one row, and the next is served."""

    def test_a_tool_that_closes_its_connection_does_not_harm_the_next_call(self) -> None:
        def hang_up() -> None:
            """Close the connection."""
            connection.close()

        with offering(hang_up, atomic=False):
            for _ in range(10):
                serve(call_of("hang_up"))

        assert outcomes() == [Outcome.OK] * 10

    def test_a_tool_that_closes_its_connection_in_a_transaction_has_not_ended_well(self) -> None:
        """What it wrote is lost, and the database would say nothing."""

        def hang_up() -> None:
            """Write, and close the connection."""
            new_product()
            connection.close()

        with offering(hang_up):
            for _ in range(10):
                with pytest.raises(ToolFailedError):
                    serve(call_of("hang_up"))

        assert outcomes() == [Outcome.FAILED] * 10
        assert not Product.objects.exists()

    @pytest.mark.parametrize("options", [{"read_only": True}, {"atomic": False}, {}])
    def test_a_tool_whose_connection_breaks_is_on_record_all_the_same(
        self, options: dict[str, Any]
    ) -> None:
        def break_off() -> None:
            """Lose the connection to the database."""
            connection.ensure_connection()
            connection.connection.close()
            Product.objects.count()

        with offering(break_off, **options):
            for _ in range(10):
                with pytest.raises(ToolFailedError):
                    serve(call_of("break_off"))

        assert outcomes() == [Outcome.FAILED] * 10

    @pytest.mark.parametrize("options", [{"read_only": True}, {"atomic": False}])
    def test_a_tool_that_swallows_a_database_error_does_not_harm_the_next_call(
        self, options: dict[str, Any]
    ) -> None:
        with offering(swallow, **options):
            for _ in range(10):
                serve(call_of("swallow"))

        assert outcomes() == [Outcome.OK] * 10

    def test_a_tool_that_swallows_a_database_error_is_told_if_its_transaction_is_lost(
        self,
    ) -> None:
        """PostgreSQL keeps nothing of such a transaction; SQLite keeps the rest of it."""
        is_lost = connection.vendor == "postgresql"

        with (
            offering(swallow),
            pytest.raises(ToolFailedError) if is_lost else nullcontext(),
        ):
            serve(call_of("swallow"))

        assert outcomes() == [Outcome.FAILED if is_lost else Outcome.OK]
        assert Product.objects.exists() is not is_lost

    def test_a_transaction_within_a_tool_may_fail(self) -> None:
        def retry() -> None:
            """Fail within a transaction of its own, and go on."""
            with suppress(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT nonsense")
            new_product()

        with offering(retry):
            serve(call_of("retry"))

        assert Product.objects.exists()

    def test_a_tool_may_roll_its_transaction_back_on_purpose(self) -> None:
        def rehearse() -> int:
            """Do as if."""
            new_product()
            found = Product.objects.count()
            transaction.set_rollback(True)
            return found

        with offering(rehearse):
            assert serve(call_of("rehearse")).structured == {"result": 1}

        assert not Product.objects.exists()


def swallow() -> str:
    """Write, and ask the database for nonsense."""
    new_product(uuid4().hex)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT nonsense")
    except DatabaseError:
        return "swallowed"
    return "no error"


@pytest.mark.django_db(transaction=True)
class TestCancellation:
    def test_a_cancelled_async_tool_ends_and_is_on_record(self) -> None:
        started = asyncio.Event()

        async def wait() -> None:
            """Wait for ever."""
            started.set()
            await asyncio.Event().wait()

        async def leave() -> None:
            call = asyncio.create_task(serve_call(call_of("wait")))
            await asyncio.wait_for(started.wait(), PATIENCE)
            call.cancel()
            await call

        with offering(wait), pytest.raises(asyncio.CancelledError):
            asyncio.run(leave())

        assert outcomes() == [Outcome.CANCELLED]

    def test_a_sync_tool_is_finished_and_recorded_though_nobody_waits(self) -> None:
        started, go_on = threading.Event(), threading.Event()
        recorded = threading.Event()

        def on_record(**kwargs: Any) -> None:
            recorded.set()

        def work() -> None:
            """Write when told to go on."""
            started.set()
            assert go_on.wait(PATIENCE)
            new_product()

        async def leave() -> None:
            call = asyncio.create_task(serve_call(call_of("work")))
            assert await asyncio.to_thread(started.wait, PATIENCE)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            go_on.set()
            assert await asyncio.to_thread(recorded.wait, PATIENCE)

        tool_called.connect(on_record)
        try:
            with offering(work):
                asyncio.run(leave())
        finally:
            tool_called.disconnect(on_record)

        assert Product.objects.exists()
        assert outcomes() == [Outcome.OK]

    def test_a_call_that_leaves_while_it_is_admitted_has_one_row_that_says_cancelled(self) -> None:
        """Whenever the cancellation comes, however far the control thread is."""

        async def note() -> None:
            """Wait until cancelled."""
            await asyncio.Event().wait()

        async def leave(after: int) -> None:
            tool = get_registry().find(Tool, "note")
            note = call_of("note")
            note.target = tool
            call = asyncio.create_task(dispatch.serve(note))
            for _ in range(after):
                await asyncio.sleep(0)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call

        async def leave_often() -> None:
            for turns in range(1, 30):
                await leave(turns)

        with offering(note):
            asyncio.run(leave_often())

        assert set(outcomes()) == {Outcome.CANCELLED}
        assert CallRecord.objects.count() == 29


@pytest.mark.django_db(transaction=True)
class TestBusy:
    def test_a_call_that_finds_no_thread_is_refused_and_on_record(self, settings: Settings) -> None:
        settings.DJANGO_MCP_BUSY_AFTER = 0.05
        release = threading.Event()
        started = threading.Semaphore(0)

        def hold() -> None:
            """Hold a thread."""
            started.release()
            assert release.wait(PATIENCE)

        async def crowd() -> tuple[Any, Any]:
            holders = [asyncio.create_task(serve_call(call_of("hold"))) for _ in range(8)]
            for _ in holders:
                assert await asyncio.to_thread(started.acquire, timeout=PATIENCE)
            late = await asyncio.gather(
                serve_call(call_of("hold")),
                serve_call(call_of("nothing_like_it")),
                return_exceptions=True,
            )
            release.set()
            await asyncio.gather(*holders)
            return late

        with offering(hold, read_only=True):
            known, unknown = asyncio.run(crowd())

        assert isinstance(known, BusyError)
        assert isinstance(unknown, UnknownToolError)
        assert sorted(outcomes()) == sorted([Outcome.BUSY, Outcome.UNKNOWN_TOOL, *[Outcome.OK] * 8])


# Decorators.


def passed_on(function: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator that hands on what the function returns, a coroutine or not."""

    @functools.wraps(function)
    def passing(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return passing


def marked(function: Callable[..., Any]) -> Callable[..., Any]:
    return markcoroutinefunction(passed_on(function))


def driven(function: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator that makes an async function sync."""

    @functools.wraps(function)
    def driving(*args: Any, **kwargs: Any) -> Any:
        return async_to_sync(function)(*args, **kwargs)

    return driving


async def add_new(sku: str, fails: bool = False) -> int:
    """Add a product."""
    await Product.objects.acreate(sku=sku, name=sku, price=Decimal(1))
    if fails:
        raise ToolError("No.")
    return await Product.objects.acount()


@pytest.mark.parametrize("decorator", [passed_on, marked, driven])
@pytest.mark.parametrize("serve", [serve, serve_here])
@pytest.mark.parametrize("options", [{}, {"background": True}])
@pytest.mark.django_db(transaction=True)
def test_async_function_behind_a_decorator_is_awaited(
    decorator: Callable[..., Any], serve: Callable[..., Any], options: dict[str, Any]
) -> None:
    with offering(decorator(add_new), **options):
        result = serve(call_of("add_new", arguments={"sku": "a"}))

    assert result.structured == {"result": 1}
    assert outcomes() == [Outcome.OK]


@pytest.mark.parametrize(("decorator", "kept"), [(passed_on, 0), (marked, 1), (driven, 0)])
@pytest.mark.django_db(transaction=True)
def test_only_what_is_not_marked_as_async_runs_in_a_transaction(
    decorator: Callable[..., Any], kept: int
) -> None:
    with offering(decorator(add_new)), pytest.raises(ToolError, match="No"):
        serve(call_of("add_new", arguments={"sku": "a", "fails": True}))

    assert Product.objects.count() == kept
