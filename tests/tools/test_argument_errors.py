"""Pydantic's error types: each has words of ours, or a reason why it has none."""

import ast
import fractions
from collections import OrderedDict, deque
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Counter, NamedTuple, Pattern, get_args  # noqa: UP035

import pydantic
import pytest
from pydantic import (
    AfterValidator,
    AnyUrl,
    Base64Bytes,
    BaseModel,
    ByteSize,
    ConfigDict,
    Field,
    FilePath,
    IPvAnyInterface,
    IPvAnyNetwork,
    Json,
    StringConstraints,
    UrlConstraints,
)
from pydantic_core import core_schema

from django_mcp.schemas.errors.argument_errors import CONSEQUENTIAL_TYPE, OTHER_REASON, REASONS
from tests.tools.single_tools import refusals

FUNCTIONS = "tells of the positional arguments of Python functions, and JSON has names alone"
PYTHON = "is of Python objects, which no JSON becomes before it is validated"
ASSIGNED = "is of assignments to an instance that is there already"
NO_JSON_FORM = "is of a type that has no JSON form, so that no tool with it is registered"
BY_HAND = "is of core schemas that are written by hand: no annotation asks for it"
AUTHORS_WORDS = "has a message of the author's own, which may hold the caller's value"
UNTOLD = "is dropped: the error that it follows from is told"
UNFIT = "is of a type that is of no use to clients, of whose files and code nothing is told"
CARD = "is of a card number, of which nothing is told, not even what is wrong with it"
BEFORE = "is told in words for the published schema, which has the same rule and comes first"

WITHOUT_WORDS = {
    "arguments_type": FUNCTIONS,
    "missing_argument": FUNCTIONS,
    "missing_keyword_only_argument": FUNCTIONS,
    "missing_positional_only_argument": FUNCTIONS,
    "multiple_argument_values": FUNCTIONS,
    "unexpected_positional_argument": FUNCTIONS,
    "get_attribute_error": PYTHON,
    "invalid_key": PYTHON,
    "iteration_error": PYTHON,
    "no_such_attribute": PYTHON,
    "is_instance_of": PYTHON,
    "is_subclass_of": PYTHON,
    "needs_python_object": PYTHON,
    "frozen_field": ASSIGNED,
    "frozen_instance": ASSIGNED,
    "callable_type": NO_JSON_FORM,
    "ellipsis_error": NO_JSON_FORM,
    "missing_sentinel_error": "is of a value that stands for none: nobody can send it",
    "timezone_offset": BY_HAND,
    "assertion_error": AUTHORS_WORDS,
    "value_error": AUTHORS_WORDS,
    CONSEQUENTIAL_TYPE: UNTOLD,
}

# Those that pydantic's own types raise beside the types of the core.
CUSTOM_WITHOUT_WORDS = {
    "color_error": "is of a type that pydantic has deprecated",
    "name_email_type": BEFORE,
    "invalid-json-value": PYTHON,
    "import_error": UNFIT,
    "is_hashable": UNFIT,
    "is_type": UNFIT,
    "parent_does_not_exist": UNFIT,
    "path_exists": UNFIT,
    "path_not_directory": UNFIT,
    "path_not_file": UNFIT,
    "path_not_socket": UNFIT,
    "not_operation_failed": "is of a predicate: only its author knows what it asks for",
    "predicate_failed": "is of a predicate: only its author knows what it asks for",
    "payment_card_number_brand": CARD,
    "payment_card_number_digits": CARD,
    "payment_card_number_luhn": CARD,
    "sequence_str": PYTHON,
    "value_error": AUTHORS_WORDS,
    "zoneinfo_str": "is of time zones, whose names only the server's system knows",
}


def custom_types() -> Iterator[str]:
    """The types of the errors that pydantic's own code raises beside those of its core."""
    package = Path(pydantic.__file__).parent
    for path in package.rglob("*.py"):
        if path.relative_to(package).parts[0] in ("v1", "deprecated"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func).rpartition(".")[2]
            kinds = node.args[:1] if name == "PydanticCustomError" else []
            kinds += [each.value for each in node.keywords if each.arg == "custom_error_type"]
            for kind in kinds:
                if isinstance(kind, ast.Constant):
                    yield str(kind.value)


def test_error_types_of_the_core_that_have_no_words_are_listed_with_the_reason() -> None:
    types = set(get_args(core_schema.ErrorType))

    assert types - REASONS.keys() == WITHOUT_WORDS.keys()
    assert not REASONS.keys() & WITHOUT_WORDS.keys()


def test_error_types_of_other_types_that_have_no_words_are_listed_with_the_reason() -> None:
    types = set(custom_types())

    assert "ip_v4_address" in types
    assert types - REASONS.keys() == CUSTOM_WITHOUT_WORDS.keys()
    assert not REASONS.keys() & CUSTOM_WITHOUT_WORDS.keys()


def test_words_belong_to_types_that_exist() -> None:
    ours = {"rounded_number", "distant_date"}
    # Newer than the lowest version of pydantic that is allowed.
    newer = {"recursion_depth_exceeded"}

    assert REASONS.keys() - get_args(core_schema.ErrorType) - set(custom_types()) - newer == ours


class Size(NamedTuple):
    width: int
    height: int = 0


class Encoded(BaseModel):
    model_config = ConfigDict(val_json_bytes="base64")

    data: bytes


@pytest.mark.parametrize(
    ("annotation", "value", "reason"),
    [
        (
            Annotated[str, StringConstraints(ascii_only=True)],
            "\u00e9",
            "must hold ASCII characters alone",
        ),
        (Annotated[bytes, Field(min_length=2)], "a", "must have at least 2 bytes"),
        (Annotated[bytes, Field(max_length=1)], "\u00e9", "must have at most 1 byte"),
        (
            Annotated[AnyUrl, UrlConstraints(max_length=9)],
            "https://example.com/",
            "must be a URL of at most 9 characters",
        ),
        (Base64Bytes, "?a", "must be written in base64"),
        (complex, "x", "must be a number, or a string such as 1+2j"),
        (fractions.Fraction, "x", "must be a number, or a string such as 1/3"),
        (ByteSize, "x", "must be a number of bytes, or a string such as 10 MB"),
        (ByteSize, "1 x", "must be a number of bytes, or a string such as 10 MB"),
        (deque[int], "[1]", "must be a list: send JSON, not a string that holds JSON"),
        (Counter[str], "x", "must be an object"),
        (OrderedDict[str, int], "x", "must be an object"),
        (Size, "x", "must be a list"),
        # A regular expression in JavaScript, but not in Python.
        (Pattern[str], "(?<name>a)", "must be a regular expression"),
        (Json, 5, "must be a string that holds JSON"),
        (FilePath, 5, "must be a string"),
        (IPvAnyNetwork, "x", "must be an IP network such as 192.0.2.0/24"),
        (IPvAnyInterface, "x", "must be an IP interface such as 192.0.2.5/24"),
    ],
)
@pytest.mark.django_db
def test_types_beyond_those_of_json_are_told_in_words_too(
    annotation: Any, value: Any, reason: str
) -> None:
    assert refusals(annotation, value) == [f"value: {reason}"]


@pytest.mark.parametrize(
    ("annotation", "value", "violation"),
    [
        (Encoded, {"data": "?"}, "value.data: must be written in base64"),
        (set[Any], [{}], "value[0]: must be neither a list nor an object"),
    ],
)
@pytest.mark.django_db
def test_their_place_is_told(annotation: Any, value: Any, violation: str) -> None:
    assert refusals(annotation, value) == [violation]


def refuse(value: int) -> int:
    raise ValueError("no")


class Box(BaseModel):
    width: Annotated[int, AfterValidator(refuse)]
    height: int = Field(default_factory=lambda others: others["width"])


@pytest.mark.django_db
def test_default_that_cannot_be_worked_out_is_no_violation_of_its_own() -> None:
    assert refusals(Box, {"width": 1}) == [f"value.width: {OTHER_REASON}"]
