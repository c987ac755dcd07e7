"""Signatures of functions, read from their parameters and annotations."""

import inspect
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from pydantic import TypeAdapter, ValidationError
from pydantic_core import SchemaValidator
from typing_extensions import TypedDict, override

from django_mcp.exceptions import InvalidArgumentsError, ToolError, Violation
from django_mcp.schemas.annotations import each_type_hint
from django_mcp.schemas.core_schemas import (
    exact_schema,
    fields_by_name,
    optional_fields,
    plain_fields,
    plain_schema,
)
from django_mcp.schemas.custom_validators import runs_validators
from django_mcp.schemas.declaration_errors import DeclarationError
from django_mcp.schemas.errors.argument_errors import FAILED_REASON, violations_of
from django_mcp.schemas.input.defaults import invalid_defaults
from django_mcp.schemas.input.parameters import Parameters, read_parameters
from django_mcp.schemas.input.signature import Signature, compiled, exact_json
from django_mcp.schemas.json_schema import InputSchema, JSONSchema, json_form
from django_mcp.schemas.references import inlined


@dataclass(frozen=True, kw_only=True)
class FunctionSignature(Signature):
    """Signature of a function, whose annotations bind arguments by pydantic."""

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

    @override
    def _refusals(self, arguments: Mapping[str, Any], text: str) -> list[Violation]:
        """Return the violations of the published schema, with the reasons of the types if any."""
        violations: list[Violation] = []
        try:
            self._validate_plain(text)
        except ValidationError as error:
            violations = violations_of(error, arguments, is_accepted=self._accepted_in(arguments))
        return violations or super()._refusals(arguments, text)

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

    @override
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

    @override
    def _bound_alone(self, name: str, value: Any) -> Any:
        (bound,) = self._validate_part(exact_json({name: value})).values()
        return bound

    def _failing_on(self, arguments: Mapping[str, Any]) -> str:
        """Return the argument on which a validator fails, which pydantic does not report."""
        for name, value in arguments.items():
            try:
                self._validate_json(exact_json({name: value}))
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
) -> FunctionSignature:
    """Return the signature of `function`; `descriptions` are those of its docstring.

    The parameters in `hidden` are left out: the server fills them. With a
    `page_size`, the parameters of pages are added.

    Raises `ValueError` for the author of the function.
    """
    read = partial(_parameters_of, function, hidden=hidden, page_size=page_size)
    parameters = read(descriptions=descriptions)
    schema, adapter = _schema_of(parameters)
    schema = inlined(extended(schema, schema_extra or {}))
    compiled(schema)  # reports an invalid schema before any call
    if problems := list(invalid_defaults(schema)):
        raise DeclarationError(problems)
    return FunctionSignature(
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


def extended(schema: JSONSchema, extra: Mapping[str, Any]) -> JSONSchema:
    """Return an input schema with the keywords of `schema_extra`.

    Raises `ValueError` for the author of the function.
    """
    whole = _merged(schema, extra)
    problems = [
        f"schema_extra changes {key!r}, which follows from the parameters"
        for key in ("type", "required", "additionalProperties")
        if whole.get(key) != schema.get(key)
    ]
    if unknown := whole["properties"].keys() - schema["properties"].keys():
        problems.append(f"schema_extra describes no parameters: {', '.join(sorted(unknown))}")
    if problems:
        raise DeclarationError(problems)
    return whole


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
