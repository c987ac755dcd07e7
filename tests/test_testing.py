"""`MCPClient`: what the tests of a project can do with it."""

import datetime
import threading
import uuid
from collections.abc import Iterator
from decimal import Decimal

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.test import TestCase
from mcp_types import ImageContent
from pytest_django import Settings

from django_mcp import ToolContext, ToolError
from django_mcp.exceptions import (
    ElicitationRequest,
    InvalidArgumentsError,
    MissingScopeError,
    ResourceNotFoundError,
    ToolFailedError,
    UnknownPromptError,
    UnknownToolError,
)
from django_mcp.models import CallRecord, PromptTemplate, ToolGroup, ToolTask
from django_mcp.testing import Completion, MCPClient
from tests.background import asking_tools
from tests.calls import offering, serving_declared
from tests.protocol.completable import COMPLETABLE, given
from tests.protocol.documents import DOCUMENTS
from tests.shop.models import Order, Product


class TestInTestCase(TestCase):
    """Everything happens within the test's transaction."""

    ann: User
    pen: Product

    @classmethod
    def setUpTestData(cls) -> None:
        cls.ann = User.objects.create_user("ann")
        cls.pen = Product.objects.create(sku="pen", name="Pen", price=Decimal("1.50"), stock=10)

    def test_tools_see_what_the_test_has_made(self) -> None:
        result = MCPClient(self.ann).call("get_product", sku="pen")

        assert result.data == {"sku": "pen", "name": "Pen", "price": "1.50", "stock": 10}

    def test_the_test_sees_what_tools_have_written(self) -> None:
        day = datetime.date(2026, 3, 1)

        result = MCPClient(self.ann).call("place_order", sku="pen", quantity=2, deliver_on=day)

        order = Order.objects.get()
        assert (order.buyer, order.quantity, order.deliver_on) == (self.ann, 2, day)
        assert result.data == {
            "id": order.pk,
            "product__sku": "pen",
            "quantity": 2,
            "deliver_on": "2026-03-01",
        }

    def test_what_one_test_has_written_the_next_does_not_find(self) -> None:
        """Whichever of these runs first."""
        assert not Order.objects.exists()
        assert not CallRecord.objects.exists()
        assert Product.objects.get().stock == 10

    def test_hooks_of_the_commit_are_the_tool_s_alone(self) -> None:
        def act() -> None:
            """Ask for a hook."""
            transaction.on_commit(lambda: None)

        with offering(act), self.captureOnCommitCallbacks() as callbacks:
            MCPClient().call("act")

        assert len(callbacks) == 1

    def test_async_tools_share_the_transaction(self) -> None:
        assert MCPClient(self.ann).call("restock", sku="pen", quantity=5).data == 15
        assert Product.objects.get().stock == 15

    async def test_async_tests_call_tools_too(self) -> None:
        client = MCPClient(self.ann)

        assert (await client.acall("count_products")).data == 1
        result = await client.acall("place_order", sku="pen", quantity=1)

        assert not result.is_error
        assert await Order.objects.acount() == 1
        assert await CallRecord.objects.acount() == 2

    async def test_async_tests_list_tools_in_a_thread(self) -> None:
        tools = await sync_to_async(MCPClient(self.ann).list_tools)()

        assert "get_product" in {tool.name for tool in tools}

    def test_tools_run_on_the_thread_of_the_test(self) -> None:
        def where() -> int:
            """Say which thread it is."""
            return threading.get_ident()

        with offering(where):
            assert MCPClient(self.ann).call("where").data == threading.get_ident()

    def test_a_tool_that_fails_leaves_the_transaction_usable(self) -> None:
        result = MCPClient(self.ann).call("order_from_supplier", note="x")

        assert result.is_error
        assert Product.objects.count() == 1


@pytest.fixture
def ann(db: None) -> User:
    Product.objects.create(sku="pen", name="Pen", price=Decimal("1.50"), stock=3)
    return User.objects.create_user("ann")


def test_calls_with_an_idempotency_key_are_run_once(ann: User) -> None:
    client = MCPClient(ann).with_idempotency_key("order-7")

    first, second = (client.call("restock", sku="pen", quantity=5) for _ in "12")
    refused = client.call("restock", sku="pen", quantity=6)

    assert (first.data, first.is_repeated) == (8, False)
    assert (second.data, second.is_repeated) == (8, True)
    assert refused.error["kind"] == "idempotency_conflict"
    assert MCPClient(ann).call("restock", sku="pen", quantity=5).data == 13


def test_dates_decimals_and_uuids_are_sent_as_clients_send_them(ann: User) -> None:
    def echo(
        day: datetime.date, at: datetime.datetime, price: Decimal, key: uuid.UUID
    ) -> list[str]:
        """Say what came."""
        return [type(each).__name__ for each in (day, at, price, key)]

    with offering(echo):
        result = MCPClient(ann).call(
            "echo",
            day=datetime.date(2026, 1, 31),
            at=datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.UTC),
            price=Decimal("1.50"),
            key=uuid.UUID(int=7),
        )

    assert result.data == ["date", "datetime", "Decimal", "UUID"]


def test_arguments_may_have_any_name(ann: User) -> None:
    assert MCPClient(ann).call("greet", name="Bob").data == "Hello Bob"


def test_a_user_holds_every_scope_unless_told_otherwise(ann: User) -> None:
    assert not MCPClient(ann).call("list_products").is_error
    assert MCPClient(ann).principal.scopes >= {"shop:read", "shop:write"}
    assert MCPClient(ann, scopes=[]).principal.scopes == frozenset()


def test_an_anonymous_caller_holds_none(ann: User) -> None:
    client = MCPClient()

    assert client.principal.is_anonymous
    assert client.principal.scopes == frozenset()
    assert client.principal.client_id == ""
    assert client.call("greet").data == "Hello stranger"
    with pytest.raises(MissingScopeError):
        client.call("list_products")


def test_a_missing_scope_is_raised_with_all_that_are_needed(ann: User) -> None:
    with pytest.raises(MissingScopeError) as refusal:
        MCPClient(ann, scopes=["shop:read"]).call("place_order", sku="pen", quantity=1)

    assert refusal.value.required == {"shop:read", "shop:write"}
    assert CallRecord.objects.get().outcome == "missing_scope"


@pytest.mark.parametrize("name", ["gone", "delete_product"])
def test_an_unknown_or_hidden_tool_is_raised(ann: User, name: str) -> None:
    with pytest.raises(UnknownToolError):
        MCPClient(ann).call(name)


def test_a_tool_error_is_a_result(ann: User) -> None:
    result = MCPClient(ann).call("place_order", sku="pen", quantity=5)

    assert result.is_error
    assert result.error == {
        "kind": "tool_error",
        "error": "Only 3 are left.",
        "retryable": True,
        "hint": "Order less.",
        "retry_after": 60,
    }
    assert result.text == "Only 3 are left.\nOrder less.\nWait 60 seconds before you try again."
    assert result.structured is None
    assert not Order.objects.exists()


def test_bad_arguments_are_a_result_that_names_each(ann: User) -> None:
    result = MCPClient(ann).call("place_order", quantity=0, colour="red")

    assert result.is_error
    assert [line.split(":")[0] for line in result.text.splitlines()[1:]] == [
        "- sku",
        "- quantity",
        "- colour",
    ]


def test_a_failure_is_a_result_that_tells_only_the_call_id(ann: User) -> None:
    result = MCPClient(ann).call("order_from_supplier", note="x")

    assert result.is_error
    assert str(result.call_id) in result.text
    assert "hunter2" not in repr(result)


def test_the_call_id_is_the_one_on_record(ann: User) -> None:
    result = MCPClient(ann, client_id="till").call("opening_hours")

    record = CallRecord.objects.get(call_id=result.call_id)
    assert (record.username, record.client) == ("ann", "till")


@pytest.mark.parametrize(
    ("structured", "data"),
    [
        ("one", "one"),
        ({"a": 1}, {"a": 1}),
        ({"result": 1}, {"result": 1}),
        ([1], [1]),
        (None, None),
    ],
)
def test_data_is_what_the_tool_returned(ann: User, structured: object, data: object) -> None:
    def give() -> object:
        """Give it."""
        return structured

    give.__annotations__["return"] = (
        dict[str, int]
        if isinstance(structured, dict)
        else (type(structured) if structured is not None else None)
    )
    with offering(give):
        assert MCPClient(ann).call("give").data == data


def test_content_comes_as_blocks(ann: User) -> None:
    result = MCPClient(ann).call("product_picture", sku="pen")

    assert result.text == "pen"
    assert result.structured is None
    assert isinstance(result.content[1], ImageContent)


@pytest.mark.parametrize("name", ["import_products", "take_stock"])
def test_progress_is_collected(ann: User, name: str) -> None:
    arguments = {"names": ["A", "B", "C"]} if name == "import_products" else {}
    for number in range(2):
        Product.objects.create(sku=f"more-{number}", name="More", price=1)

    result = MCPClient(ann).call(name, **arguments)

    assert not result.is_error
    done = [report.done for report in result.progress]
    assert done == sorted(set(done))
    assert (result.progress[-1].done, result.progress[-1].total) == (3, 3)


def test_a_list_has_what_the_caller_sees_as_the_wire_has_it(ann: User) -> None:
    tools = {tool.name: tool for tool in MCPClient(ann).list_tools()}

    assert list(tools) == sorted(tools)
    assert "delete_product" not in tools
    assert "my_orders" not in {tool.name for tool in MCPClient().list_tools()}
    assert tools["place_order"].input_schema["required"] == ["sku", "quantity"]
    assert "buyer" not in tools["place_order"].input_schema["properties"]
    annotations = tools["list_products"].annotations
    assert annotations is not None
    assert annotations.read_only_hint


def test_what_operators_change_counts_at_once(ann: User) -> None:
    client = MCPClient(ann)
    client.call("opening_hours")

    ToolGroup.objects.filter(name="desk").update(enabled=False)

    with pytest.raises(UnknownToolError):
        client.call("opening_hours")
    assert "opening_hours" not in {tool.name for tool in client.list_tools()}


def test_error_has_a_note_of_what_hides_a_tool(ann: User) -> None:
    ToolGroup.objects.filter(name="desk").update(enabled=False)

    with pytest.raises(UnknownToolError) as closed:
        MCPClient(ann).call("opening_hours")
    with pytest.raises(UnknownToolError) as missing:
        MCPClient(ann).call("gone")

    assert closed.value.__notes__ == [
        (
            "opening_hours is hidden from this caller: its group is disabled; "
            "ToolGroup.objects.filter(name='desk').update(enabled=True)"
        )
    ]
    assert not hasattr(missing.value, "__notes__")


def test_the_context_of_a_tool_is_that_of_the_client(ann: User) -> None:
    seen: list[ToolContext] = []

    def look(context: ToolContext) -> None:
        """Keep the context."""
        seen.append(context)

    client = MCPClient(ann)
    with offering(look):
        result = client.call("look")

    assert seen[0].user == ann
    assert seen[0].principal is client.principal
    assert seen[0].call_id == result.call_id
    assert not seen[0].is_cancelled


@pytest.mark.django_db
@pytest.mark.parametrize("is_async", [False, True])
def test_background_tool_runs_at_once_in_the_transaction_of_the_test(is_async: bool) -> None:
    def count(context: ToolContext) -> int:
        """Count what the test has made."""
        context.report_progress(1, 2, "first")
        return Product.objects.count()

    async def acount(context: ToolContext) -> int:
        """Count what the test has made, on the loop."""
        context.report_progress(1, 2, "first")
        return await Product.objects.acount()

    Product.objects.create(sku="pen", name="Pen", price=Decimal(1))
    with offering(acount if is_async else count, background=True):
        result = MCPClient().call("acount" if is_async else "count")

    assert result.data == 1
    assert [report.message for report in result.progress] == ["first"]
    assert CallRecord.objects.get().outcome == "ok"
    assert ToolTask.objects.get().status == ToolTask.Status.COMPLETED


class TestQuestions(TestCase):
    """Background tools run in the test's thread too, and their questions come to the test."""

    @pytest.fixture(autouse=True)
    def offered(self) -> Iterator[None]:
        with serving_declared(asking_tools.TOOLS):
            yield

    def test_user_answers_what_a_tool_asks_before_and_while_it_runs(self) -> None:
        asked: list[str] = []

        def answer(question: ElicitationRequest) -> dict[str, object]:
            asked.append(question.message)
            return {"name": "Ada", "born": datetime.date(1815, 12, 10)}

        client = MCPClient(answer=answer)

        assert client.call("remove", name="x").data == "x by Ada"
        assert client.call("marry").data == "Ada and Ada"
        assert client.call("amarry").data == "Ada and Ada"
        assert asked == ["Who removes x?", *["Who?", "And who?"] * 2]
        outcomes = CallRecord.objects.order_by("pk").values_list("outcome", flat=True)
        assert list(outcomes) == ["input_required", "ok", "ok", "ok"]

    def test_none_declines(self) -> None:
        result = MCPClient(answer=lambda question: None).call("found", name="Owls")

        assert result.error["error"] == "The user declined to answer: Keep Owls?"
        assert not Group.objects.exists()

    def test_client_without_an_answer_cannot_be_asked(self) -> None:
        for name, arguments in (("clear", {}), ("found", {"name": "Owls"})):
            result = MCPClient().call(name, **arguments)

            assert "this client cannot be asked" in result.error["error"]


@pytest.fixture
def documents(db: None) -> Iterator[None]:
    """Resources and prompts, of which those of the group `closed` are hidden."""
    ToolGroup.objects.update_or_create(name="closed", defaults={"enabled": False})
    with serving_declared([*DOCUMENTS, *COMPLETABLE]):
        yield


@pytest.mark.parametrize(
    ("uri", "text", "data"),
    [
        ("shop://hours", "Nine to five", "Nine to five"),
        ("shop://ahours", "Nine to five", "Nine to five"),
        ("shop://logo", "", b"\x00\xff"),
        (
            "shop://bill/7",
            '[{"item":"bill 7","price":1.5}]',
            [{"item": "bill 7", "price": 1.5}],
        ),
        ("shop://parts", "one\nthree", ["one", b"two", "three"]),
    ],
)
def test_a_read_has_its_contents(documents: None, uri: str, text: str, data: object) -> None:
    result = MCPClient().read(uri)

    assert (result.text, result.data) == (text, data)
    assert result.contents[0].uri == uri
    record = CallRecord.objects.get(call_id=result.call_id)
    assert (record.kind, record.outcome) == ("resource", "ok")


def test_a_read_has_the_rows_of_the_test_and_its_user(documents: None) -> None:
    Group.objects.create(name="staff")
    ann = User.objects.create_user("ann")

    own = MCPClient(ann).read("shop://own")

    assert MCPClient().read("shop://group/staff").data == {"name": "staff"}
    assert MCPClient().read("shop://agroup/staff").data == {"name": "staff"}
    assert own.text == f"ann {own.call_id}"


@pytest.mark.parametrize(
    "uri",
    [
        "shop://missing",
        "shop://hidden",
        "shop://own",  # for anonymous callers
        "shop://forbidden",
        "shop://group/missing",
        "shop://agroup/missing",
    ],
)
def test_what_may_not_be_read_is_not_found(documents: None, uri: str) -> None:
    with pytest.raises(ResourceNotFoundError) as refusal:
        MCPClient().read(uri)

    assert refusal.value.uri == uri


def test_error_has_a_note_of_what_hides_a_resource_or_prompt(documents: None) -> None:
    with pytest.raises(ResourceNotFoundError) as own:
        MCPClient().read("shop://own")
    with pytest.raises(UnknownPromptError) as prompt:
        MCPClient().prompt("hidden_prompt")
    with pytest.raises(ResourceNotFoundError) as gone:
        MCPClient().read("shop://group/missing")

    assert own.value.__notes__ == ["own is hidden from this caller: it needs a user"]
    assert prompt.value.__notes__ == [
        (
            "hidden_prompt is hidden from this caller: its group is disabled; "
            "ToolGroup.objects.filter(name='closed').update(enabled=True)"
        )
    ]
    assert not hasattr(gone.value, "__notes__")


def test_other_failures_of_a_read_are_raised_as_they_are(documents: None) -> None:
    for uri, error in (
        ("shop://bill/0", InvalidArgumentsError),
        ("shop://refused", ToolError),
        ("shop://broken", ToolFailedError),
        ("shop://abroken", ToolFailedError),
    ):
        with pytest.raises(error) as failure:
            MCPClient().read(uri)

        assert CallRecord.objects.latest("pk").outcome == failure.value.outcome


def test_invalid_arguments_are_told_where_a_test_fails(documents: None) -> None:
    with pytest.raises(InvalidArgumentsError) as failure:
        MCPClient().read("shop://bill/0")

    (violation,) = failure.value.violations
    assert violation.path == "number"
    assert str(failure.value) == f"The arguments are invalid.\n- number: {violation.reason}"


def test_a_prompt_has_its_messages(documents: None) -> None:
    result = MCPClient().prompt("greet", name="Ann", times=2, day=datetime.date(2026, 2, 3))
    loud = MCPClient().prompt("agreet", name="Ann", loud=True)

    assert result.text == "Say hello to Ann 2 times on datetime.date(2026, 2, 3)."
    assert result.description == "Greet somebody."
    assert loud.text == "Hello Ann\nLoud: True"
    assert [message.role for message in loud.messages] == ["user", "assistant"]
    record = CallRecord.objects.get(call_id=result.call_id)
    assert record.arguments == {"name": "Ann", "times": "2", "day": "2026-02-03"}


def test_failures_of_a_prompt_are_raised(documents: None) -> None:
    for name, error in (
        ("missing", UnknownPromptError),
        ("hidden_prompt", UnknownPromptError),
        ("greet", InvalidArgumentsError),
        ("refused_prompt", ToolError),
        ("broken_prompt", ToolFailedError),
        ("scoped", MissingScopeError),
    ):
        with pytest.raises(error):
            MCPClient().prompt(name)


def test_a_user_holds_the_scopes_of_every_kind(documents: None) -> None:
    ann = User.objects.create_user("ann")

    assert MCPClient(ann).principal.scopes == {"shop:read"}
    assert MCPClient(ann).prompt("scoped").text == ""
    with pytest.raises(MissingScopeError):
        MCPClient(ann, scopes=[]).prompt("scoped")


def test_lists_have_every_page_of_what_the_caller_sees(documents: None, settings: Settings) -> None:
    settings.DJANGO_MCP_LIST_PAGE_SIZE = 2
    client = MCPClient()

    resources = [each.uri for each in client.list_resources()]
    templates = [each.uri_template for each in client.list_resource_templates()]
    prompts = [each.name for each in client.list_prompts()]

    assert {"shop://hours", "shop://fixed"} <= set(resources)
    assert {"shop://bill/{number}"} <= set(templates)
    assert {"greet", "remind"} <= set(prompts)
    for found in (resources, templates, prompts):
        assert len(found) == len(set(found)) > 2
        assert not [each for each in found if "hidden" in each]


def test_lists_have_prompts_of_operators(documents: None) -> None:
    group = ToolGroup.objects.create(name="office", enabled=True)
    PromptTemplate.objects.create(
        name="written", description="Say hello.", group=group, text="Hello"
    )

    assert "written" in [each.name for each in MCPClient().list_prompts()]
    assert MCPClient().prompt("written").text == "Hello"


def test_completions_are_those_of_the_caller(documents: None) -> None:
    ann, bob = (User.objects.create_user(name) for name in ("ann", "bob"))
    pen = Product.objects.create(sku="pen", name="Pen", price=Decimal(1))
    order = Order.objects.create(buyer=ann, product=pen, quantity=1)
    own = Completion(values=(str(order.pk),), total=1, has_more=False)

    for argument in ("order", "aorder"):
        assert MCPClient(ann).complete("remind", argument) == own
        assert MCPClient(bob).complete("remind", argument) == Completion()
    assert MCPClient(ann).complete("shop://orders/{order}", "order", str(order.pk)[0]) == own
    assert MCPClient().complete("paint", "colour", "r").values == ("red", "Rosé")
    assert MCPClient(ann, scopes=[]).complete("scoped", "kind") == Completion()
    given.clear()
    MCPClient().complete("typed", "typed", "a", day=datetime.date(2026, 1, 31), number=3)
    assert given == [("a", {"day": datetime.date(2026, 1, 31), "number": 3})]
    assert not CallRecord.objects.exists()


def test_what_cannot_be_completed_is_raised(documents: None) -> None:
    for target, argument, error in (
        ("missing", "a", UnknownPromptError),
        ("hidden_question", "secret", UnknownPromptError),
        ("shop://hidden/{secret}", "secret", ResourceNotFoundError),
        ("shop://orders/1", "order", ResourceNotFoundError),
        ("remind", "missing", InvalidArgumentsError),
    ):
        with pytest.raises(error):
            MCPClient().complete(target, argument)


class TestEveryKindInAsyncTests(TestCase):
    """Within the test's transaction, as calls are."""

    @pytest.fixture(autouse=True)
    def offered(self) -> Iterator[None]:
        with serving_declared([*DOCUMENTS, *COMPLETABLE]):
            yield

    async def test_async_tests_read_and_complete_too(self) -> None:
        await Group.objects.acreate(name="staff")
        client = MCPClient(await User.objects.acreate(username="ann"))

        for uri in ("shop://group/staff", "shop://agroup/staff"):
            assert (await client.aread(uri)).data == {"name": "staff"}
        assert (await client.aprompt("agreet", name="Ann")).text == "Hello Ann\nLoud: False"
        for argument in ("order", "aorder", "sku", "asku"):
            assert await client.acomplete("remind", argument) == Completion()
        assert [each.uri for each in await sync_to_async(client.list_resources)()]
        assert await CallRecord.objects.acount() == 3
