"""Forms that are served as tools: arguments, validation, `save`, and what a caller may change."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import jsonschema_rs
import pytest
from django import forms
from django.contrib.auth.models import User
from django.core.validators import MinValueValidator, RegexValidator
from django.db import transaction
from django.forms import widgets
from django.utils.translation import override
from pytest_django import Settings

from django_mcp import FormToolDeclaration, form_tool
from django_mcp.models import CallRecord
from django_mcp.primitives.declaration import collecting
from django_mcp.primitives.registry import build
from django_mcp.testing import MCPClient, ToolResult
from tests.calls import serving_declared
from tests.shop.models import Order, Product, Shelf, Shipment, Tag

pytestmark = pytest.mark.django_db


class ProductForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """Add a product to the shop."""

    class Meta:
        model = Product
        fields = ("sku", "name", "price", "stock")

    def clean_name(self) -> Any:
        name = self.cleaned_data["name"]
        if name.isupper():
            raise forms.ValidationError("Do not shout.")
        return name

    def clean(self) -> Any:
        if self.cleaned_data.get("price") == 0 and self.cleaned_data.get("stock"):
            raise forms.ValidationError("What costs nothing is not kept.")
        return super().clean()


@contextmanager
def offering(form: Any, **options: Any) -> Iterator[None]:
    """Serve this form alone."""
    with serving_declared([FormToolDeclaration(form, **options)]):
        yield


def call(form: Any, user: Any = None, /, *, options: Any = None, **arguments: Any) -> ToolResult:
    """Call the tool of a form by its name."""
    declaration = FormToolDeclaration(form, **options or {})
    with serving_declared([declaration]):
        return MCPClient(user, scopes=["shop:write"]).call(declaration.key[1], **arguments)


def definition(form: Any, **options: Any) -> Any:
    """The definition of the tool of a form, as clients list it."""
    with offering(form, **options):
        (tool,) = MCPClient(User(pk=1, username="ada")).list_tools()
    return tool


def schema(form: Any, **options: Any) -> Any:
    return definition(form, **options).input_schema


def problem(form: Any, **options: Any) -> str:
    """What the author of a declaration is told."""
    with pytest.raises(Exception) as caught:  # noqa: PT011  (its text is the matter)
        build([FormToolDeclaration(form, **options)])
    return str(caught.value)


def test_a_model_form_is_saved_and_its_instance_shown() -> None:
    options = {"fields": ["sku", "price", "stock"]}

    result = call(ProductForm, options=options, sku="tea", name="Tea", price=2.5)

    assert result.data == {"sku": "tea", "price": "2.50", "stock": 0}
    assert Product.objects.get().name == "Tea"
    assert CallRecord.objects.get().outcome == "ok"


def test_the_definition_follows_from_the_form() -> None:
    tool = definition(ProductForm)

    tool.input_schema["properties"]["stock"].pop("maximum", None)  # that of the database's integers
    assert tool.name == "add_product"
    assert tool.description == "Add a product to the shop."
    assert tool.input_schema == {
        "type": "object",
        "properties": {
            "sku": {"type": "string", "minLength": 1, "description": "At most 40 characters"},
            "name": {"type": "string", "minLength": 1, "description": "At most 200 characters"},
            "price": {"type": "number"},
            "stock": {"type": "integer", "minimum": 0, "default": 0},
        },
        "additionalProperties": False,
        "required": ["sku", "name", "price"],
    }
    assert tool.output_schema["properties"].keys() == {"pk"}


def test_errors_of_fields_are_invalid_arguments_by_field() -> None:
    result = call(ProductForm, sku="tea", name="TEA", price=123456789.123)

    assert result.error["kind"] == "invalid_arguments"
    assert "name: Do not shout." in result.text
    assert "price: Ensure that there are no more than" in result.text
    assert not Product.objects.exists()


def test_errors_of_the_whole_form_are_invalid_arguments() -> None:
    result = call(ProductForm, sku="tea", name="Tea", price=0, stock=1)

    assert result.error["kind"] == "invalid_arguments"
    assert "What costs nothing is not kept." in result.text


def test_a_constraint_is_an_error_of_its_field() -> None:
    Product.objects.create(sku="tea", name="Tea", price=1)

    result = call(ProductForm, sku="tea", name="Other tea", price=1)

    assert result.error["kind"] == "invalid_arguments"
    assert "sku: Product with this Sku already exists." in result.text


def test_constraints_of_several_fields_are_errors_too() -> None:
    class ShelfForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
        class Meta:
            model = Shelf
            fields = ("hall", "number", "label")

    Shelf.objects.create(hall="A", number=1, label="first")

    result = call(ShelfForm, hall="A", number=1, label="FIRST")

    assert result.error["kind"] == "invalid_arguments"
    assert "There is a shelf with this label." in result.text
    assert "Shelf with this Hall and Number already exists." in result.text


def test_what_the_schema_refuses_reaches_no_form() -> None:
    result = call(ProductForm, sku="", name="Tea", price=1, colour="green")

    assert result.error["kind"] == "invalid_arguments"
    assert "colour" in result.text
    assert "sku" in result.text


class OrderForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    deliver_on = forms.DateField(required=False)

    class Meta:
        model = Order
        fields = ("product", "quantity", "deliver_on")


def own_orders(user: User) -> Any:
    return Order.objects.filter(buyer=user)


def new_order(user: User) -> dict[str, Any]:
    return {"instance": Order(buyer=user)}


@pytest.fixture
def tea() -> Product:
    return Product.objects.create(sku="tea", name="Tea", price=1)


def test_form_kwargs_give_the_form_its_caller(ada: User, tea: Product) -> None:
    options = {"form_kwargs": new_order}

    result = call(OrderForm, ada, options=options, product=tea.pk, quantity=2)

    order = Order.objects.get(buyer=ada)
    assert result.data == {"pk": order.pk}
    assert (order.quantity, order.product, order.deliver_on) == (2, tea, None)


def test_a_form_that_needs_its_caller_is_hidden_from_anonymous_ones(ada: User) -> None:
    with offering(OrderForm, form_kwargs=new_order):
        names = [[each.name for each in MCPClient(user).list_tools()] for user in (ada, None)]

    assert names == [["add_order"], []]


def test_a_constructor_may_narrow_what_the_caller_can_choose(ada: User, tea: Product) -> None:
    class NarrowForm(OrderForm):
        def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.instance.buyer = user
            self.fields["product"].queryset = Product.objects.exclude(sku="tea")  # type: ignore[attr-defined]

    options: Any = {"form_kwargs": lambda user: {"user": user}}

    result = call(NarrowForm, ada, options=options, product=tea.pk, quantity=2)

    assert result.error["kind"] == "invalid_arguments"
    assert "product: Select a valid choice." in result.text


def test_an_edit_changes_what_was_sent_and_keeps_the_rest(ada: User, tea: Product) -> None:
    order = Order.objects.create(buyer=ada, product=tea, quantity=2, deliver_on=date(2026, 5, 1))
    options = {"queryset": own_orders, "fields": ["quantity", "deliver_on"]}

    changed = call(OrderForm, ada, options=options, pk=order.pk, quantity=3)
    emptied = call(OrderForm, ada, options=options, pk=order.pk, deliver_on=None)

    assert changed.data == {"quantity": 3, "deliver_on": "2026-05-01"}
    assert emptied.data == {"quantity": 3, "deliver_on": None}
    order.refresh_from_db()
    assert (order.buyer, order.product, order.quantity) == (ada, tea, 3)


def test_nothing_is_changed_that_the_caller_may_not_see(ada: User, bob: User, tea: Product) -> None:
    order = Order.objects.create(buyer=bob, product=tea, quantity=2)
    options = {"queryset": own_orders}

    hidden = call(OrderForm, ada, options=options, pk=order.pk, quantity=3)
    missing = call(OrderForm, ada, options=options, pk=10**6, quantity=3)

    assert hidden.error["kind"] == missing.error["kind"] == "not_found"
    assert hidden.text.replace(str(order.pk), "") == missing.text.replace(str(10**6), "")
    order.refresh_from_db()
    assert order.quantity == 2


def test_the_schema_of_an_edit_demands_the_lookup_alone() -> None:
    options: Any = {"queryset": Product.objects.all, "lookup": "sku"}

    class PriceForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
        class Meta:
            model = Product
            fields = ("price", "stock")

    tool = definition(PriceForm, **options)

    assert (tool.name, tool.description) == ("change_product", "Change one product.")
    assert tool.input_schema["required"] == ["sku"]
    assert list(tool.input_schema["properties"]) == ["sku", "price", "stock"]
    assert tool.input_schema["properties"]["sku"] == {
        "type": "string",
        "description": "Finds the product to change",
    }
    assert "default" not in tool.input_schema["properties"]["stock"]


def test_an_edit_by_another_lookup_finds_its_instance(tea: Product) -> None:
    class PriceForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
        class Meta:
            model = Product
            fields = ("price",)

    options: Any = {"queryset": Product.objects.all, "lookup": "sku", "fields": ["price"]}

    assert call(PriceForm, options=options, sku="tea", price=9).data == {"price": "9.00"}


def test_an_edit_keeps_every_kind_of_value_as_it_is(tea: Product) -> None:
    class ShipmentForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
        class Meta:
            model = Shipment
            exclude = ("place", "worth", "seal", "country", "phone", "pieces")  # noqa: DJ006

    kept = {
        "status": "sent",
        "priority": 2,
        "contact": "dock",
        "fragile": True,
        "weight": 2.25,
        "fee": Decimal("9.50"),
        "rate": Decimal("0.12345678"),
        "packed_on": date(2026, 1, 2),
        "sent_at": datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
        "opens": time(8, 30, 1, 5),
        "lasts": timedelta(hours=1, microseconds=7),
        "key": UUID(int=7),
        "address": "10.0.0.1",
        "facts": {"a": [1, None]},
        "history": ["x"],
        "photo": "photo.png",
    }
    shipment = Shipment.objects.create(product=tea, code="old", **kept)
    shipment.tags.set([Tag.objects.create(name="red"), Tag.objects.create(name="blue")])
    options: Any = {"queryset": Shipment.objects.all}

    result = call(ShipmentForm, options=options, pk=shipment.pk, code="new")

    assert result.data == {"pk": shipment.pk}
    shipment = Shipment.objects.get()
    assert {name: getattr(shipment, name) for name in kept} == kept
    assert shipment.code == "new"
    assert [tag.name for tag in shipment.tags.order_by("name")] == ["blue", "red"]


class Every(forms.Form):
    """Take a value of every kind."""

    name = forms.CharField(help_text="The <em>whole</em> name.", max_length=5, strip=False)
    secret = forms.CharField(required=False, widget=widgets.PasswordInput, label="A key")
    mail = forms.EmailField(required=False)
    page = forms.URLField(required=False, assume_scheme="https")
    code = forms.CharField(required=False, validators=[RegexValidator(r"^[a-z]+$")])
    count = forms.IntegerField(min_value=1, max_value=9, required=False)
    ratio = forms.FloatField(required=False, validators=[MinValueValidator(lambda: 0.5)])
    fee = forms.DecimalField(max_digits=20, decimal_places=2, required=False)
    agrees = forms.BooleanField()
    fragile = forms.NullBooleanField(required=False)
    day = forms.DateField(required=False, input_formats=["%d.%m.%Y"])
    birth = forms.DateField(required=False, widget=widgets.SelectDateWidget(years=[2000]))
    at = forms.DateTimeField(required=False)
    both = forms.SplitDateTimeField(required=False)
    opens = forms.TimeField(required=False, input_formats=["%I:%M %p"])
    lasts = forms.DurationField(required=False)
    key = forms.UUIDField(required=False)
    facts = forms.JSONField(required=False)
    colour = forms.ChoiceField(
        required=False,
        choices=[("", "None"), ("warm", [("r", "Red"), ("o", "Orange")]), ("b", "Blue")],
    )
    size = forms.TypedChoiceField(
        required=False, choices=[(1, "Small"), (2, "Big")], coerce=int, empty_value=None
    )
    loud = forms.TypedChoiceField(
        choices=[(True, "Yes"), (False, "No")], coerce=lambda text: text == "True", initial=False
    )
    later = forms.ChoiceField(required=False, choices=lambda: [("x", "X")])
    tags = forms.MultipleChoiceField(required=False, choices=[("a", "A"), ("b", "B")])
    numbers = forms.TypedMultipleChoiceField(
        required=False, choices=[(1, "One"), (2, "Two")], coerce=int
    )
    product = forms.ModelChoiceField(Product.objects.all(), required=False, to_field_name="sku")
    products = forms.ModelMultipleChoiceField(Product.objects.all(), required=False)
    greeting = forms.CharField(initial="Hello")
    token = forms.CharField(widget=widgets.HiddenInput, initial=lambda: "t")
    fixed = forms.CharField(disabled=True, initial="stays")
    paper = forms.FileField(required=False)

    def save(self) -> dict[str, str]:
        return {name: repr(value) for name, value in self.cleaned_data.items()}


@pytest.fixture
def submit() -> Callable[..., dict[str, str]]:
    """What the form made of arguments, by their names, besides those that it needs."""

    def submit(**arguments: Any) -> dict[str, str]:
        result = call(Every, **{"name": "x", "agrees": True, **arguments})
        assert not result.is_error, result.text
        return {name: result.data[name] for name in (arguments or result.data)}

    return submit


@pytest.mark.parametrize(
    ("arguments", "cleaned"),
    [
        ({"name": " x  "}, "' x  '"),
        ({"secret": "s"}, "'s'"),
        ({"mail": "a@b.co"}, "'a@b.co'"),
        ({"page": "b.co/x"}, "'https://b.co/x'"),
        ({"count": 3}, "3"),
        ({"count": 3.0}, "3"),
        ({"ratio": 0.75}, "0.75"),
        ({"fee": 1.5}, "Decimal('1.5')"),
        ({"fee": "123456789012345678.91"}, "Decimal('123456789012345678.91')"),
        ({"fragile": True}, "True"),
        ({"fragile": False}, "False"),
        ({"fragile": None}, "None"),
        ({"day": "2026-02-01"}, "datetime.date(2026, 2, 1)"),
        ({"birth": "2000-02-01"}, "datetime.date(2000, 2, 1)"),
        ({"opens": "17:05:00"}, "datetime.time(17, 5)"),
        ({"lasts": "PT90M"}, "datetime.timedelta(seconds=5400)"),
        ({"key": str(UUID(int=1))}, f"{UUID(int=1)!r}"),
        ({"facts": {"a": [1, None, "é"]}}, "{'a': [1, None, 'é']}"),
        ({"facts": "text"}, "'text'"),
        ({"facts": 0}, "0"),
        ({"colour": "o"}, "'o'"),
        ({"colour": None}, "''"),
        ({"size": 2}, "2"),
        ({"loud": True}, "True"),
        ({"later": "x"}, "'x'"),
        ({"tags": ["b", "a"]}, "['b', 'a']"),
        ({"tags": []}, "[]"),
        ({"numbers": [2, 1]}, "[2, 1]"),
        ({"greeting": "Hi"}, "'Hi'"),
    ],
    ids=str,
)
def test_values_reach_the_form_as_a_page_would_send_them(
    submit: Callable[..., dict[str, str]], arguments: dict[str, Any], cleaned: str
) -> None:
    assert submit(**arguments) == {next(iter(arguments)): cleaned}


def test_moments_reach_the_form_in_the_time_zone_of_the_project(
    submit: Callable[..., dict[str, str]], settings: Settings
) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    written = "2026-01-02T03:04:05Z"

    aware = submit(at=written, both=written)
    settings.USE_TZ = False
    naive = submit(at=written, both=written)

    assert "datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=" in aware["at"]
    assert "datetime.datetime(2026, 1, 2, 4, 4, 5, tzinfo=" in aware["both"]
    assert set(naive.values()) == {"datetime.datetime(2026, 1, 2, 4, 4, 5)"}


def test_numbers_reach_localized_fields_as_people_there_write_them(settings: Settings) -> None:
    class PriceForm(forms.Form):
        """Take a price."""

        price = forms.DecimalField(localize=True)
        pieces = forms.IntegerField(localize=True)

        def save(self) -> str:
            return f"{self.cleaned_data['price']} {self.cleaned_data['pieces']}"

    settings.USE_THOUSAND_SEPARATOR = True
    settings.LANGUAGE_CODE = "de"
    with override("de"):
        result = call(PriceForm, price=1.234, pieces=1200)

    assert result.data == "1.234 1200"


def test_keys_of_rows_reach_the_form(submit: Callable[..., dict[str, str]], tea: Product) -> None:
    assert submit(product="tea") == {"product": "<Product: Tea>"}
    assert submit(products=[tea.pk]) == {"products": "<QuerySet [<Product: Tea>]>"}


def test_what_is_not_sent_keeps_the_initial_value(submit: Callable[..., dict[str, str]]) -> None:
    cleaned = submit()

    kept = {name: cleaned[name] for name in ("loud", "greeting", "token", "fixed", "paper")}
    assert kept == {
        "loud": "False",
        "greeting": "'Hello'",
        "token": "'t'",
        "fixed": "'stays'",
        "paper": "None",
    }
    assert cleaned["count"] == cleaned["size"] == "None"


def test_schemas_of_fields_say_what_the_form_takes() -> None:
    properties = schema(Every)["properties"]

    assert properties == {
        "name": {
            "type": "string",
            "minLength": 1,
            "maxLength": 5,
            "description": "The whole name",
        },
        "secret": {"type": "string", "description": "A key", "writeOnly": True},
        "mail": {
            "type": ["string", "null"],
            "format": "email",
            "description": "At most 320 characters",
        },
        "page": {"type": ["string", "null"], "format": "uri"},
        "code": {"type": "string", "description": "Matches ^[a-z]+$"},
        "count": {"type": ["integer", "null"], "minimum": 1, "maximum": 9},
        "ratio": {"type": ["number", "null"], "minimum": 0.5},
        "fee": {
            "anyOf": [
                {"type": "number"},
                {"type": "string", "pattern": r"^\s*[+-]?[0-9]*\.?[0-9]*\s*$"},
                {"type": "null"},
            ]
        },
        "agrees": {"type": "boolean", "description": "Must be true"},
        "fragile": {"type": ["boolean", "null"]},
        "day": {"type": ["string", "null"], "format": "date"},
        "birth": {"type": ["string", "null"], "format": "date"},
        "at": {"type": ["string", "null"], "format": "date-time"},
        "both": {"type": ["string", "null"], "format": "date-time"},
        "opens": {"type": ["string", "null"], "format": "time"},
        "lasts": {"type": ["string", "null"], "format": "duration"},
        "key": {"type": ["string", "null"], "format": "uuid"},
        "facts": {},
        "colour": {
            "type": ["string", "null"],
            "enum": ["r", "o", "b", None],
            "description": "r: Red; o: Orange; b: Blue",
        },
        "size": {
            "type": ["integer", "null"],
            "enum": [1, 2, None],
            "description": "1: Small; 2: Big",
        },
        "loud": {
            "type": "boolean",
            "enum": [True, False],
            "description": "True: Yes; False: No",
            "default": False,
        },
        "later": {"type": "string"},
        "tags": {
            "type": "array",
            "items": {"type": "string", "enum": ["a", "b"]},
            "description": "a: A; b: B",
        },
        "numbers": {
            "type": "array",
            "items": {"type": "integer", "enum": [1, 2]},
            "description": "1: One; 2: Two",
        },
        "product": {"type": "string", "description": "Key of a product"},
        "products": {
            "type": "array",
            "items": {"type": "integer"},
            "description": "Key of a product",
        },
        "greeting": {"type": "string", "minLength": 1, "default": "Hello"},
        "token": {"type": "string", "minLength": 1},
    }
    assert schema(Every)["required"] == ["name", "agrees"]
    jsonschema_rs.validator_for(schema(Every))


def test_the_record_keeps_no_password() -> None:
    call(Every, name="x", agrees=True, secret="hunter2", code="abc")

    assert CallRecord.objects.get().arguments["secret"] == "[redacted]"


def test_widgets_of_several_inputs_are_an_argument_each() -> None:
    class RangeField(forms.MultiValueField):
        def __init__(self, **options: Any) -> None:
            parts = (forms.IntegerField(), forms.IntegerField())
            widget = widgets.MultiWidget({"low": widgets.NumberInput, "high": widgets.NumberInput})
            super().__init__(parts, widget=widget, **options)

        def compress(self, values: Any) -> Any:
            return range(*values) if values else None

    class RangeForm(forms.Form):
        """Take a range."""

        prefix = "page"
        pages = RangeField(help_text="Whole pages.")

        def save(self) -> int:
            return len(self.cleaned_data["pages"])

    assert call(RangeForm, pages_low=3, pages_high=7).data == 4
    assert schema(RangeForm)["properties"]["pages_low"] == {
        "type": "integer",
        "description": "Whole pages",
    }
    assert schema(RangeForm)["required"] == ["pages_low", "pages_high"]


def test_a_form_without_save_returns_nothing() -> None:
    class CheckForm(forms.Form):
        """Check a word."""

        word = forms.CharField()

    result = call(CheckForm, word="x")

    assert (result.is_error, result.data) == (False, None)


def test_a_save_may_show_a_model_instance(tea: Product) -> None:
    class RestockForm(forms.Form):
        """Restock a product."""

        product = forms.ModelChoiceField(Product.objects.all(), to_field_name="sku")
        pieces = forms.IntegerField()

        def save(self) -> Product:
            product: Product = self.cleaned_data["product"]
            product.stock += self.cleaned_data["pieces"]
            product.save()
            return product

    options = {"fields": ["stock"]}

    assert call(RestockForm, options=options, product="tea", pieces=4).data == {"stock": 4}
    assert definition(RestockForm, **options).name == "restock"


def test_a_save_of_a_model_form_may_return_something_else() -> None:
    class CountingForm(ProductForm):
        def save(self, commit: bool = True) -> int:
            super().save(commit)
            return Product.objects.count()

    assert call(CountingForm, sku="tea", name="Tea", price=1).data == 1


def test_a_failing_save_leaves_nothing_behind() -> None:
    class FailingForm(ProductForm):
        def save(self, commit: bool = True) -> Any:
            super().save(commit)
            raise RuntimeError("secret")

    result = call(FailingForm, sku="tea", name="Tea", price=1)

    assert result.is_error
    assert "secret" not in result.text
    with transaction.atomic():
        assert not Product.objects.exists()


def test_form_tool_registers_a_declaration() -> None:
    with collecting() as declared:
        form_tool(ProductForm, group="shop", scopes=["shop:write"], name="stock_product")
        with serving_declared(declared):
            (tool,) = MCPClient(scopes=["shop:write"]).list_tools()

    assert tool.name == "stock_product"
    assert not isinstance(declared[0], type)


def test_wrong_declarations_are_refused_in_words() -> None:
    class UploadForm(forms.Form):
        """Upload."""

        paper = forms.FileField()
        photo = forms.ImageField()

    class Plain(forms.Form):
        """Plain."""

    text = problem(UploadForm)
    assert "field 'paper' is a file, which no argument can carry" in text
    assert "field 'photo' is a file, which no argument can carry" in text
    assert "form_tool takes no formset such as PlainFormSet" in problem(
        forms.formset_factory(Plain)
    )
    assert "form_tool takes the class of a Form or ModelForm, and not 3" in problem(3)
    assert "queryset is an option of ModelForms" in problem(Plain, queryset=Product.objects.all)
    assert "fields show what save() returns, and Plain has no save()" in problem(
        Plain, fields=["pk"]
    )
    assert "the lookup 'sku' is a field of the form as well" in problem(
        ProductForm, queryset=Product.objects.all, lookup="sku"
    )
    assert "the lookup 'skku' is no field of Product. Did you mean 'sku'?" in problem(
        ProductForm, queryset=Product.objects.all, lookup="skku"
    )
    assert "form_kwargs: <lambda> must take user, principal or nothing" in problem(
        ProductForm, form_kwargs=lambda request: {}
    )
    assert "has no description" in problem(type("BareForm", (forms.Form,), {}))


def test_a_function_that_returns_something_else_fails_without_details() -> None:
    for options in ({"queryset": lambda: [1]}, {"form_kwargs": lambda: 3}):
        arguments: Any = {"pk": 1} if "queryset" in options else {"sku": "t", "name": "T"}

        result = call(ProductForm, options=options, price=1, **arguments)

        assert result.is_error
        assert "<lambda>" not in result.text


class ShipOwnForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """Ship a product that the caller has bought."""

    def __init__(self, *args: Any, products: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["product"].queryset = products  # type: ignore[attr-defined]

    class Meta:
        model = Shipment
        fields = ("product",)


def test_choices_of_others_are_refused_as_missing_ones_are() -> None:
    ada, bob = (User.objects.create_user(name) for name in ("ada", "bob"))
    for buyer in (ada, bob):
        product = Product.objects.create(sku=buyer.username, name="Tea", price=1)
        Order.objects.create(buyer=buyer, product=product, quantity=1)
    own, other = (Product.objects.get(sku=name).pk for name in ("ada", "bob"))

    def bought(user: User) -> dict[str, Any]:
        return {"products": Product.objects.filter(orders__buyer=user)}

    options = {"form_kwargs": bought}
    of_others = call(ShipOwnForm, ada, options=options, product=other)
    missing = call(ShipOwnForm, ada, options=options, product=10**6)

    assert of_others.error["kind"] == "invalid_arguments"
    assert of_others.text.replace(str(other), "?") == missing.text.replace(str(10**6), "?")
    assert not Shipment.objects.exists()
    assert not call(ShipOwnForm, ada, options=options, product=own).is_error


def test_calls_with_an_idempotency_key_save_one_instance() -> None:
    ada = User.objects.create_user("ada")
    tea = {"sku": "tea", "name": "Tea", "price": 2.5}

    with offering(ProductForm):
        client = MCPClient(ada).with_idempotency_key("tea-1")
        first, second = (client.call("add_product", **tea) for _ in range(2))
        other = client.call("add_product", **tea | {"sku": "mate"})

    assert (second.data, second.is_repeated) == (first.data, True)
    assert other.error["kind"] == "idempotency_conflict"
    assert Product.objects.get().pk == first.data["pk"]
