"""The exceptions of Django that service code raises, and what clients are told of them."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Annotated, Any

import pytest
from django import forms
from django.contrib.auth.models import Permission, User
from django.core.exceptions import (
    MultipleObjectsReturned,
    ObjectDoesNotExist,
    PermissionDenied,
    ValidationError,
)
from django.core.validators import MinValueValidator, validate_email
from django.db import IntegrityError, connection
from django.db.models import ProtectedError, RestrictedError
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from pydantic import AfterValidator
from pytest_django import Settings

from django_mcp import ToolError
from django_mcp.models import CallRecord
from django_mcp.testing import MCPClient, ToolResult
from tests.calls import offering
from tests.shop.models import Order, Product, Shelf

pytestmark = pytest.mark.django_db

SECRET = "hunter2-s3cret"
SYNC_AND_ASYNC = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])


class SoldOutError(Exception):
    """What a project raises; its text is not for clients."""


class LastPieceSoldError(SoldOutError):
    """One kind of it."""


class ThrottledError(Exception):
    """Has the shape of Django REST framework's `Throttled`."""

    status_code = 429
    detail = "Request was throttled."
    wait = 30

    def get_codes(self) -> str:
        return "throttled"


def raising(error: BaseException) -> Callable[[], Any]:
    def raise_it() -> None:
        raise error

    return raise_it


def call(
    work: Callable[[], Any], *, is_async: bool = False, options: Any = None, **arguments: Any
) -> ToolResult:
    """Call a tool that does this; its arguments are `sku` and `price`."""

    def act(sku: str = "", price: int = 0) -> None:
        """Act."""
        work()

    async def aact(sku: str = "", price: int = 0) -> None:
        """Act."""
        work()

    function: Callable[..., Any] = aact if is_async else act
    function.__name__ = "act"
    with offering(function, **options or {}):
        return MCPClient().call("act", **arguments)


def is_opaque(result: ToolResult) -> bool:
    words = f"The call failed. The operators can find the cause under {result.call_id}."
    return (result.error["kind"], result.text) == ("failed", words)


@pytest.fixture(autouse=True)
def logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO)
    return caplog


class ProductForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    class Meta:
        model = Product
        fields = ("sku", "name", "price")


def refused_form() -> None:
    form = ProductForm({"sku": "", "name": "Bolt", "price": SECRET})
    raise ValidationError(form.errors.as_data())


EVERY = [
    (ValidationError("Not on Sundays."), "invalid_arguments", "Not on Sundays."),
    (
        ValidationError(_("At most %(most)d."), params={"most": 3}),
        "invalid_arguments",
        "At most 3.",
    ),
    (ValidationError(["Too long.", "Too wide."]), "invalid_arguments", "Too long.\nToo wide."),
    (
        ValidationError({"sku": ["Is taken."], "__all__": ["Not today."]}),
        "invalid_arguments",
        "The arguments are invalid.\n- sku: Is taken.\n- Not today.",
    ),
    (
        ValidationError({"delivery_day": "Is a Sunday."}),
        "invalid_arguments",
        "The values are invalid.\n- Delivery day: Is a Sunday.",
    ),
    (ValidationError({}), "invalid_arguments", "The values are invalid."),
    (PermissionDenied(), "permission_denied", "The user may not do this."),
    (PermissionDenied("Only for staff."), "permission_denied", "Only for staff."),
    (PermissionDenied(_("Yes")), "permission_denied", "Yes"),
    (PermissionDenied({"secret": SECRET}), "permission_denied", "The user may not do this."),
    (Http404(), "not_found", "There is no such object."),
    (Http404("No such aisle."), "not_found", "No such aisle."),
    (Product.DoesNotExist(SECRET), "not_found", "There is no such product."),
    (ObjectDoesNotExist(SECRET), "not_found", "There is no such object."),
    (
        Product.MultipleObjectsReturned(SECRET),
        "conflict",
        "More than one product matches.\nName the one that is meant more precisely.",
    ),
    (
        MultipleObjectsReturned(),
        "conflict",
        "More than one object matches.\nName the one that is meant more precisely.",
    ),
    (
        ProtectedError(SECRET, {Order(pk=1), Shelf(pk=1)}),
        "conflict",
        "It cannot be deleted, because orders, shelfs refer to it.\nDelete or change those first.",
    ),
    (
        RestrictedError(SECRET, set()),
        "conflict",
        "It cannot be deleted, because others refer to it.\nDelete or change those first.",
    ),
]


def test_row_that_others_refer_to_is_not_deleted() -> None:
    product = Product.objects.create(sku="a", name="Bolt", price=1)
    owner = User.objects.create_user("alice")
    Order.objects.create(buyer=owner, product=product, quantity=1)

    result = call(product.delete)

    assert result.error["error"] == "It cannot be deleted, because orders refer to it."
    assert result.error["kind"] == "conflict"


@SYNC_AND_ASYNC
@pytest.mark.parametrize(("error", "kind", "text"), EVERY)
def test_exception_of_django_is_a_tool_error(
    error: Exception,
    kind: str,
    text: str,
    is_async: bool,
    logged: pytest.LogCaptureFixture,
) -> None:
    result = call(raising(error), is_async=is_async)

    record = CallRecord.objects.get()
    assert result.is_error
    assert (result.text, result.error["kind"]) == (text, kind)
    assert result.error["retryable"] is False
    assert (record.outcome, record.error_class) == (kind, type(error).__name__)
    [line] = [line for line in logged.records if line.name == "django_mcp.calls"]
    assert (line.levelno, line.exc_info) == (logging.INFO, None)
    assert SECRET not in result.text + logged.text


@pytest.mark.parametrize(
    ("work", "kind", "text"),
    [
        (lambda: Product.objects.get(sku=SECRET), "not_found", "There is no such product."),
        (
            lambda: get_object_or_404(Product, sku=SECRET),
            "not_found",
            "No Product matches the given query.",
        ),
        (
            lambda: Order(quantity=1).product,
            "not_found",
            "There is no such product.",
        ),
        (
            lambda: Permission.objects.get(),
            "conflict",
            "More than one permission matches.\nName the one that is meant more precisely.",
        ),
        (
            lambda: validate_email(SECRET),
            "invalid_arguments",
            "Enter a valid email address.",
        ),
        (
            lambda: MinValueValidator(5)(3),
            "invalid_arguments",
            "Ensure this value is greater than or equal to 5.",
        ),
        (
            lambda: Product(sku="", name="Bolt", price=SECRET).full_clean(),
            "invalid_arguments",
            (
                "The arguments are invalid.\n- sku: This field cannot be blank.\n"
                "- price: “…” value must be a decimal number."
            ),
        ),
        (
            refused_form,
            "invalid_arguments",
            "The arguments are invalid.\n- sku: This field is required.\n- price: Enter a number.",
        ),
        (
            lambda: forms.ChoiceField(choices=[("a", "A")]).clean(SECRET),
            "invalid_arguments",
            "Select a valid choice. … is not one of the available choices.",
        ),
    ],
)
def test_what_django_raises_by_itself_repeats_no_value(
    work: Callable[[], Any], kind: str, text: str, logged: pytest.LogCaptureFixture
) -> None:
    result = call(work)

    assert (result.text, result.error["kind"]) == (text, kind)
    assert SECRET not in logged.text


def test_value_in_a_message_of_the_author_is_shown() -> None:
    error = ValidationError(_("%(value)s is not even."), params={"value": 3})

    assert call(raising(error)).text == "3 is not even."


def test_errors_of_a_relation_are_under_the_argument_that_has_its_key() -> None:
    def order(buyer_id: int) -> None:
        """Order a product."""
        Order(buyer_id=buyer_id, product=product, quantity=1).clean_fields(exclude=["deliver_on"])

    product = Product.objects.create(sku="a", name="A", price=1)
    with offering(order):
        result = MCPClient().call("order", buyer_id=0)

    assert result.text == (
        "The arguments are invalid.\n- buyer_id: user instance with id … is not a valid choice."
    )


def test_of_many_messages_the_first_are_told() -> None:
    error = ValidationError([f"No. {number}" for number in range(60)])

    assert call(raising(error)).text.splitlines()[-2:] == ["No. 49", "and 10 more"]


def test_validator_of_an_argument_may_be_one_of_django() -> None:
    def act(address: Annotated[str, AfterValidator(_checked)]) -> str:
        """Act."""
        return address

    with offering(act):
        result = MCPClient().call("act", address=SECRET)

    assert (result.error["kind"], result.text) == (
        "invalid_arguments",
        "The arguments are invalid.\n- address: Enter a valid email address.",
    )


def _checked(value: str) -> str:
    validate_email(value)
    return value


class TestUniqueConstraints:
    @pytest.fixture(autouse=True)
    def _taken(self) -> None:
        Product.objects.create(sku=SECRET, name="Bolt", price=Decimal(1))
        Shelf.objects.create(hall=SECRET, number=1, label="Bolts", is_entrance=True)

    @pytest.mark.parametrize(
        ("work", "text"),
        [
            (
                lambda: Product.objects.create(sku=SECRET, name="Nut", price=1),
                "Product with this Sku already exists.",
            ),
            (
                lambda: Product.objects.create(
                    pk=Product.objects.get().pk, sku="a", name="Nut", price=1
                ),
                "Product with this ID already exists.",
            ),
            (
                lambda: Shelf.objects.create(hall=SECRET, number=1, label="Nuts"),
                "Shelf with this Hall and Number already exists.",
            ),
            (
                lambda: Shelf.objects.create(hall="b", number=1, label="BOLTS"),
                "There is a shelf with this label.",
            ),
            (
                lambda: Shelf.objects.create(hall=SECRET, number=2, label="b", is_entrance=True),
                "A hall has one entrance.",
            ),
            (
                lambda: Permission.objects.create(
                    content_type=Permission.objects.first().content_type,  # type: ignore[union-attr]
                    codename=Permission.objects.first().codename,  # type: ignore[union-attr]
                ),
                "Permission with this Content type and Codename already exists.",
            ),
        ],
    )
    @pytest.mark.skipif(connection.vendor == "mysql", reason="MySQL names no columns")
    def test_violation_is_told_in_the_words_of_the_model(
        self, work: Callable[[], Any], text: str, logged: pytest.LogCaptureFixture
    ) -> None:
        result = call(work)

        record = CallRecord.objects.get()
        assert (result.text, result.error["kind"]) == (text, "conflict")
        assert (record.outcome, record.error_class) == ("conflict", "IntegrityError")
        assert SECRET not in logged.text
        assert "IntegrityError" not in logged.text

    def test_row_that_no_model_has_exists_already(self) -> None:
        def insert() -> None:
            with connection.cursor() as cursor:
                cursor.execute("CREATE TEMPORARY TABLE loose (code varchar(9) UNIQUE)")
                cursor.execute("INSERT INTO loose VALUES ('a')")
                cursor.execute("INSERT INTO loose VALUES ('a')")

        result = call(insert)

        assert (result.text, result.error["kind"]) == ("Such an object exists already.", "conflict")

    @pytest.mark.parametrize(
        "work",
        [
            lambda: Shelf.objects.create(hall="b", number=0, label="b"),
            lambda: Product.objects.filter(sku=SECRET).update(name=None),
            raising(IntegrityError(SECRET)),
        ],
        ids=["check", "null", "raised"],
    )
    def test_other_violations_are_failures_of_the_tool(self, work: Callable[[], Any]) -> None:
        result = call(work)

        assert is_opaque(result)
        assert CallRecord.objects.get().error_class == "IntegrityError"

    def test_async_tool_is_told_the_same(self) -> None:
        async def act() -> None:
            """Act."""
            await Product.objects.acreate(sku=SECRET, name="Nut", price=1)

        with offering(act):
            result = MCPClient().call("act")

        assert result.error["kind"] == "conflict"
        assert SECRET not in result.text


class TestRestFramework:
    @SYNC_AND_ASYNC
    def test_exception_of_its_shape_is_told_with_the_time_to_wait(self, is_async: bool) -> None:
        result = call(raising(ThrottledError()), is_async=is_async)

        assert result.error == {
            "kind": "rate_limited",
            "error": "Request was throttled.",
            "retryable": True,
            "hint": "",
            "retry_after": 30,
        }
        assert CallRecord.objects.get().outcome == "rate_limited"

    @pytest.mark.parametrize(
        ("name", "args", "kind", "text"),
        [
            ("ValidationError", ["No."], "invalid_arguments", "No."),
            (
                "ValidationError",
                [{"sku": ["Is taken."], "non_field_errors": ["Not today."]}],
                "invalid_arguments",
                "The arguments are invalid.\n- sku: Is taken.\n- Not today.",
            ),
            (
                "ValidationError",
                [{"sku": [{}, {"size": ["Too large."]}]}],
                "invalid_arguments",
                "The arguments are invalid.\n- sku[1].size: Too large.",
            ),
            (
                "ParseError",
                [],
                "invalid_arguments",
                "Malformed request.",
            ),
            (
                "NotAuthenticated",
                [],
                "permission_denied",
                "Authentication credentials were not provided.",
            ),
            (
                "PermissionDenied",
                [],
                "permission_denied",
                "You do not have permission to perform this action.",
            ),
            ("NotFound", ["No such aisle."], "not_found", "No such aisle."),
            ("APIException", ["The till is broken."], "tool_error", "The till is broken."),
        ],
    )
    def test_its_own_exceptions_are_told(
        self, name: str, args: list[Any], kind: str, text: str
    ) -> None:
        exceptions = pytest.importorskip("rest_framework.exceptions", reason="is not installed")
        result = call(raising(getattr(exceptions, name)(*args)))

        assert (result.text, result.error["kind"]) == (text, kind)

    def test_serializer_repeats_no_value(self) -> None:
        serializers = pytest.importorskip("rest_framework.serializers", reason="is not installed")
        field = serializers.ChoiceField(choices=["a"])

        result = call(lambda: field.run_validation(SECRET))

        assert result.text == "This is not a valid choice."

    def test_anything_with_a_status_is_not_of_its_shape(self) -> None:
        error = Exception(SECRET)
        error.status_code = 404  # type: ignore[attr-defined]

        assert is_opaque(call(raising(error)))


class TestGroups:
    """Of `asyncio.TaskGroup` and its like."""

    def gather(self, *errors: Exception) -> ToolResult:
        async def act() -> None:
            """Act."""

            async def fail(error: Exception) -> None:
                raise error

            async with asyncio.TaskGroup() as group:
                for error in errors:
                    group.create_task(fail(error))

        with offering(act):
            return MCPClient().call("act")

    def test_tool_error_of_a_task_is_told(self, logged: pytest.LogCaptureFixture) -> None:
        result = self.gather(ToolError("The bank is closed.", retryable=True, hint="Be early."))

        record = CallRecord.objects.get()
        assert result.text == "The bank is closed.\nBe early.\nYou may try again."
        assert (record.outcome, record.error_class) == ("tool_error", "ToolError")
        assert not [line for line in logged.records if line.levelno >= logging.ERROR]

    def test_known_exception_of_a_task_is_told(self) -> None:
        result = self.gather(Product.DoesNotExist())

        record = CallRecord.objects.get()
        assert (result.text, result.error["kind"]) == ("There is no such product.", "not_found")
        assert (record.outcome, record.error_class) == ("not_found", "DoesNotExist")

    def test_of_several_the_first_tool_error_is_told(self) -> None:
        result = self.gather(Http404(), ToolError("One."), ToolError("Two."))

        assert result.text == "One."

    def test_of_several_known_exceptions_the_first_is_told(self) -> None:
        assert self.gather(Http404("One."), PermissionDenied("Two.")).text == "One."

    def test_groups_in_groups_are_opened(self) -> None:
        inner = ExceptionGroup("inner", [Http404("One.")])

        assert call(raising(ExceptionGroup("outer", [inner, Http404("Two.")]))).text == "One."

    def test_what_else_is_in_the_group_is_logged_as_a_failure(
        self, logged: pytest.LogCaptureFixture
    ) -> None:
        result = self.gather(RuntimeError(SECRET), ToolError("No."))

        assert result.text == "No."
        [line] = [line for line in logged.records if line.levelno >= logging.ERROR]
        assert str(result.call_id) in line.getMessage()
        assert SECRET in str(line.exc_info)

    def test_group_of_unknown_exceptions_tells_nothing(self) -> None:
        assert is_opaque(self.gather(RuntimeError(SECRET)))


def words_of(error: SoldOutError) -> str:
    return "Sold out."


def error_of(error: SoldOutError) -> ToolError:
    return ToolError("Sold out.", retryable=True, hint="Come tomorrow.", retry_after=60)


def nothing_of(error: SoldOutError) -> None:
    return None


def broken(error: SoldOutError) -> str:
    raise RuntimeError("the words could not be found")


def number_of(error: SoldOutError) -> int:
    return 5


class TestSetting:
    @pytest.fixture(autouse=True)
    def _settings(self, settings: Settings) -> None:
        self.settings = settings

    def known(self, table: dict[str, str | None]) -> None:
        self.settings.DJANGO_MCP_EXCEPTIONS = {
            path.replace("here.", f"{__name__}."): words and f"{__name__}.{words}"
            for path, words in table.items()
        }

    @SYNC_AND_ASYNC
    @pytest.mark.parametrize(
        ("words", "text"),
        [
            ("words_of", "Sold out."),
            ("error_of", "Sold out.\nCome tomorrow.\nWait 60 seconds before you try again."),
        ],
    )
    def test_exception_of_the_project_is_told(
        self, words: str, text: str, is_async: bool, logged: pytest.LogCaptureFixture
    ) -> None:
        self.known({"here.SoldOutError": words})
        result = call(raising(LastPieceSoldError(SECRET)), is_async=is_async)

        record = CallRecord.objects.get()
        assert result.text == text
        assert (record.outcome, record.error_class) == ("tool_error", "LastPieceSoldError")
        assert SECRET not in logged.text

    def test_nearest_class_wins(self) -> None:
        self.known({"builtins.Exception": "number_of", "here.SoldOutError": "words_of"})

        assert call(raising(LastPieceSoldError())).text == "Sold out."

    def test_none_keeps_an_exception_opaque(self) -> None:
        self.known({"here.SoldOutError": "words_of", "here.LastPieceSoldError": None})

        assert is_opaque(call(raising(LastPieceSoldError(SECRET))))

    def test_it_is_laid_over_the_exceptions_of_django(self) -> None:
        self.known({"django.core.exceptions.PermissionDenied": "words_of"})
        result = call(raising(PermissionDenied("Only for staff.")))

        assert (result.text, result.error["kind"]) == ("Sold out.", "permission_denied")
        assert call(raising(Http404("No."))).text == "No."

    def test_none_takes_an_exception_of_django_away(self) -> None:
        self.known({"django.core.exceptions.ObjectDoesNotExist": None})

        assert is_opaque(call(raising(Product.DoesNotExist())))

    def test_class_further_away_does_not_hide_one_of_django(self) -> None:
        self.known({"builtins.Exception": "words_of"})

        assert call(raising(Product.DoesNotExist())).text == "There is no such product."
        assert call(raising(RuntimeError(SECRET))).text == "Sold out."

    def test_errors_of_the_package_are_never_told_otherwise(self) -> None:
        def act() -> int:
            """Return what breaks the schema."""
            return SECRET  # type: ignore[return-value]

        self.known({"builtins.Exception": "words_of"})
        with offering(act):
            result = MCPClient().call("act")

        assert is_opaque(result)

    @pytest.mark.parametrize("words", ["nothing_of", "broken", "number_of"])
    def test_function_that_gives_no_words_keeps_it_opaque(
        self, words: str, logged: pytest.LogCaptureFixture
    ) -> None:
        self.known({"here.SoldOutError": words})
        result = call(raising(SoldOutError(SECRET)))

        [line] = [line for line in logged.records if line.name == "django_mcp.calls"]
        assert is_opaque(result)
        assert line.levelno == logging.ERROR
        assert SECRET in logged.text  # the traceback has both


class TestRaises:
    """The option of one tool."""

    @SYNC_AND_ASYNC
    @pytest.mark.parametrize(
        ("words", "text"),
        [
            ("Sold out.", "Sold out."),
            (_("Yes"), "Yes"),
            (words_of, "Sold out."),
            (error_of, "Sold out.\nCome tomorrow.\nWait 60 seconds before you try again."),
        ],
    )
    def test_exception_is_told_as_the_tool_says(
        self, words: Any, text: str, is_async: bool
    ) -> None:
        result = call(
            raising(LastPieceSoldError(SECRET)),
            is_async=is_async,
            options={"raises": {SoldOutError: words}},
        )

        assert result.text == text

    def test_it_comes_before_the_setting_and_django(self, settings: Settings) -> None:
        settings.DJANGO_MCP_EXCEPTIONS = {
            f"{__name__}.LastPieceSoldError": f"{__name__}.words_of",
        }
        options = {"raises": {SoldOutError: "All gone.", ObjectDoesNotExist: "Look again."}}

        assert call(raising(LastPieceSoldError()), options=options).text == "All gone."
        result = call(raising(Product.DoesNotExist()), options=options)
        assert (result.text, result.error["kind"]) == ("Look again.", "not_found")

    def test_class_of_the_package_is_told_as_it_is(self) -> None:
        result = call(raising(ToolError("No.")), options={"raises": {Exception: "Something."}})

        assert result.text == "No."


@pytest.mark.parametrize("error", [Http404(), ValidationError("No."), SoldOutError()])
def test_what_the_tool_wrote_is_rolled_back(error: Exception) -> None:
    def write_and_fail() -> None:
        Product.objects.create(sku="half", name="Half done", price=1)
        raise error

    call(write_and_fail)

    assert not Product.objects.exists()


def test_failing_result_is_not_told_as_if_the_service_had_raised_it() -> None:
    class Lazy:
        def __iter__(self) -> Iterator[str]:
            raise Http404(SECRET)

    def act() -> list[str]:
        """Act."""
        return Lazy()  # type: ignore[return-value]

    with offering(act, read_only=True):
        result = MCPClient().call("act")

    assert SECRET not in result.text
    assert result.error["kind"] == "failed"
