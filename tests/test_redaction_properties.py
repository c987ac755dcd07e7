"""What holds of redaction whatever is sent, by random arguments and random schemas."""

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any

import pytest
from django.test import override_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import Json, SecretStr
from typing_extensions import TypedDict

from django_mcp import Redacted
from django_mcp.audit.redaction import (
    MAX_DEPTH,
    MAX_ITEMS,
    MAX_KEY_CHARACTERS,
    MAX_STRING_CHARACTERS,
    REDACTED,
    argument_names,
    redact,
    secret_arguments,
)
from django_mcp.conf import settings as package_settings
from django_mcp.models import CallRecord
from django_mcp.testing import MCPClient
from tests.calls import offering
from tests.tools.single_tools import resolved, taking

SECRET = "hunter2"
"""No other value of these tests holds it."""

check = settings(
    database=None,
    deadline=None,
    derandomize=True,
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow],
)

# Lone surrogates and U+0000 among them, which no database takes.
TEXT = st.text(st.characters(exclude_categories=()), max_size=20)
LONG = st.builds(lambda part, times: part * times, TEXT, st.integers(1, 200))
NUMBERS = st.integers() | st.floats() | st.sampled_from([10**400, -(2**63), 2**63])
SCALARS = st.none() | st.booleans() | NUMBERS | TEXT | LONG
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=15,
)
WIDE = st.builds(lambda item, times: [item] * times, JSON, st.integers(0, 60))
MANY = st.builds(
    lambda item, times: {f"entry {n}": item for n in range(times)}, JSON, st.integers(0, 60)
)


def nested(value: Any, depth: int) -> Any:
    for level in range(depth):
        value = [value] if level % 2 else {"in": value}
    return value


DEEP = st.builds(nested, JSON, st.integers(0, 15))
ANYTHING = JSON | WIDE | MANY | DEEP
ARGUMENTS = st.dictionaries(TEXT | LONG, ANYTHING, max_size=6) | MANY

# Small enough that nothing is cut, and without what has to be replaced.
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text("abc \u00e9", max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner),
    max_leaves=8,
)
HOLDING_SECRETS = st.sampled_from(
    [SECRET, f"my {SECRET}.", [SECRET], {"a": [1, SECRET]}, {SECRET: 1}, [[{"b": SECRET}]]]
)


@st.composite
def secret_names(draw: st.DrawFn) -> str:
    """A name that holds one of the words that the package knows, however it is written."""
    word = draw(st.sampled_from(package_settings.REDACT))
    style: Callable[[str], str] = draw(
        st.sampled_from([str.lower, str.upper, str.title, lambda name: name.replace("_", "-")])
    )
    before, after = (
        draw(st.sampled_from(["", "my_", "X-", "new"])),
        draw(st.sampled_from(["", "2"])),
    )
    return before + style(word) + after


TREES = st.recursive(
    PLAIN,
    lambda inner: (
        st.dictionaries(st.sampled_from("abc"), inner, max_size=2).flatmap(
            lambda own: st.dictionaries(secret_names(), HOLDING_SECRETS, max_size=2).map(
                lambda secret: own | secret
            )
        )
        | st.lists(inner, max_size=3)
    ),
    max_leaves=12,
)


@check
@given(st.dictionaries(st.sampled_from("abc"), TREES))
def test_nothing_below_a_secret_name_is_kept(arguments: dict[str, Any]) -> None:
    assert SECRET not in json.dumps(redact(arguments))


@dataclass(frozen=True, slots=True)
class Described:
    """A value with a schema, which may mark it, or a part of it, as secret.

    In place of one that is fixed no value of another shape may stand.
    """

    schema: Any
    value: Any
    holds_secret: bool
    is_fixed: bool = False


class Schemas:
    """Draws schemas with values for them that hold `SECRET` wherever the schema is `writeOnly`.

    In place of what was declared to hold a secret may stand a value of another shape, whose
    values are secrets; not in a union, where it could be of the shape of another alternative.
    """

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw
        self.definitions: dict[str, Any] = {}

    def described(self, depth: int, *, is_union: bool = False) -> Described:
        kinds = [self._plain, self._secret]
        if depth:
            kinds += [self._object, self._map, self._names, self._list, self._tuple, self._union]
            kinds += [self._reference, self._text]
        found = self._draw(st.sampled_from(kinds))(depth - 1, is_union)
        is_fixed = is_union or found.is_fixed
        if found.holds_secret and not is_fixed and self._draw(st.integers(0, 5)) == 0:
            return Described(found.schema, self._misshapen(found.value), True, is_fixed=True)
        return found

    def _misshapen(self, value: Any) -> Any:
        if isinstance(value, dict):
            return self._draw(st.sampled_from([SECRET, [SECRET], [[SECRET]], [{"zz": SECRET}]]))
        if isinstance(value, list):
            return self._draw(st.sampled_from([SECRET, {"zz": SECRET}, {"zz": [SECRET]}]))
        return self._draw(st.sampled_from([SECRET, [SECRET], {"zz": [SECRET]}]))

    def _plain(self, depth: int, is_union: bool) -> Described:
        return Described(
            *self._draw(st.sampled_from([({"type": "string"}, "a"), (True, 1)])), False
        )

    def _secret(self, depth: int, is_union: bool) -> Described:
        return Described({"type": "string", "writeOnly": True}, self._draw(HOLDING_SECRETS), True)

    def _object(self, depth: int, is_union: bool) -> Described:
        names = self._draw(st.lists(st.sampled_from("abcd"), unique=True, max_size=3))
        parts = {name: self.described(depth, is_union=is_union) for name in names}
        schema = {
            "type": "object",
            "properties": {name: part.schema for name, part in parts.items()},
            **self._draw(st.sampled_from([{}, {"additionalProperties": False}])),
        }
        value = {name: part.value for name, part in parts.items()}
        holds_secret = any(part.holds_secret for part in parts.values())
        if holds_secret and not is_union and self._draw(st.booleans()):
            value["zz"] = SECRET
        return Described(schema, value, holds_secret)

    def _map(self, depth: int, is_union: bool) -> Described:
        part = self.described(depth, is_union=is_union)
        keyword = self._draw(st.sampled_from(["additionalProperties", "patternProperties"]))
        rule = {"^[a-z]+$": part.schema} if keyword == "patternProperties" else part.schema
        return Described(
            {"type": "object", keyword: rule},
            {"a": part.value, "zz": part.value},
            part.holds_secret,
        )

    def _names(self, depth: int, is_union: bool) -> Described:
        schema = {"type": "object", "propertyNames": {"type": "string", "writeOnly": True}}
        return Described(schema, {SECRET: 1, f"{SECRET}2": [SECRET]}, True)

    def _list(self, depth: int, is_union: bool) -> Described:
        part = self.described(depth, is_union=is_union)
        return Described(
            {"type": "array", "items": part.schema}, [part.value] * 2, part.holds_secret
        )

    def _tuple(self, depth: int, is_union: bool) -> Described:
        parts = [self.described(depth, is_union=is_union) for _ in range(2)]
        return Described(
            {"type": "array", "prefixItems": [part.schema for part in parts]},
            [part.value for part in parts],
            any(part.holds_secret for part in parts),
        )

    def _union(self, depth: int, is_union: bool) -> Described:
        chosen, other = (self.described(depth, is_union=True) for _ in range(2))
        keyword = self._draw(st.sampled_from(["anyOf", "oneOf", "allOf"]))
        alternatives = self._draw(st.permutations([chosen.schema, other.schema]))
        holds_secret = chosen.holds_secret or other.holds_secret
        return Described({keyword: alternatives}, chosen.value, holds_secret, is_fixed=True)

    def _reference(self, depth: int, is_union: bool) -> Described:
        part = self.described(depth, is_union=is_union)
        name = f"D{len(self.definitions)}"
        self.definitions[name] = part.schema
        return replace(part, schema={"$ref": f"#/$defs/{name}"})

    def _text(self, depth: int, is_union: bool) -> Described:
        part = self.described(depth, is_union=is_union)
        schema = {
            "type": "string",
            "contentMediaType": "application/json",
            "contentSchema": part.schema,
        }
        return Described(schema, json.dumps(part.value), part.holds_secret)


@st.composite
def declared_calls(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """The arguments of a call, full of secrets, and the tool's input schema."""
    schemas = Schemas(draw)
    names = draw(st.lists(st.sampled_from("abc"), unique=True, min_size=1))
    parts = {name: schemas.described(4) for name in names}
    schema = {
        "type": "object",
        "properties": {name: part.schema for name, part in parts.items()},
        "additionalProperties": False,
        "$defs": schemas.definitions,
    }
    return {name: part.value for name, part in parts.items()}, schema


@check
@given(declared_calls())
def test_nothing_that_a_schema_marks_as_secret_is_kept(
    call: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    assert SECRET not in json.dumps(redact(*call))


@check
@given(declared_calls())
def test_arguments_that_are_not_encrypted_hold_nothing_that_is_redacted(
    call: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    arguments, schema = call
    secret = secret_arguments(arguments, schema)
    others = {name: value for name, value in arguments.items() if name not in secret}

    assert REDACTED not in json.dumps(redact(others, schema))
    assert SECRET not in json.dumps(others)


class Card(TypedDict):
    number: Annotated[str, Redacted]


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (dict[SecretStr, int], {SECRET: 1}),
        (dict[Annotated[str, Redacted], int] | None, {SECRET: 1}),
        (list[dict[SecretStr, int]], [{SECRET: 1}]),
        (Json[Card], json.dumps({"number": SECRET})),
        (list[Json[list[Card]]], [json.dumps([{"number": SECRET}])]),
    ],
)
def test_secret_keys_and_secrets_in_strings_of_json_are_left_out(
    annotation: Any, value: Any
) -> None:
    schema = resolved(taking(annotation)).input_schema

    assert SECRET not in json.dumps(redact({"value": value}, schema))
    assert secret_arguments({"value": value}, schema) == {"value"}


@check
@given(ARGUMENTS, st.integers(40, 20_000))
def test_what_is_kept_is_small_and_any_database_takes_it(
    arguments: dict[str, Any], limit: int
) -> None:
    with override_settings(DJANGO_MCP_RECORD_MAX_BYTES=limit):
        found = [redact(arguments), argument_names(arguments)]

    for kept in found:
        text = json.dumps(kept, allow_nan=False)
        assert len(text) <= limit
        assert json.loads(text) == kept
        assert isinstance(kept, dict)
        for depth, part in parts_of(kept):
            assert depth <= MAX_DEPTH + 1
            match part:
                case str():
                    assert len(part) <= MAX_STRING_CHARACTERS + 50
                    assert "\x00" not in part
                    part.encode()
                case int():
                    assert -(2**63) <= part < 2**63
                case list() | dict():
                    assert len(part) <= MAX_ITEMS + 1
            if isinstance(part, dict):
                assert all(len(name) <= MAX_KEY_CHARACTERS + 50 for name in part)


def parts_of(value: Any, depth: int = 0) -> Iterator[tuple[int, Any]]:
    yield depth, value
    inner = [*value, *value.values()] if isinstance(value, dict) else value
    if isinstance(value, dict | list):
        for part in inner:
            yield from parts_of(part, depth + 1)


@check
@given(st.dictionaries(st.sampled_from("abc"), PLAIN))
def test_what_is_no_secret_and_small_is_kept_as_it_was_sent(arguments: dict[str, Any]) -> None:
    assert redact(arguments) == arguments


@check
@given(st.dictionaries(st.sampled_from("abc"), TREES), declared_calls())
def test_what_was_redacted_once_stays_as_it_is(
    arguments: dict[str, Any], call: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    with override_settings(DJANGO_MCP_RECORD_MAX_BYTES=10**6):
        kept, (declared, schema) = redact(arguments), call
        kept_declared = redact(declared, schema)

        assert redact(kept) == kept
        assert redact(kept_declared, schema) == kept_declared


@pytest.mark.django_db
def test_record_of_a_call_holds_what_redaction_keeps() -> None:
    tool = taking(Any)
    schema = resolved(tool).input_schema
    client = MCPClient()

    @settings(check, max_examples=25)
    @given(ANYTHING)
    def judge(value: Any) -> None:
        result = client.call("take", value=value)

        record = CallRecord.objects.get(call_id=result.call_id)
        assert same(record.arguments, redact({"value": value}, schema))

    with offering(tool, read_only=True):
        judge()


def same(stored: Any, kept: Any) -> bool:
    """Whether it is the same JSON: PostgreSQL writes floats in full, and knows no -0."""
    if isinstance(kept, float):
        return math.isclose(stored, kept, rel_tol=1e-15)
    if isinstance(kept, list):
        return len(stored) == len(kept) and all(map(same, stored, kept))
    if isinstance(kept, dict):
        return stored.keys() == kept.keys() and all(same(stored[each], kept[each]) for each in kept)
    return bool(stored == kept)
