"""What a tool takes: its input schema, and the binding of a call's arguments to parameters."""

import inspect
import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import jsonschema_rs
from pydantic import TypeAdapter, ValidationError

from django_mcp.exceptions import InvalidArgumentsError, Violation
from django_mcp.tools.annotations import type_hints
from django_mcp.tools.datetimes import as_django_keeps_them
from django_mcp.tools.parameters import Parameters, read_parameters
from django_mcp.tools.schema import InputSchema, JSONSchema, json_form
from django_mcp.tools.validators import runs_validators
from django_mcp.tools.violations import null_characters, schema_violations, violations_of

# Pydantic takes a number in a string for seconds since 1970, so that "2026" would be a moment of
# that year. The other formats here it judges well, and takes more than RFC 3339 allows.
JUDGED_BY_PYDANTIC = ("date", "time", "duration", "uuid", "uri", "email", "ipv4", "ipv6")
FORMATS: dict[str, Callable[[str], bool]] = {
    "date-time": lambda text: re.match(r"\d{4}-\d\d-\d\d", text, re.ASCII) is not None,
    **dict.fromkeys(JUDGED_BY_PYDANTIC, lambda _: True),
}


@dataclass(frozen=True, kw_only=True)
class Signature:
    """The parameters of a tool, as clients see and fill them.

    `user_parameter` and `context_parameter` are filled by the server and stand in no schema.
    `runs_validators` says whether binding runs code of the tool's author.
    """

    input_schema: JSONSchema
    user_parameter: str | None
    requires_user: bool
    context_parameter: str | None
    runs_validators: bool
    _read_parameters: Callable[[], Parameters]
    _has_datetimes: bool

    # What these two make takes more memory than all the rest of a signature, and few workers are
    # asked for every tool that they have.
    @cached_property
    def _validate_json(self) -> Callable[..., dict[str, Any]]:
        adapter: TypeAdapter[Any] = TypeAdapter(self._read_parameters().arguments)
        return adapter.validator.validate_json

    @cached_property
    def _validator(self) -> jsonschema_rs.Draft202012Validator:
        return _compiled(self.input_schema)

    def bind(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Validate a call's arguments, strictly and as JSON, and return the function's.

        Raises `InvalidArgumentsError` with every violation at once.
        """
        try:
            text = json.dumps(arguments, allow_nan=False)
            if ".0" in text:
                text = json.dumps(_with_integers(arguments))
        except (ValueError, RecursionError):
            raise _refused("must be JSON with finite numbers, not nested too deep") from None
        violations = null_characters(arguments) if "\\u0000" in text else []
        try:
            # The text, not the objects: strict mode on objects would refuse dates and decimals.
            bound = self._validate_json(text, strict=True, extra="forbid")
        except ValidationError as error:
            violations += violations_of(error, arguments)
        else:
            # Pydantic takes `true` for the 1 of an enum and the like; the schema rules it out.
            violations += schema_violations(self._validator, arguments, size=len(text))
        if violations:
            raise InvalidArgumentsError(violations)
        try:
            return as_django_keeps_them(bound) if self._has_datetimes else bound
        except OverflowError:
            raise _refused("must not hold a date so far away") from None


def read_signature(
    function: Callable[..., Any],
    *,
    descriptions: Mapping[str, str],
    schema_extra: Mapping[str, Any] | None,
    hidden: Collection[str] = (),
) -> Signature:
    """Read what `function` takes; `descriptions` are its docstring's, by parameter.

    The parameters in `hidden` are left out: somebody else than clients fills them.

    Raises `ValueError` in words for the tool's author.
    """
    parameters = _parameters_of(function, descriptions=descriptions, hidden=hidden)
    schema, adapter = _schema_of(parameters)
    schema = _extended(schema, schema_extra or {})
    _compiled(schema)  # tells what is wrong with it before anybody calls the tool
    return Signature(
        input_schema=schema,
        user_parameter=parameters.user,
        requires_user=parameters.requires_user,
        context_parameter=parameters.context,
        runs_validators=runs_validators(adapter),
        _read_parameters=partial(_parameters_of, function, descriptions={}, hidden=hidden),
        _has_datetimes='"date-time"' in json.dumps(schema),
    )


def _parameters_of(
    function: Callable[..., Any], *, descriptions: Mapping[str, str], hidden: Collection[str]
) -> Parameters:
    return read_parameters(
        inspect.signature(function),
        type_hints(function),
        descriptions=descriptions,
        hidden=hidden,
    )


def _schema_of(parameters: Parameters) -> tuple[JSONSchema, TypeAdapter[Any]]:
    try:
        adapter, schema = json_form(parameters.arguments, mode="validation", generator=InputSchema)
    except ValueError as error:
        raise ValueError(f"its parameters have no JSON form: {error}") from error
    rest = {key: value for key, value in schema.items() if key not in ("title", "properties")}
    return {"type": "object", "properties": schema.get("properties", {}), **rest}, adapter


def _extended(schema: JSONSchema, extra: Mapping[str, Any]) -> JSONSchema:
    extended = _merged(schema, extra)
    for key in ("type", "required", "additionalProperties"):
        if extended.get(key) != schema.get(key):
            raise ValueError(f"schema_extra changes {key!r}, which follows from the parameters")
    if unknown := extended["properties"].keys() - schema["properties"].keys():
        raise ValueError(f"schema_extra describes no parameters: {', '.join(sorted(unknown))}")
    return extended


def _compiled(schema: JSONSchema) -> jsonschema_rs.Draft202012Validator:
    try:
        return jsonschema_rs.Draft202012Validator(schema, formats=FORMATS, validate_formats=True)
    except ValueError as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"its input schema is no valid JSON Schema: {reason}") from error


def _merged(schema: JSONSchema, extra: Mapping[str, Any]) -> JSONSchema:
    """Add keywords; objects on both sides, such as `$defs`, are joined."""
    merged = dict(schema)
    for key, value in extra.items():
        mine = merged.get(key)
        if isinstance(mine, dict) and isinstance(value, Mapping):
            value = _merged(mine, value)
        merged[key] = value
    return merged


def _with_integers(value: Any) -> Any:
    """Write 1.0 as 1: the same number to JSON Schema, and many clients know floats alone."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case dict():
            return {key: _with_integers(item) for key, item in value.items()}
        case list():
            return [_with_integers(item) for item in value]
    return value


def _refused(reason: str) -> InvalidArgumentsError:
    return InvalidArgumentsError([Violation(path="", reason=reason)])
