"""Base class of signatures: the input schema of a function, and the binding of arguments to it."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jsonschema_rs

from django_mcp.conf import settings
from django_mcp.exceptions import InvalidArgumentsError, Violation
from django_mcp.schemas.core_schemas import EXACT_INTEGERS, WRITTEN
from django_mcp.schemas.errors.argument_errors import REASONS
from django_mcp.schemas.errors.argument_paths import null_characters
from django_mcp.schemas.errors.schema_breaches import schema_violations
from django_mcp.schemas.input.nulls import without_nulls
from django_mcp.schemas.json_schema import JSONSchema

DATE, DATETIME = re.compile(WRITTEN["date"]), re.compile(WRITTEN["datetime"])

# The other formats here pydantic judges well, and takes more than RFC 3339 allows.
JUDGED_BY_PYDANTIC = ("time", "duration", "uuid", "uri", "email", "ipv4", "ipv6")
FORMATS: dict[str, Callable[[str], bool]] = {
    "date": lambda text: DATE.match(text) is not None,
    "date-time": lambda text: DATETIME.match(text) is not None,
    **dict.fromkeys(JUDGED_BY_PYDANTIC, lambda _: True),
}


@dataclass(frozen=True, kw_only=True)
class Signature:
    """Input schema of a function, with the binding of arguments to its parameters.

    `user_parameter` and `context_parameter` are filled by the server and stand in no schema.
    `runs_validators` is true if binding runs code of the function's author.
    """

    input_schema: JSONSchema
    user_parameter: str | None = None
    requires_user: bool = False
    context_parameter: str | None = None
    runs_validators: bool = False
    trims_text: bool = False
    """True if what is bound judges texts without the whitespace around them."""

    @cached_property
    def _validator(self) -> jsonschema_rs.Draft202012Validator:
        return compiled(self.input_schema)

    def bind(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Validate a call's arguments, as JSON, and return those of the function.

        The published schema is applied first, so no validator of the author sees what it rules
        out. Raises `InvalidArgumentsError` with every violation at once; its cause is an
        exception of a validator that was not meant for clients.
        """
        arguments = self._without_ignored(arguments)
        text = exact_json(arguments)
        _refuse_surrogates(arguments, text)
        violations = null_characters(arguments) if "\\u0000" in text else []
        if not self._is_allowed(arguments):
            arguments = without_nulls(arguments, self.input_schema)
            text = exact_json(arguments)
            if not self._is_allowed(arguments):
                violations += self._refusals(arguments, text)
        if violations:
            raise InvalidArgumentsError(violations)
        return self._bound(arguments, text)

    def bind_each(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments that are valid by themselves, as `bind` would, by their names.

        Whatever a validator of the author raises, its argument counts as invalid.
        """
        bound = {}
        for name, value in arguments.items():
            try:
                if self._takes(name, value):
                    bound[name] = self._bound_alone(name, value)
            except Exception:  # noqa: BLE001  (of the project's own code)
                continue
        return bound

    def _without_ignored(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        if not settings.IGNORED_ARGUMENTS:
            return arguments
        ignored = set(settings.IGNORED_ARGUMENTS) - self.input_schema["properties"].keys()
        return {name: value for name, value in arguments.items() if name not in ignored}

    def _is_allowed(self, arguments: Mapping[str, Any]) -> bool:
        try:
            return self._validator.is_valid(arguments) or (
                self.trims_text and self._validator.is_valid(trimmed(arguments))
            )
        except ValueError:  # too deep
            raise _refused(REASONS["json_invalid"]) from None

    def _takes(self, name: str, value: Any) -> bool:
        """Return whether the published schema has an argument that takes the value."""
        fields = self.input_schema["properties"]
        if name not in fields:
            return False
        schema = {"properties": {name: fields[name]}}
        if "$defs" in self.input_schema:
            schema["$defs"] = self.input_schema["$defs"]
        return compiled(schema).is_valid({name: value})

    def _refusals(self, arguments: Mapping[str, Any], text: str) -> list[Violation]:
        """Return the violations of the published schema by these arguments, whose JSON is given."""
        return schema_violations(self._validator, arguments, size=len(text))

    def _bound(self, arguments: Mapping[str, Any], text: str) -> dict[str, Any]:
        """Return the arguments of the function; the published schema allows what is given."""
        raise NotImplementedError

    def _bound_alone(self, name: str, value: Any) -> Any:
        """Return one argument of the function. Raises whatever refuses it."""
        raise NotImplementedError


def compiled(schema: JSONSchema) -> jsonschema_rs.Draft202012Validator:
    """Return the validator of an input schema. Raises `ValueError` for the author of a bad one."""
    try:
        return jsonschema_rs.Draft202012Validator(schema, formats=FORMATS, validate_formats=True)
    except ValueError as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"its input schema is no valid JSON Schema: {reason}") from error


def exact_json(arguments: Mapping[str, Any]) -> str:
    """Return the JSON of arguments, with whole numbers as integers.

    Raises `InvalidArgumentsError` for what has no JSON.
    """
    try:
        text = json.dumps(arguments, allow_nan=False)
        return json.dumps(with_integers(arguments)) if ".0" in text else text
    except (ValueError, RecursionError):
        raise _refused("must be JSON with finite numbers, not nested too deep") from None


def _refuse_surrogates(arguments: Mapping[str, Any], text: str) -> None:
    """Raise `InvalidArgumentsError` for lone surrogates, which have no place in UTF-8."""
    if "\\ud" not in text:  # as `exact_json` writes them, alone or in pairs
        return
    try:
        json.dumps(arguments, ensure_ascii=False).encode()
    except ValueError:
        raise _refused(REASONS["json_invalid"]) from None


def with_integers(value: Any) -> Any:
    """Convert 1.0 to 1: the same number to JSON Schema, and many clients know floats alone."""
    match value:
        case float() if value.is_integer() and abs(value) < EXACT_INTEGERS:
            return int(value)
        case dict():
            return {key: with_integers(item) for key, item in value.items()}
        case list():
            return [with_integers(item) for item in value]
    return value


def trimmed(value: Any) -> Any:
    """Return JSON without the whitespace around its texts."""
    match value:
        case str():
            return value.strip()
        case dict():
            return {key: trimmed(item) for key, item in value.items()}
        case list():
            return [trimmed(item) for item in value]
    return value


def _refused(reason: str) -> InvalidArgumentsError:
    return InvalidArgumentsError([Violation(path="", reason=reason)])
