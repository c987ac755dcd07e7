"""Results whose Python class is not the annotated one, and whose JSON is."""

import datetime
import enum
import json
import logging
import math
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group, User
from django.core.files.base import ContentFile
from django.db import models
from django.db.models import F, Value
from django.db.models.functions import Concat
from django.forms import modelform_factory
from django.http import (
    FileResponse,
    HttpResponseRedirect,
    JsonResponse,
    StreamingHttpResponse,
)
from django.utils.translation import gettext_lazy, override
from pydantic import BaseModel, ConfigDict, Field, RootModel, model_validator
from pytest_django import DjangoAssertNumQueries
from typing_extensions import TypedDict

from django_mcp.testing import MCPClient
from tests.calls import call_of, caller, offering, serve
from tests.shop.models import Order, Product
from tests.tools.single_tools import receive, resolved, returning

pytestmark = pytest.mark.django_db

SECRET = "hunter2-s3cret"
SYNC_AND_ASYNC = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])


class Status(models.TextChoices):
    OPEN = "open", gettext_lazy("Yes")
    CLOSED = "closed", gettext_lazy("No")


class Colour(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    LOW = 1


class Named(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    name: str


class Plain(BaseModel):
    name: str


class Aliased(BaseModel):
    label: str = Field(alias="theLabel")


class Open(BaseModel):
    model_config = ConfigDict(from_attributes=True, extra="allow")
    username: str


class Member(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    username: str
    groups: list[Named]


class Sold(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    quantity: int
    product: Named
    deliver_on: datetime.date | None


class Anything(BaseModel):
    content: Any


class Names(RootModel[list[str]]):
    def __iter__(self) -> Iterator[str]:  # type: ignore[override]  # as pydantic's guide has it
        return iter(self.root)


class More(BaseModel):
    model_config = ConfigDict(extra="allow")
    name: str


@dataclass
class Box:
    content: Any


class Shouted(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    loud: str

    @model_validator(mode="before")
    @classmethod
    def _of_group(cls, data: Any) -> Any:
        return {"loud": data.name.upper()} if isinstance(data, Group) else data


class Person(TypedDict, total=False):
    name: str


@dataclass(frozen=True)
class Point:
    x: int
    names: list[str]


@pytest.fixture(autouse=True)
def groups() -> list[Group]:
    return [Group.objects.create(name=name) for name in ("a", "b")]


@pytest.fixture
def ann(groups: list[Group]) -> User:
    ann = User.objects.create_user("ann", password=SECRET, email=SECRET)
    ann.groups.set(groups)
    return ann


def names() -> Any:
    return Group.objects.order_by("name").values_list("name", flat=True)


def rows() -> Any:
    return Group.objects.order_by("name").values("name")


def everything() -> Any:
    return Group.objects.order_by("name")


GERMAN = {"open": "Ja", "closed": "Nein"}
TWO = [{"name": "a"}, {"name": "b"}]


@SYNC_AND_ASYNC
@pytest.mark.parametrize(
    ("annotation", "value", "data"),
    [
        (list[str], names, ["a", "b"]),
        (set[str], names, ["a", "b"]),
        (tuple[str, ...], names, ["a", "b"]),
        (Iterable[str], names, ["a", "b"]),
        (Any, names, ["a", "b"]),
        (dict[str, list[str]], lambda: {"names": names()}, {"names": ["a", "b"]}),
        (dict[str, Any], lambda: {"in": [{"here": names()}]}, {"in": [{"here": ["a", "b"]}]}),
        (list[dict[str, Any]], rows, TWO),
        (list[Person], rows, TWO),
        (list[Named], rows, TWO),
        (list[Named], everything, TWO),
        (list[Plain], everything, TWO),
        (list[Named], lambda: everything().values_list("name", named=True), TWO),
        (dict[str, list[Named]], lambda: {"all": everything()}, {"all": TWO}),
        (list[Named], lambda: Group.objects, TWO),
        (list[Shouted], everything, [{"loud": "A"}, {"loud": "B"}]),
        (dict[str, list[Named]], lambda: {"all": Group.objects}, {"all": TWO}),
        (Anything, lambda: Anything(content=names()), {"content": ["a", "b"]}),
        (Point, lambda: Point(1, names()), {"x": 1, "names": ["a", "b"]}),
    ],
)
def test_queryset_is_the_list_of_its_rows(
    annotation: Any, value: Any, data: Any, is_async: bool
) -> None:
    result = receive(annotation, value, is_async=is_async)
    received = result.data

    assert not result.is_error, result.text
    assert (sorted(received) if annotation == set[str] else received) == data


@SYNC_AND_ASYNC
@pytest.mark.parametrize(
    ("value", "text"),
    [
        (names, '["a","b"]'),
        (rows, '[{"name":"a"},{"name":"b"}]'),
        (lambda: {"names": names()}, '{"names":["a","b"]}'),
        (lambda: gettext_lazy("Yes"), "Yes"),
        (lambda: {1: 2}.values(), "[2]"),
    ],
)
def test_queryset_without_annotation_is_the_list_of_its_rows(
    value: Any, text: str, is_async: bool
) -> None:
    assert receive(..., value, is_async=is_async).text == text


@pytest.mark.parametrize(
    ("annotation", "value", "data"),
    [
        (list[str], lambda: (group.name for group in everything()), ["a", "b"]),
        (list[tuple[int, str]], lambda: enumerate(names()), [[0, "a"], [1, "b"]]),
        (list[Named], lambda: list(everything()), TWO),
        (list[Named], lambda: filter(None, everything()), TWO),
        (list[Plain], lambda: Group.objects.raw("SELECT * FROM auth_group ORDER BY name"), TWO),
        (Named, lambda: everything().first(), {"name": "a"}),
        (Named | None, lambda: everything().first(), {"name": "a"}),
        (Named | None, lambda: Group.objects.filter(name="c").first(), None),
        (Shouted, lambda: everything().first(), {"loud": "A"}),
    ],
)
def test_rows_that_were_fetched_are_those_of_their_types(
    annotation: Any, value: Any, data: Any
) -> None:
    result = receive(annotation, value)

    assert not result.is_error, result.text
    assert result.data == data


def test_iterator_of_an_async_tool_may_query() -> None:
    def read() -> Iterator[str]:
        yield from names()

    async def give() -> list[str]:
        """Give names."""
        return read()  # type: ignore[return-value]

    with offering(give, read_only=True):
        assert MCPClient().call("give").data == ["a", "b"]


@SYNC_AND_ASYNC
def test_relations_of_a_row_are_rows_of_their_types(ann: User, is_async: bool) -> None:
    product = Product.objects.create(sku="a-1", name="Apple", price=1)
    Order.objects.create(buyer=ann, product=product, quantity=2)
    members = receive(list[Member], User.objects.all, is_async=is_async)
    sold = receive(list[Sold], Order.objects.all, is_async=is_async)

    assert members.data == [{"username": "ann", "groups": TWO}]
    assert sold.data == [{"quantity": 2, "product": {"name": "Apple"}, "deliver_on": None}]
    assert SECRET not in members.text


@pytest.mark.implementation
@pytest.mark.parametrize(("prefetch", "queries"), [(["groups"], 2), ([], 2)])
def test_relation_of_a_row_is_read_once(
    ann: User,
    prefetch: list[str],
    queries: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    output = resolved(returning(list[Member], None)).output
    with django_assert_num_queries(queries):
        rendered = output.render(User.objects.prefetch_related(*prefetch))

    assert rendered.structured == {"result": [{"username": "ann", "groups": TWO}]}


@SYNC_AND_ASYNC
@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (Any, lambda: User.objects.get()),
        (Any, User.objects.all),
        (..., User.objects.all),
        (dict[str, Any], lambda: {"users": User.objects.all()}),
        (list[Any], lambda: [User.objects.get()]),
        (Anything, lambda: Anything(content=User.objects.get())),
        (Person, lambda: User.objects.get()),
        (str, lambda: User.objects.get()),
        (list[str], User.objects.all),
        (Any, lambda: ContentFile(SECRET.encode())),
        (list[Any], lambda: ContentFile(SECRET.encode())),
    ],
)
def test_no_field_of_a_row_gets_out_that_no_type_names(
    ann: User, annotation: Any, value: Any, is_async: bool
) -> None:
    result = receive(annotation, value, is_async=is_async)

    assert result.text == (
        f"The call failed. The operators can find the cause under {result.call_id}."
    )


@SYNC_AND_ASYNC
def test_type_that_allows_more_shows_the_fields_that_it_names_alone(
    ann: User, is_async: bool
) -> None:
    assert receive(Open, lambda: ann, is_async=is_async).structured == {"username": "ann"}
    assert receive(list[Open], User.objects.all, is_async=is_async).data == [{"username": "ann"}]


@SYNC_AND_ASYNC
@pytest.mark.parametrize(
    ("annotation", "value", "data"),
    [
        (str, lambda: gettext_lazy("Yes"), "Ja"),
        (
            dict[str, str],
            lambda: {s.value: s.label for s in Status},
            GERMAN,
        ),
        (
            dict[str, str],
            lambda: {Status.OPEN.label: "open"},
            {"Ja": "open"},
        ),
        (dict[str, str], lambda: dict(Status.choices), GERMAN),
        (list[tuple[str, str]], lambda: Status.choices, [["open", "Ja"], ["closed", "Nein"]]),
        (dict[str, Any], lambda: {"a": [gettext_lazy("Yes")]}, {"a": ["Ja"]}),
        (Anything, lambda: Anything(content=gettext_lazy("Yes")), {"content": "Ja"}),
        (Anything, lambda: Anything(content={"a": gettext_lazy("Yes")}), {"content": {"a": "Ja"}}),
        (list[Plain], lambda: [{"name": gettext_lazy("Yes")}], [{"name": "Ja"}]),
        (Point, lambda: Point(1, [Status.OPEN.label]), {"x": 1, "names": ["Ja"]}),  # type: ignore[list-item]
        (Literal["Ja"], lambda: gettext_lazy("Yes"), "Ja"),
        (More, lambda: More(name="a", more=gettext_lazy("Yes")), {"name": "a", "more": "Ja"}),  # type: ignore[call-arg]
        (Names, lambda: Names.model_construct([gettext_lazy("Yes")]), ["Ja"]),  # type: ignore[list-item]
    ],
)
def test_lazy_text_is_text_in_the_active_language(
    annotation: Any, value: Any, data: Any, is_async: bool
) -> None:
    with override("de"):
        assert receive(annotation, value, is_async=is_async).data == data


@SYNC_AND_ASYNC
@pytest.mark.parametrize(
    ("annotation", "value", "data"),
    [
        (list[int], lambda: (n for n in (1, 2)), [1, 2]),
        (list[int], lambda: map(int, "12"), [1, 2]),
        (list[int], lambda: iter([1, 2]), [1, 2]),
        (list[int], {1: 2}.keys, [1]),
        (list[int], lambda: {1}, [1]),
        (list[int], lambda: (1, 2), [1, 2]),
        (list[int], lambda: range(2), [0, 1]),
        (list[int], lambda: deque([1]), [1]),
        (set[int], lambda: [1], [1]),
        (tuple[int, str], lambda: [1, "a"], [1, "a"]),
        (dict[str, list[int]], lambda: {"a": (n for n in (1, 2))}, {"a": [1, 2]}),
        (dict[str, Any], lambda: {"a": [map(int, "12")]}, {"a": [[1, 2]]}),
        (dict[str, Iterable[int]], lambda: {"a": iter([1, 2])}, {"a": [1, 2]}),
        (Iterable[int], lambda: [1, 2], [1, 2]),
        (list[Plain], lambda: ({"name": n} for n in "a"), [{"name": "a"}]),
        (Aliased, lambda: {"label": "a"}, {"theLabel": "a"}),
        (Aliased, lambda: {"theLabel": "a"}, {"theLabel": "a"}),
        (Person, lambda: Plain(name="a").model_dump(), {"name": "a"}),
        (Point, lambda: {"x": 1, "names": ["a"]}, {"x": 1, "names": ["a"]}),
        (str, lambda: Colour.RED, "red"),
        (Colour, lambda: "red", "red"),
        (list[Colour], lambda: ["red", Colour.RED], ["red", "red"]),
        (list[Names], lambda: (Names(["a"]),), [["a"]]),
        (Plain, lambda: Group(name=Value("a")), {"name": "a"}),
        (int, lambda: Level.LOW, 1),
        (Level, lambda: 1, 1),
        (int, lambda: 5.0, 5),
        (datetime.date, lambda: "2026-01-31", "2026-01-31"),
        (datetime.datetime, lambda: "2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z"),
        (uuid.UUID, lambda: str(uuid.UUID(int=1)), str(uuid.UUID(int=1))),
        (Decimal, lambda: "1.50", "1.50"),
        (dict[int, str], lambda: {"1": "a"}, {"1": "a"}),
    ],
)
def test_json_decides_and_not_the_class(
    annotation: Any, value: Any, data: Any, is_async: bool
) -> None:
    result = receive(annotation, value, is_async=is_async)

    assert not result.is_error, result.text
    assert result.data == data


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (int, "5"),
        (float, "5"),
        (float, Decimal("1.5")),
        (bool, "yes"),
        (bool, 1),
        (str, 5),
        (Decimal, 5),
        (Decimal, 1.5),
        (datetime.datetime, 5),
        (datetime.datetime, "5"),
        (datetime.date, 5),
        (datetime.timedelta, 5),
        (datetime.timedelta, "5"),
        (datetime.time, 5),
        (Level, "1"),
        (Level, True),
        (int | None, "5"),
        (list[int], ["5"]),
        (list[int], ("5",)),
        (list[int], lambda: iter(["5"])),
        (set[int], ["5"]),
        (tuple[int, str], ["5", "a"]),
        (dict[str, int], {"a": "5"}),
        (Point, {"x": "5", "names": []}),
        (Named, lambda: Group(name=5)),
        (list[Sold], lambda: [Order(quantity="5", product=Product(name="a"))]),
    ],
)
def test_no_scalar_becomes_one_of_another_type(annotation: Any, value: Any) -> None:
    assert receive(annotation, value).text.startswith("The call failed.")


@SYNC_AND_ASYNC
@pytest.mark.parametrize(
    "number", [math.nan, math.inf, -math.inf, Decimal("NaN"), Decimal("-Infinity")]
)
@pytest.mark.parametrize(
    ("annotation", "value", "place"),
    [
        (dict[str, Any], lambda n: {"mean": n}, "mean"),
        (dict[str, Any], lambda n: {"a": [1, {"b": n}]}, "a/1/b"),
        (dict[str, float | Decimal], lambda n: {"mean": n}, "mean"),
        (Any, lambda n: n, "the root"),
        (..., lambda n: {"mean": n}, "mean"),
        (list[Anything], lambda n: [Anything(content=n)], "0/content"),
        (list[Any], lambda n: iter([n]), "0"),
    ],
)
def test_what_is_no_number_is_an_error_that_names_the_place(
    annotation: Any,
    value: Callable[[Any], Any],
    place: str,
    number: Any,
    is_async: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR):
        result = receive(annotation, lambda: value(number), is_async=is_async)

    assert result.text.startswith("The call failed.")
    assert f"at {place}: JSON has no number" in caplog.text


@SYNC_AND_ASYNC
@pytest.mark.parametrize(
    ("annotation", "value", "data"),
    [
        (Decimal, Decimal("0E-8"), "0.00000000"),
        (Decimal, Decimal("100").normalize(), "100"),
        (Decimal, Decimal("1.5E-10"), "0.00000000015"),
        (list[Decimal], [Decimal("1E+2"), Decimal("1.0")], ["100", "1.0"]),
        (Iterable[Decimal], lambda: iter([Decimal("1E+2")]), ["100"]),
        (set[Decimal], {Decimal("1E+2")}, ["100"]),
        (dict[str, Any], {"a": [Decimal("1E+2")], "b": "1E+2"}, {"a": ["100"], "b": "1E+2"}),
        (dict[Decimal, int], {Decimal("1E+2"): 1}, {"100": 1}),
        (Any, Decimal("1E+2"), "100"),
        (Anything, lambda: Anything(content=Decimal("1E+2")), {"content": "100"}),
        (list[Person], lambda: [{"name": "NaN 1E+2"}], [{"name": "NaN 1E+2"}]),
        (float, 1e22, 1e22),
    ],
)
def test_decimal_is_written_in_full(annotation: Any, value: Any, data: Any, is_async: bool) -> None:
    result = receive(annotation, value, is_async=is_async)

    assert result.data == data


def test_decimal_of_a_model_is_written_in_full() -> None:
    class Costly(BaseModel):
        model_config = ConfigDict(from_attributes=True)
        price: Decimal

    product = Product(sku="a", name="A", price=Decimal("1E+2"))

    shown = receive(Product, lambda: product, fields=["price"]).data["price"]
    assert Decimal(shown) == 100
    assert "E" not in shown
    assert receive(list[Costly], lambda: [product]).data == [{"price": "100"}]


def test_decimal_of_gigabytes_is_refused() -> None:
    result = receive(Decimal, Decimal("1E+999999999"))

    assert result.error["error"] == "The result is larger than 1048576 bytes."


@pytest.mark.parametrize(
    ("annotation", "value", "words"),
    [
        (list[int], ["5"], "at 0: a string is no number"),
        (list[int], [1, "many"], "at 1: Input should be a valid integer"),
        (
            Anything,
            lambda: Anything(content=[User()]),
            "at content/0: no type says what to show of a User",
        ),
        (
            Box,
            lambda: Box(content={"a": User()}),
            "at content/a: no type says what to show of a User",
        ),
        (Point, {"x": 1}, "at names: Field required"),
    ],
)
def test_log_names_place_and_reason(
    annotation: Any, value: Any, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        receive(annotation, value)

    assert words in caplog.text


@pytest.mark.parametrize(
    ("annotation", "options", "name"),
    [
        (Plain, {}, "name"),
        (list[Plain], {}, "name"),
    ],
)
def test_expression_left_on_an_instance_is_named_in_the_log(
    annotation: Any, options: dict[str, Any], name: str, caplog: pytest.LogCaptureFixture
) -> None:
    product = Product.objects.create(sku="a", name="A", price=1, stock=1)
    product.stock = F("stock") + 1
    product.name = Concat(F("name"), Value("!"))
    with caplog.at_level(logging.ERROR):
        result = receive(
            annotation, lambda: [product] if annotation == list[Plain] else product, **options
        )

    assert result.text.startswith("The call failed.")
    assert f"field '{name}' of Product holds the expression Concat(" in caplog.text


@SYNC_AND_ASYNC
@pytest.mark.parametrize("annotation", [dict[str, list[str]], dict[str, Any], ...])
def test_errors_of_a_form_are_their_texts(annotation: Any, is_async: bool) -> None:
    form = modelform_factory(Group, fields=["name"])({})

    result = receive(annotation, form.errors, is_async=is_async)

    assert json.loads(result.text) == {"name": ["This field is required."]}


@SYNC_AND_ASYNC
@pytest.mark.parametrize(
    "response",
    [
        JsonResponse({"a": 1}),
        HttpResponseRedirect("/"),
        StreamingHttpResponse([b"a"]),
        {"file": FileResponse(iter([b"a"]))},
    ],
    ids=["json", "redirect", "stream", "nested file"],
)
def test_http_response_is_no_list_of_texts(
    response: Any, is_async: bool, caplog: pytest.LogCaptureFixture
) -> None:
    result = receive(..., response, is_async=is_async)

    assert result.error["kind"] == "failed"
    assert "the result holds an HTTP response: return data instead" in caplog.text


def test_what_passes_is_not_touched() -> None:
    validated = []

    class Counted(BaseModel):
        name: str

        @model_validator(mode="before")
        @classmethod
        def _count(cls, data: Any) -> Any:
            validated.append(data)
            return data

    given = Counted(name="a")
    assert receive(list[Counted], lambda: [given]).data == [{"name": "a"}]
    assert len(validated) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "annotation", [list[str], dict[str, Any], ...], ids=["list", "dict", "none"]
)
def test_queryset_of_an_async_tool_is_read_on_its_thread(annotation: Any) -> None:
    async def give() -> Any:
        """Give names."""
        return {"deep": [names()]} if annotation == dict[str, Any] else names()

    give.__annotations__ = {} if annotation is ... else {"return": annotation}
    with offering(give, read_only=True):
        rendered = serve(call_of("give", principal=caller()))

    assert '["a","b"]' in rendered.content[0].text  # type: ignore[attr-defined]


@pytest.mark.implementation
@pytest.mark.django_db(transaction=True)
def test_ordinary_result_of_an_async_tool_takes_no_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    crossings: list[Any] = []

    def crossing(call: Any) -> Any:
        crossings.append(call)
        return sync_to_async(call)

    monkeypatch.setattr("django_mcp.calls.steps.sync_to_async", crossing)

    async def give() -> dict[str, Any]:
        """Give data."""
        return {"a": [1, {"b": datetime.date(2026, 1, 31)}], "c": Point(1, [])}

    with offering(give, read_only=True):
        serve(call_of("give", principal=caller()))

    assert crossings == []
