"""Transformation of pydantic's core schemas so that they validate JSON exactly.

Pydantic judges values in one of two modes. Strict mode knows no way from a string to a date once
the author's own code has turned JSON into Python objects; lax mode takes `"5"` for 5. So neither
fits as a whole: the types that JSON has itself are strict for as long as what arrives is JSON,
and everything below a function of the author's is lax.
"""

import cmath
import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from pydantic_core import PydanticCustomError, PydanticKnownError, to_jsonable_python

from django_mcp.schemas.datetimes import as_django_keeps_it

CoreSchema = dict[str, Any]

EXACT_INTEGERS = 2**53
"""First integer that a float may round to a neighbour."""

EXACT_DIGITS = 15
"""Significant decimal digits that always survive as a float."""

WRITTEN: Mapping[str, str] = {
    "date": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    "datetime": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt _][0-9]{2}:[0-9]{2}",
}
"""Patterns of dates in JSON. Pydantic also takes a number in a string for seconds since 1970, so
that "2026" would be a moment of that year."""

PARTS = frozenset(
    (
        "schema",
        "items_schema",
        "keys_schema",
        "values_schema",
        "choices",
        "steps",
        "lax_schema",
        "strict_schema",
        "json_schema",
        "python_schema",
        "fields",
        "extras_schema",
        "extras_keys_schema",
        "arguments_schema",
        "var_args_schema",
        "var_kwargs_schema",
        "definitions",
    )
)
"""Keys of a core schema whose values are or hold core schemas."""

FUNCTIONS = ("function-before", "function-after", "function-wrap", "function-plain")
REWRITING = ("function-before", "function-wrap")
OBJECTS = ("model-fields", "typed-dict", "dataclass-args")
CHECKED = ("date", "datetime", "decimal")
STRICT = ("int", "float", "bool", "str", "time", "timedelta", "uuid", "enum")


def exact_schema(schema: CoreSchema) -> CoreSchema:
    """Return the core schema with exact numbers and datetimes, and no lazy iterables."""
    return _Exact().of_root(schema)


def plain_schema(schema: CoreSchema) -> CoreSchema:
    """Return the core schema of the bare types, which runs no code of the author.

    It makes the error texts for what the published schema refuses: no validator is to see that.
    """
    kind = schema["type"]
    if kind in FUNCTIONS:
        inner = schema.get("json_schema_input_schema") or schema.get("schema") or {"type": "any"}
    elif kind in ("model", "dataclass"):
        inner = schema["schema"]
    elif kind == "call":
        inner = schema["arguments_schema"]
    elif kind == "default":
        inner = {**schema, "default": None, "validate_default": False}
        inner.pop("default_factory", None)
        return _with_parts(_nullable_default(inner, schema), plain_schema)
    elif kind == "generator":
        return _with_parts(_list_of(schema), plain_schema)
    elif kind == "tagged-union" and callable(schema["discriminator"]):
        inner = {"type": "union", "choices": list(schema["choices"].values())}
    else:
        return _with_parts(schema, plain_schema)
    plain = plain_schema(inner)
    return {**plain, "ref": schema["ref"]} if "ref" in schema else plain


def fields_by_name(schema: Mapping[str, Any]) -> Iterator[tuple[str, CoreSchema]]:
    """Yield the fields of a TypedDict with their names in JSON."""
    root = schema["schema"] if schema["type"] == "definitions" else schema
    for name, field in root["fields"].items():
        yield str(field.get("validation_alias", name)), field


def optional_fields(schema: CoreSchema) -> CoreSchema:
    """Return the core schema of a TypedDict whose fields may all be left out."""
    if schema["type"] == "definitions":
        return {**schema, "schema": optional_fields(schema["schema"])}
    fields = {name: {**field, "required": False} for name, field in schema["fields"].items()}
    return {**schema, "fields": fields}


def plain_fields(schema: CoreSchema) -> frozenset[str]:
    """Return the names of the fields of a TypedDict that run no function of the author.

    For these the bare types decide validity.
    """
    has_functions = has_kind(schema.get("definitions", ()), FUNCTIONS)
    kinds = (*FUNCTIONS, "definition-ref") if has_functions else FUNCTIONS
    return frozenset(name for name, field in fields_by_name(schema) if not has_kind(field, kinds))


def accepts_none(schema: Mapping[str, Any]) -> bool:
    """Return whether None is a valid value of a core schema."""
    match schema:
        case {"type": "nullable" | "any" | "none"}:
            return True
        case {"type": "literal", "expected": expected}:
            return None in expected
        case {"type": "union", "choices": choices}:
            return any(accepts_none(c[0] if isinstance(c, tuple) else c) for c in choices)
        case {"json_schema_input_schema": inner} | {"schema": inner} | {"json_schema": inner}:
            return accepts_none(inner)
    return False


def has_none_default(schema: Mapping[str, Any]) -> bool:
    """Return whether the default of a field is None although its type excludes None."""
    return schema.get("default", ...) is None and not accepts_none(schema["schema"])


class _Exact:
    """One transformation; definitions used below functions are stored twice, strict and lax."""

    def __init__(self) -> None:
        self._lax_references: list[str] = []

    def of_root(self, schema: CoreSchema) -> CoreSchema:
        if schema["type"] != "definitions":
            return self._json(schema)
        originals = {each["ref"]: each for each in schema["definitions"]}
        root = self._json(schema["schema"])
        definitions = [self._json(each) for each in schema["definitions"]]
        for reference in self._lax_references:  # it grows meanwhile
            lax = self._python(originals[reference])
            definitions.append({**lax, "ref": _lax(reference)})
        return {**schema, "schema": root, "definitions": definitions}

    def _json(self, schema: CoreSchema) -> CoreSchema:
        """Transform a schema whose input is JSON as it was sent."""
        kind = schema["type"]
        rebuilt = self._common(schema, self._json)
        if rebuilt["type"] in STRICT:
            rebuilt["strict"] = True
        if kind in OBJECTS:
            rebuilt["extra_behavior"] = "forbid"
        if kind == "union" and has_kind(schema, CHECKED) and not has_kind(schema, FUNCTIONS):
            rebuilt = _first_match(rebuilt)
        if kind in WRITTEN:
            rebuilt = _written(rebuilt)
        return _with_time_zone(rebuilt) if kind == "datetime" else rebuilt

    def _python(self, schema: CoreSchema) -> CoreSchema:
        """Transform a schema whose input is the result of a function of the author."""
        kind = schema["type"]
        rebuilt = self._common(schema, self._python)
        if kind == "definition-ref":
            reference = schema["schema_ref"]
            if reference not in self._lax_references:
                self._lax_references.append(reference)
            rebuilt["schema_ref"] = _lax(reference)
        if kind == "int":
            rebuilt = _before(rebuilt, _refuse_rounded_integer)
        return _with_time_zone(rebuilt) if kind == "datetime" else rebuilt

    def _common(
        self, schema: CoreSchema, of_part: Callable[[CoreSchema], CoreSchema]
    ) -> CoreSchema:
        kind = schema["type"]
        is_rewritten = (
            kind in REWRITING or schema.get("custom_init") or schema.get("validate_default")
        )
        if kind == "generator":
            schema = _list_of(schema)
        elif kind == "default":
            schema = _nullable_default(schema, schema)
        if kind == "chain":
            first, *others = schema["steps"]
            return {**schema, "steps": [of_part(first), *map(self._python, others)]}
        rebuilt = _with_parts(schema, self._python if is_rewritten else of_part)
        if kind == "float":
            rebuilt["allow_inf_nan"] = False
        elif kind == "decimal":
            rebuilt = _before({**rebuilt, "allow_inf_nan": False}, _refuse_rounded_decimal)
        elif kind == "enum" and not all(map(_is_json, schema["members"])):
            rebuilt = _before(rebuilt, partial(_member_of, schema["members"]))
        elif kind == "complex":
            rebuilt = _wrapped("function-after", rebuilt, _refuse_infinite)
        return rebuilt


def _with_parts(schema: CoreSchema, change: Callable[[CoreSchema], CoreSchema]) -> CoreSchema:
    return {
        key: _changed(value, change) if key in PARTS else value for key, value in schema.items()
    }


def _changed(value: Any, change: Callable[[CoreSchema], CoreSchema]) -> Any:
    match value:
        case {"type": str()}:
            return change(value)
        case dict():
            return {key: _changed(part, change) for key, part in value.items()}
        case list():
            return [_changed(part, change) for part in value]
        case (choice, str() as label):
            return (_changed(choice, change), label)
    return value


def _list_of(schema: CoreSchema) -> CoreSchema:
    # Pydantic would validate the items of an iterable while the function already runs.
    keys = ("items_schema", "min_length", "max_length", "ref")
    return {"type": "list", **{key: schema[key] for key in keys if key in schema}}


def _nullable_default(schema: CoreSchema, declared: CoreSchema) -> CoreSchema:
    if not has_none_default(declared):
        return schema
    return {**schema, "schema": {"type": "nullable", "schema": schema["schema"]}}


def _before(schema: CoreSchema, function: Callable[[Any], Any]) -> CoreSchema:
    return _wrapped("function-before", schema, function)


def has_kind(schema: Any, kinds: Collection[str]) -> bool:
    """Return whether a core schema is of one of these kinds, or contains one."""
    match schema:
        case {"type": str(kind)} if kind in kinds:
            return True
        case dict():
            return any(has_kind(part, kinds) for key, part in schema.items() if key != "metadata")
        case list() | tuple():
            return any(has_kind(part, kinds) for part in schema)
    return False


def _first_match(union: CoreSchema) -> CoreSchema:
    # Pydantic prefers what needed no function, so that no date would ever win over a string.
    # Integers stay integers, as ever.
    choices = sorted(
        union["choices"],
        key=lambda each: (not has_kind(each, ("int",)), has_kind(each, ("float",))),
    )
    return {**union, "mode": "left_to_right", "choices": choices}


def _written(schema: CoreSchema) -> CoreSchema:
    """Restrict the schema of a date or datetime to strings that match its pattern."""
    kind = schema["type"]
    text = {
        "type": "custom-error",
        "schema": {"type": "str", "strict": True, "pattern": WRITTEN[kind]},
        "custom_error_type": f"{kind}_parsing",
        "custom_error_context": {"error": ""},
    }
    reference = {"ref": schema.pop("ref")} if "ref" in schema else {}
    return {"type": "chain", "steps": [text, schema], **reference}


def _with_time_zone(schema: CoreSchema) -> CoreSchema:
    declared = schema["steps"][-1] if schema["type"] == "chain" else schema
    if "tz_constraint" in declared:  # AwareDatetime or NaiveDatetime: it is what it says
        return schema
    return _wrapped("function-after", schema, _in_project_time_zone)


def _wrapped(kind: str, schema: CoreSchema, function: Callable[[Any], Any]) -> CoreSchema:
    wrapped = {
        "type": kind,
        "function": {"type": "no-info", "function": function},
        "schema": schema,
    }
    return {**wrapped, "ref": schema.pop("ref")} if "ref" in schema else wrapped


def _lax(reference: str) -> str:
    return f"{reference}:lax"


def _refuse_rounded_integer(value: Any) -> Any:
    if isinstance(value, float) and abs(value) >= EXACT_INTEGERS:
        raise PydanticKnownError("int_from_float")
    return value


def _refuse_rounded_decimal(value: Any) -> Any:
    if isinstance(value, float) and math.isfinite(value):
        digits = repr(value).partition("e")[0].replace(".", "").lstrip("-0")
        if len(digits.rstrip("0")) > EXACT_DIGITS:
            raise PydanticCustomError("rounded_number", "")
    return value


def _is_json(member: Any) -> bool:
    return isinstance(member.value, str | int | float | None)


def _member_of(members: Sequence[Any], value: Any) -> Any:
    """Return the enum member whose value is written like this in JSON, such as a date."""
    return next((each for each in members if to_jsonable_python(each.value) == value), value)


def _refuse_infinite(value: complex) -> complex:
    if not cmath.isfinite(value):
        raise PydanticKnownError("finite_number")
    return value


def _in_project_time_zone(value: datetime) -> datetime:
    try:
        return as_django_keeps_it(value)
    except OverflowError:
        raise PydanticCustomError("distant_date", "") from None
