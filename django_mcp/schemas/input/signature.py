"""Signature of a function: the input schema, and the binding of a call's arguments."""

import inspect
import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import Any

import jsonschema_rs
from django.core.exceptions import ValidationError as DjangoValidationError
from pydantic import TypeAdapter, ValidationError
from pydantic_core import SchemaValidator
from typing_extensions import TypedDict

from django_mcp.conf import settings
from django_mcp.exceptions import InvalidArgumentsError, ToolError, Violation
from django_mcp.schemas.annotations import each_type_hint
from django_mcp.schemas.core_schemas import (
    EXACT_INTEGERS,
    WRITTEN,
    exact_schema,
    fields_by_name,
    optional_fields,
    plain_fields,
    plain_schema,
)
from django_mcp.schemas.custom_validators import runs_validators
from django_mcp.schemas.declaration_errors import DeclarationError
from django_mcp.schemas.errors.argument_errors import FAILED_REASON, REASONS, violations_of
from django_mcp.schemas.errors.argument_paths import null_characters
from django_mcp.schemas.errors.schema_breaches import schema_violations
from django_mcp.schemas.input.defaults import invalid_defaults
from django_mcp.schemas.input.nulls import without_nulls
from django_mcp.schemas.input.parameters import Parameters, read_parameters
from django_mcp.schemas.json_schema import InputSchema, JSONSchema, json_form
from django_mcp.schemas.references import inlined

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
    user_parameter: str | None
    requires_user: bool
    context_parameter: str | None
    runs_validators: bool
    _read_parameters: Callable[[], Parameters]

    # What these make takes more memory than all the rest of a signature, and few workers are
    # asked for everything that they have.
    @cached_property
    def _validate_json(self) -> Callable[[str], dict[str, Any]]:
        return _validator_of(exact_schema(self._core_schema)).validate_json

    @cached_property
    def _validate_plain(self) -> Callable[[str], dict[str, Any]]:
        return _validator_of(exact_schema(plain_schema(self._core_schema))).validate_json

    @cached_property
    def _validate_part(self) -> Callable[[str], dict[str, Any]]:
        return _validator_of(optional_fields(exact_schema(self._core_schema))).validate_json

    @cached_property
    def _plain_fields(self) -> frozenset[str]:
        return plain_fields(self._core_schema)

    @property
    def _core_schema(self) -> Any:
        adapter: TypeAdapter[Any] = TypeAdapter(self._read_parameters().arguments)
        return adapter.core_schema

    @cached_property
    def _validator(self) -> jsonschema_rs.Draft202012Validator:
        return _compiled(self.input_schema)

    def bind(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Validate a call's arguments, as JSON, and return those of the function.

        The published schema is applied first, so no validator of the author sees what it rules
        out. Raises `InvalidArgumentsError` with every violation at once; its cause is an
        exception of a validator that was not meant for clients.
        """
        arguments = self._without_ignored(arguments)
        text = _json(arguments)
        violations = null_characters(arguments) if "\\u0000" in text else []
        if not self._is_allowed(arguments):
            arguments = without_nulls(arguments, self.input_schema)
            text = _json(arguments)
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
                    (bound[name],) = self._validate_part(_json({name: value})).values()
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
            return self._validator.is_valid(arguments)
        except ValueError:  # lone surrogates, or too deep
            raise _refused(REASONS["json_invalid"]) from None

    def _refusals(self, arguments: Mapping[str, Any], text: str) -> list[Violation]:
        """Return the violations of the published schema, with the reasons of the types if any."""
        violations: list[Violation] = []
        try:
            self._validate_plain(text)
        except ValidationError as error:
            violations = violations_of(error, arguments, is_accepted=self._accepted_in(arguments))
        return violations or schema_violations(self._validator, arguments, size=len(text))

    def _accepted_in(self, arguments: Mapping[str, Any]) -> Callable[[str], bool]:
        """Return the predicate that an argument is valid although its bare type refuses it.

        It is, if the schema accepts it and a function of the author converts it to that type.
        """

        @cache
        def is_accepted(name: str) -> bool:
            if name not in arguments or name in self._plain_fields:
                return False
            return self._takes(name, arguments[name])

        return is_accepted

    def _takes(self, name: str, value: Any) -> bool:
        """Return whether the published schema has an argument that takes the value."""
        fields = self.input_schema["properties"]
        if name not in fields:
            return False
        schema = {"properties": {name: fields[name]}}
        if "$defs" in self.input_schema:
            schema["$defs"] = self.input_schema["$defs"]
        return _compiled(schema).is_valid({name: value})

    def _bound(self, arguments: Mapping[str, Any], text: str) -> dict[str, Any]:
        validate = self._validate_json
        try:
            try:
                return validate(text)
            except ValidationError as error:
                violations = violations_of(error, arguments)
        except ToolError:
            raise
        except DjangoValidationError as error:
            reason = "; ".join(error.messages)
            violations = [Violation(path=self._failing_on(arguments), reason=reason)]
        except Exception as error:
            violations = [Violation(path=self._failing_on(arguments), reason=FAILED_REASON)]
            raise InvalidArgumentsError(violations) from error
        raise InvalidArgumentsError(violations)

    def _failing_on(self, arguments: Mapping[str, Any]) -> str:
        """Return the argument on which a validator fails, which pydantic does not report."""
        for name, value in arguments.items():
            try:
                self._validate_json(_json({name: value}))
            except ValidationError:
                continue
            except Exception:  # noqa: BLE001  (it is known already)
                return name
        return ""


def read_signature(
    function: Callable[..., Any],
    *,
    descriptions: Mapping[str, str],
    schema_extra: Mapping[str, Any] | None,
    hidden: Collection[str] = (),
    page_size: int | None = None,
) -> Signature:
    """Return the signature of `function`; `descriptions` are those of its docstring.

    The parameters in `hidden` are left out: the server fills them. With a
    `page_size`, the parameters of pages are added.

    Raises `ValueError` for the author of the function.
    """
    read = partial(_parameters_of, function, hidden=hidden, page_size=page_size)
    parameters = read(descriptions=descriptions)
    schema, adapter = _schema_of(parameters)
    schema = inlined(_extended(schema, schema_extra or {}))
    _compiled(schema)  # reports an invalid schema before any call
    if problems := list(invalid_defaults(schema)):
        raise DeclarationError(problems)
    return Signature(
        input_schema=schema,
        user_parameter=parameters.user,
        requires_user=parameters.requires_user,
        context_parameter=parameters.context,
        runs_validators=runs_validators(adapter),
        _read_parameters=partial(read, descriptions={}),
    )


def _parameters_of(
    function: Callable[..., Any],
    *,
    descriptions: Mapping[str, str],
    hidden: Collection[str],
    page_size: int | None,
) -> Parameters:
    return read_parameters(
        inspect.signature(function),
        each_type_hint(function),
        descriptions=descriptions,
        hidden=hidden,
        page_size=page_size,
    )


def _schema_of(parameters: Parameters) -> tuple[JSONSchema, TypeAdapter[Any]]:
    try:
        adapter, schema = json_form(parameters.arguments, mode="validation", generator=InputSchema)
    except ValueError as error:
        culprits = list(_culprits(parameters))
        raise DeclarationError(
            culprits or [f"its parameters have no JSON form: {error}"]
        ) from error
    names = Counter(name for name, _ in fields_by_name(adapter.core_schema))
    if twice := [name for name, count in names.items() if count > 1]:
        raise ValueError(f"two parameters are called {twice[0]!r} by clients")
    rest = {key: value for key, value in schema.items() if key not in ("title", "properties")}
    return {"type": "object", "properties": schema.get("properties", {}), **rest}, adapter


def _culprits(parameters: Parameters) -> Iterator[str]:
    """Yield the problem of each parameter that has no JSON form."""
    for name, annotation in parameters.arguments.__annotations__.items():
        alone: Any = TypedDict("Arguments", {name: annotation})  # type: ignore[misc]
        try:
            json_form(alone, mode="validation", generator=InputSchema)
        except ValueError as error:
            yield f"parameter {name!r} has no JSON form: {error}"


def _extended(schema: JSONSchema, extra: Mapping[str, Any]) -> JSONSchema:
    extended = _merged(schema, extra)
    problems = [
        f"schema_extra changes {key!r}, which follows from the parameters"
        for key in ("type", "required", "additionalProperties")
        if extended.get(key) != schema.get(key)
    ]
    if unknown := extended["properties"].keys() - schema["properties"].keys():
        problems.append(f"schema_extra describes no parameters: {', '.join(sorted(unknown))}")
    if problems:
        raise DeclarationError(problems)
    return extended


def _compiled(schema: JSONSchema) -> jsonschema_rs.Draft202012Validator:
    try:
        return jsonschema_rs.Draft202012Validator(schema, formats=FORMATS, validate_formats=True)
    except ValueError as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"its input schema is no valid JSON Schema: {reason}") from error


def _merged(schema: JSONSchema, extra: Mapping[str, Any]) -> JSONSchema:
    """Add keywords; objects on both sides, such as `$defs`, are merged."""
    merged = dict(schema)
    for key, value in extra.items():
        mine = merged.get(key)
        if isinstance(mine, dict) and isinstance(value, Mapping):
            value = _merged(mine, value)
        merged[key] = value
    return merged


def _validator_of(schema: Any) -> SchemaValidator:
    # Models have validators already, which pydantic would use instead of what stands here.
    return SchemaValidator(schema, _use_prebuilt=False)


def _json(arguments: Mapping[str, Any]) -> str:
    try:
        text = json.dumps(arguments, allow_nan=False)
        return json.dumps(_with_integers(arguments)) if ".0" in text else text
    except (ValueError, RecursionError):
        raise _refused("must be JSON with finite numbers, not nested too deep") from None


def _with_integers(value: Any) -> Any:
    """Convert 1.0 to 1: the same number to JSON Schema, and many clients know floats alone."""
    match value:
        case float() if value.is_integer() and abs(value) < EXACT_INTEGERS:
            return int(value)
        case dict():
            return {key: _with_integers(item) for key, item in value.items()}
        case list():
            return [_with_integers(item) for item in value]
    return value


def _refused(reason: str) -> InvalidArgumentsError:
    return InvalidArgumentsError([Violation(path="", reason=reason)])
