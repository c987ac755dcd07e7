"""The JSON Schema that clients are given of a tool's parameters."""

import datetime
import enum
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, Literal, NotRequired, Required

import pytest
from django.db import models
from django.utils.translation import gettext_lazy as _
from jsonschema import Draft202012Validator
from pydantic import BaseModel, ConfigDict, Field, RootModel, SecretStr, create_model
from typing_extensions import Doc, TypeAliasType, TypedDict

from django_mcp import Redacted
from tests.tools.single_tools import resolved, taking


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Pen(enum.Enum):
    """Pens for tests."""

    INK = "ink"


class PenLine(BaseModel):
    pen: Pen = Pen.INK


class Size(enum.IntEnum):
    SMALL = 1
    LARGE = 2


class Line(BaseModel):
    """One line of an order."""

    sku: str
    quantity: Annotated[int, Field(ge=1)] = 1


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    lines: list[Line]


class Branch(BaseModel):
    name: str
    branches: list["Branch"] = []


class Aliased(BaseModel):
    sold_on: datetime.date = Field(alias="soldOn")


class Empty(BaseModel):
    pass


class Cash(BaseModel):
    kind: Literal["cash"]


class Card(BaseModel):
    kind: Literal["card"]
    number: str


@dataclass
class Point:
    x: int
    tags: list[str] = field(default_factory=list)
    seen: int = field(default=0, init=False)


class Person(TypedDict, total=False):
    name: Required[str]
    age: int


class Team(TypedDict):
    lead: Person
    motto: NotRequired[str]


def schema_of(annotation: Any) -> dict[str, Any]:
    """The property's schema."""
    found: dict[str, Any] = resolved(taking(annotation)).input_schema["properties"]["value"]
    return found


LINE = {
    "type": "object",
    "title": "Line",
    "description": "One line of an order.",
    "properties": {
        "sku": {"type": "string"},
        "quantity": {"type": "integer", "minimum": 1, "default": 1},
    },
    "required": ["sku"],
    "additionalProperties": False,
}
PERSON = {
    "type": "object",
    "title": "Person",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("annotation", "schema"),
    [
        (str, {"type": "string"}),
        (int, {"type": "integer"}),
        (float, {"type": "number"}),
        (bool, {"type": "boolean"}),
        (None, {"type": "null"}),
        (Any, {}),
        (int | None, {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        (int | str, {"anyOf": [{"type": "integer"}, {"type": "string"}]}),
        (Decimal, {"anyOf": [{"type": "number"}, {"type": "string"}]}),
        (datetime.date, {"type": "string", "format": "date"}),
        (datetime.datetime, {"type": "string", "format": "date-time"}),
        (datetime.time, {"type": "string", "format": "time"}),
        (datetime.timedelta, {"type": "string", "format": "duration"}),
        (uuid.UUID, {"type": "string", "format": "uuid"}),
        (Colour, {"type": "string", "enum": ["red", "blue"]}),
        (Size, {"type": "integer", "enum": [1, 2]}),
        (Literal["a", 1], {"enum": ["a", 1]}),
        (Annotated[str, Field(min_length=1, max_length=3)], {"minLength": 1, "maxLength": 3}),
        (Annotated[str, Field(pattern="^a$")], {"type": "string", "pattern": "^a$"}),
        (Annotated[int, Field(ge=1, lt=9)], {"minimum": 1, "exclusiveMaximum": 9}),
        (Annotated[int, Field(description="How many.")], {"description": "How many."}),
        (list[int], {"type": "array", "items": {"type": "integer"}}),
        (set[int], {"type": "array", "items": {"type": "integer"}, "uniqueItems": True}),
        (tuple[int, str], {"prefixItems": [{"type": "integer"}, {"type": "string"}]}),
        (dict[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}),
        (Line, LINE),
        (list[Line], {"type": "array", "items": LINE}),
        (Open, {"additionalProperties": False, "required": ["lines"]}),
        (Empty, {"properties": {}, "additionalProperties": False}),
        (RootModel[dict[str, int]], {"additionalProperties": {"type": "integer"}}),
        (Person, PERSON),
        (Team, {"required": ["lead"], "additionalProperties": False}),
        (Aliased, {"properties": {"soldOn": {"type": "string", "format": "date"}}}),
        (SecretStr, {"type": "string", "format": "password", "writeOnly": True}),
        (Annotated[str, Redacted], {"type": "string", "writeOnly": True}),
        (Annotated[Line, Redacted()], {**LINE, "writeOnly": True}),
    ],
)
def test_schema_says_what_the_annotation_says(annotation: Any, schema: dict[str, Any]) -> None:
    found = schema_of(annotation)

    assert {key: found[key] for key in schema} == schema


def test_dataclass_shows_the_fields_that_its_class_takes() -> None:
    assert schema_of(Point) == {
        "type": "object",
        "title": "Point",
        "properties": {
            "x": {"type": "integer"},
            "tags": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["x"],
        "additionalProperties": False,
    }


def test_discriminated_union_tells_its_alternatives_apart_by_json_schema_alone() -> None:
    found = schema_of(Annotated[Cash | Card, Field(discriminator="kind")])

    assert list(found) == ["oneOf"]
    assert [each["properties"]["kind"]["const"] for each in found["oneOf"]] == ["cash", "card"]


@pytest.mark.parametrize("annotation", [Colour, Line, list[Line] | None, dict[str, Colour], Team])
def test_enums_and_models_are_written_out_where_they_are_used(annotation: Any) -> None:
    def act(value: Any, other: Any = None) -> None:
        """Act."""

    act.__annotations__ = {"value": annotation, "other": annotation | None, "return": annotation}
    found = resolved(act)

    assert "$ref" not in json.dumps([found.input_schema, found.output_schema])
    assert "$defs" not in json.dumps([found.input_schema, found.output_schema])


def test_description_of_a_parameter_stands_before_that_of_its_class() -> None:
    assert schema_of(Annotated[Line, Field(description="What to add.")]) == {
        **LINE,
        "description": "What to add.\nOne line of an order.",
    }


def test_schema_that_would_grow_too_large_keeps_what_is_large_in_definitions() -> None:
    found = resolved(taking(doubling_models(12))).input_schema

    size = len(json.dumps(found, separators=(",", ":")))
    assert size <= 8 * 1024
    assert 0 < len(found["$defs"]) < 12
    Draft202012Validator.check_schema(found)


def test_schema_that_would_grow_beyond_all_bounds_is_made_in_time() -> None:
    found = resolved(taking(doubling_models(60))).input_schema

    assert len(json.dumps(found, separators=(",", ":"))) < 40_000
    Draft202012Validator(found).validate({"value": {}})


def test_enum_is_written_out_beside_a_model_that_is_too_large() -> None:
    def act(value: Any, colour: Colour, other: Colour) -> None:
        """Act."""

    act.__annotations__["value"] = doubling_models(12)

    found = resolved(act).input_schema

    assert found["properties"]["colour"]["enum"] == ["red", "blue"]
    assert found["properties"]["other"]["enum"] == ["red", "blue"]


def test_reference_of_an_author_to_a_definition_is_written_out_too() -> None:
    def act(value: Any) -> None:
        """Act."""

    found = resolved(
        act,
        schema_extra={
            "$defs": {"Sku": {"type": "string", "maxLength": 8}},
            "properties": {"value": {"$ref": "#/$defs/Sku", "minLength": 2}},
        },
    ).input_schema

    assert found["properties"]["value"] == {
        "allOf": [{"type": "string", "maxLength": 8}],
        "minLength": 2,
    }
    assert "$defs" not in found


def test_schema_whose_references_point_elsewhere_is_left_as_it_is() -> None:
    def act(value: Line, other: Any) -> None:
        """Act."""

    found = resolved(
        act, schema_extra={"properties": {"other": {"$ref": "#/properties/value"}}}
    ).input_schema

    assert found["properties"]["value"] == {"$ref": "#/$defs/Line"}


def test_definition_that_allows_anything_is_left_as_it_is() -> None:
    extra = {"$defs": {"Any": True}, "properties": {"value": {"$ref": "#/$defs/Any"}}}
    found = resolved(taking(Any), schema_extra=extra).input_schema

    assert (found["$defs"], found["properties"]) == (extra["$defs"], extra["properties"])


def test_data_that_look_like_a_reference_stay_data() -> None:
    def act(value: Line, other: Annotated[Any, Field(examples=[{"$ref": "#/$defs/Line"}])]) -> None:
        """Act."""

    properties = resolved(act).input_schema["properties"]

    assert properties["value"] == LINE
    assert properties["other"] == {"examples": [{"$ref": "#/$defs/Line"}]}


def doubling_models(count: int) -> Any:
    """A model with two fields of a model with two fields of a model, and so on."""
    model: Any = None
    for number in range(count):
        fields: Any = {"a": (model | None, None), "b": (model | None, None)} if model else {}
        model = create_model(f"Level{number}", **fields)
    return model


def test_recursive_model_is_closed_at_every_depth() -> None:
    found = resolved(taking(Branch)).input_schema

    assert found["properties"]["value"] == {"$ref": "#/$defs/Branch"}
    assert found["$defs"]["Branch"]["additionalProperties"] is False
    assert found["$defs"]["Branch"]["properties"]["branches"]["items"] == {"$ref": "#/$defs/Branch"}


def describe(amount: int, note: str, at: Line, owner: str) -> None:
    """Describe it."""


GOOGLE = """Describe it.

    It takes time: a minute.

    Args:
        amount (int, optional): In the account's currency,
            more than zero: always.

        note: Why.
        at: Where.

    Returns:
        Nothing.

    Raises:
        ToolError: When there is none.

    Example:
        describe(1)

            as often as you like

    Notes:
        It is slow.
"""
GOOGLE_DESCRIPTION = """Describe it.

It takes time: a minute.

Returns:
    Nothing.

Raises:
    ToolError: When there is none.

Example:
    describe(1)

        as often as you like

Notes:
    It is slow."""
NUMPY = """Describe it.

    It takes time: a minute.

    Parameters
    ----------
    amount : int, optional
        In the account's currency,
        more than zero: always.
    note, at : str
        Why.

    Returns
    -------
    None

    Notes
    -----
    It is slow.

    Examples
    --------
    >>> describe(1)
    None
"""
NUMPY_DESCRIPTION = """Describe it.

It takes time: a minute.

Returns
-------
None

Notes
-----
It is slow.

Examples
--------
>>> describe(1)
None"""
REST = """Describe it.

    It takes time: a minute.

    :param amount: In the account's currency,
        more than zero: always.
    :type amount: int
    :param str note: Why.
    :param at: Where.
    :returns: nothing
    :raises ToolError: when there is none

    It is slow.
"""
REST_DESCRIPTION = """Describe it.

It takes time: a minute.

:returns: nothing
:raises ToolError: when there is none

It is slow."""


@pytest.mark.parametrize(
    ("docstring", "description", "at"),
    [
        (GOOGLE, GOOGLE_DESCRIPTION, "Where."),
        (NUMPY, NUMPY_DESCRIPTION, "Why."),
        (REST, REST_DESCRIPTION, "Where."),
    ],
    ids=["google", "numpy", "rest"],
)
def test_docstring_describes_the_tool_and_its_parameters(
    docstring: str, description: str, at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(describe, "__doc__", docstring)
    found = resolved(describe)

    assert found.description == description
    assert found.input_schema["properties"] == {
        "amount": {
            "type": "integer",
            "description": "In the account's currency, more than zero: always.",
        },
        "note": {"type": "string", "description": "Why."},
        "at": {**LINE, "description": f"{at}\nOne line of an order."},
        "owner": {"type": "string"},
    }


def test_annotation_describes_better_than_the_docstring() -> None:
    def act(amount: Annotated[int, Field(description="In euros.")], note: str) -> None:
        """Act.

        Args:
            amount: In whatever.
            note: Why.
        """

    properties = resolved(act, description="Act now.").input_schema["properties"]

    assert properties["amount"] == {"type": "integer", "description": "In euros."}
    assert properties["note"] == {"type": "string", "description": "Why."}


Sku = TypeAliasType("Sku", Annotated[str, Doc("The number on the box.")])


@pytest.mark.parametrize(
    ("annotation", "description"),
    [
        (Annotated[str, "In euros."], "In euros."),
        (Annotated[str, Doc("In euros,\n    or cents.")], "In euros, or cents."),
        (Annotated[str, "In euros."] | None, "In euros."),
        (Annotated[str, Field(max_length=3), "In euros."], "In euros."),
        (Annotated[Sku, "Of the part."], "Of the part."),
        (Annotated[str, "No.", Field(description="In euros.")], "In euros."),
        (Annotated[Line, "What to add."], "What to add.\nOne line of an order."),
        (Sku, "The number on the box."),
        (Sku | None, "The number on the box."),
        (list[Sku], "Whatever."),
        (str, "Whatever."),
    ],
)
def test_words_in_an_annotation_describe_the_parameter(annotation: Any, description: str) -> None:
    def act(amount: Any) -> None:
        """Act.

        Args:
            amount: Whatever.
        """

    act.__annotations__["amount"] = annotation

    assert resolved(act).input_schema["properties"]["amount"]["description"] == description


SENTINEL: Any = object()


def test_defaults_are_shown_as_clients_would_send_them() -> None:
    def act(
        amount: Decimal = Decimal("1.50"),
        colour: Colour = Colour.RED,
        day: datetime.date | None = None,
        line: Line = Line(sku="a"),  # noqa: B008
        sale: Aliased = Aliased(soldOn=datetime.date(2026, 1, 31)),  # noqa: B008
        seconds: float = float("inf"),
        note: str = SENTINEL,
        pin: Annotated[str, Redacted] = "1234",
        *,
        last: int = 3,
    ) -> None:
        """Act."""

    schema = resolved(act).input_schema
    defaults = {k: v["default"] for k, v in schema["properties"].items() if "default" in v}

    assert "required" not in schema
    assert defaults == {
        "amount": "1.50",
        "colour": "red",
        "day": None,
        "line": {"sku": "a", "quantity": 1},
        "sale": {"soldOn": "2026-01-31"},
        "last": 3,
    }


def test_alias_of_a_parameter_is_its_name_for_clients() -> None:
    def act(start: Annotated[int, Field(alias="from")] = 3) -> None:
        """Act.

        Args:
            start: Where to begin.
        """

    assert resolved(act).input_schema["properties"] == {
        "from": {"type": "integer", "description": "Where to begin.", "default": 3}
    }


def test_schema_extra_is_merged_into_the_root() -> None:
    def act(a: int = 0, b: int = 0) -> None:
        """Act."""

    found = resolved(
        act,
        schema_extra={
            "dependentRequired": {"a": ["b"]},
            "examples": [{"a": 1, "b": 2}],
            "properties": {"a": {"examples": [1]}},
        },
    ).input_schema

    assert found == {
        "type": "object",
        "properties": {
            "a": {"type": "integer", "default": 0, "examples": [1]},
            "b": {"type": "integer", "default": 0},
        },
        "additionalProperties": False,
        "dependentRequired": {"a": ["b"]},
        "examples": [{"a": 1, "b": 2}],
    }


class Status(models.TextChoices):
    """How far an order is."""

    PACKED = "packed", _("Ready to go")
    SENT = "sent", _("On its way")


class Priority(models.IntegerChoices):
    LOW = 1, "Some day"
    HIGH = 2, "At once"

    __empty__ = "Whenever"


STATUS = {
    "description": "packed: Ready to go; sent: On its way",
    "type": "string",
    "enum": ["packed", "sent"],
}


def test_labels_of_choices_are_in_the_schema() -> None:
    def send(status: Status, priorities: list[Priority]) -> None:
        """Send something."""

    assert resolved(send).input_schema["properties"] == {
        "status": STATUS,
        "priorities": {
            "type": "array",
            "items": {
                "description": "1: Some day; 2: At once",
                "type": "integer",
                "enum": [1, 2],
            },
        },
    }


@pytest.mark.parametrize("words", [Doc("Where it stands."), Field(description="Where it stands.")])
def test_labels_of_choices_follow_the_words_of_the_parameter(words: Any) -> None:
    assert schema_of(Annotated[Status, words]) == {
        **STATUS,
        "description": f"Where it stands.\n{STATUS['description']}",
    }


def test_words_of_a_parameter_that_are_those_of_its_class_stand_once() -> None:
    assert schema_of(Annotated[Line, "One line of an order."]) == LINE


@pytest.mark.parametrize("annotation", [Pen, Pen | None, list[Pen], PenLine])
def test_name_and_docstring_of_an_enum_are_for_developers(annotation: Any) -> None:
    shown = json.dumps(schema_of(annotation))

    assert '"enum": ["ink"]' in shown
    assert "Pen" not in shown.replace("PenLine", "")
    assert "for tests" not in shown


def test_title_and_description_of_a_parameter_are_shown_with_its_enum() -> None:
    words = Field(title="Your pen", description="What to write with.")

    assert schema_of(Annotated[Pen, words]) == {
        "title": "Your pen",
        "description": "What to write with.",
        "type": "string",
        "enum": ["ink"],
    }


def test_labels_of_very_many_choices_are_left_out() -> None:
    make: Any = models.IntegerChoices
    Many = make("Many", [(f"N{each}", each) for each in range(101)])  # noqa: N806

    shown = schema_of(Many)

    assert len(shown["enum"]) == 101
    assert "description" not in shown


def nothing() -> None:
    """Take nothing."""


def everything(
    a: Colour,
    b: list[Team | Point],
    c: Branch,
    d: Annotated[Cash | Card, Field(discriminator="kind")],
    e: tuple[Decimal, ...] = (),
    f: dict[str, set[uuid.UUID]] = {},  # noqa: B006
    g: datetime.timedelta | None = None,
) -> None:
    """Take everything."""


@pytest.mark.parametrize("function", [nothing, everything, describe])
def test_input_schema_is_a_json_schema_of_a_closed_object(function: Callable[..., Any]) -> None:
    schema = resolved(function).input_schema

    Draft202012Validator.check_schema(schema)
    assert schema["type"] == "object"
    assert schema["additionalProperties"] is False
    objects = [each for each in schema.get("$defs", {}).values() if each["type"] == "object"]
    assert all(each["additionalProperties"] is False for each in objects)
