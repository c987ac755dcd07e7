"""Breaches of the published input schema as violations for the agent, without any values."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from jsonschema_rs import Draft202012Validator, ValidationErrorKind
from jsonschema_rs import ValidationError as SchemaBreach

from django_mcp.exceptions import Violation
from django_mcp.schemas.errors.argument_errors import OTHER_REASON, REASONS, reason_with
from django_mcp.schemas.errors.argument_paths import locate, violation_list

# Of greater arguments the breaches are not listed one by one: a few megabytes may hold a million
# of them, and each costs more than the call itself.
MAX_LISTED_CHARACTERS = 100_000

# Of arguments greater than that, no more is searched for a breach of the schema than these of each
# list and text: an error holds copies of all that is around it.
MAX_SEARCHED_ITEMS = 100

JSON_TYPES: Mapping[str, str] = {
    "integer": REASONS["int_type"],
    "number": REASONS["float_type"],
    "boolean": REASONS["bool_type"],
    "string": REASONS["string_type"],
    "null": REASONS["none_required"],
    "array": REASONS["list_type"],
    "object": REASONS["dict_type"],
}

KEYWORD_REASONS: Mapping[str, str] = {
    "uniqueItems": "must not hold an item twice",
    "falseSchema": REASONS["extra_forbidden"],
}

LIMIT_REASONS: Mapping[str, tuple[str, str]] = {
    "minLength": ("string_too_short", "min_length"),
    "maxLength": ("string_too_long", "max_length"),
    "pattern": ("string_pattern_mismatch", "pattern"),
    "minimum": ("greater_than_equal", "ge"),
    "maximum": ("less_than_equal", "le"),
    "exclusiveMinimum": ("greater_than", "gt"),
    "exclusiveMaximum": ("less_than", "lt"),
    "multipleOf": ("multiple_of", "multiple_of"),
    "minItems": ("too_short", "min_length"),
    "maxItems": ("too_long", "max_length"),
}
"""Kinds of errors of keywords with a limit, and the names that those have for it."""

FORMAT_REASONS: Mapping[str, str] = {
    "date": REASONS["date_parsing"],
    "date-time": REASONS["datetime_parsing"],
}


def schema_violations(
    validator: Draft202012Validator, arguments: Any, *, size: int
) -> list[Violation]:
    """Return the violations of the published schema; only the first if `size` is great."""
    if size > MAX_LISTED_CHARACTERS:
        arguments = _bounded_part(arguments)
    try:
        validator.validate(arguments)
    except SchemaBreach as first:
        breaches = [first] if size > MAX_LISTED_CHARACTERS else validator.iter_errors(arguments)
    else:
        return [Violation(path="", reason="break the input schema; send less at a time")]
    reasons: dict[str, list[str]] = {}
    for location, reason in _breaches(breaches):
        path, _ = locate(location, arguments, is_missing=True)
        known = reasons.setdefault(path, [])
        if reason not in known:
            known.append(reason)
    return violation_list(reasons)


def _breaches(errors: Iterable[SchemaBreach]) -> Iterator[tuple[Sequence[int | str], str]]:
    """Yield places and reasons of the breaches, of unions those of each alternative."""
    listed = list(errors)
    # Which type they are follows from the values.
    with_values = [error.instance_path for error in listed if _keyword(error) == "enum"]
    for error in listed:
        place, kind = error.instance_path, error.kind
        match kind:
            case ValidationErrorKind.Type() if place in with_values:
                continue
            case ValidationErrorKind.Enum():
                yield place, f"must be one of {_alternatives(kind.options)}"
            case ValidationErrorKind.Constant():
                yield place, f"must be {kind.expected_value!r}"
            case ValidationErrorKind.AnyOf() | ValidationErrorKind.OneOfNotValid():
                for alternative in kind.context:
                    if not _is_null(alternative):
                        yield from _breaches(alternative)
            case ValidationErrorKind.AdditionalProperties():
                for name in kind.unexpected:
                    yield [*place, name], REASONS["extra_forbidden"]
            case ValidationErrorKind.Required(property=str(name)) if _keyword(error) == "required":
                yield [*place, name], REASONS["missing"]
            case ValidationErrorKind.Type():
                reasons = [JSON_TYPES.get(each, OTHER_REASON) for each in kind.types]
                yield place, ", or ".join(reasons)
            case ValidationErrorKind.Format(format=str(name)):
                yield place, FORMAT_REASONS.get(name, f"must be a {name}")
            case _ if kind.name in LIMIT_REASONS:
                reason, name = LIMIT_REASONS[kind.name]
                yield place, reason_with(reason, **{name: kind.value})
            case _:
                keyword = _keyword(error)
                yield (
                    place,
                    KEYWORD_REASONS.get(kind.name, f"breaks {keyword!r} of the input schema"),
                )


def _is_null(alternative: Sequence[SchemaBreach]) -> bool:
    """Return whether it is the None of an optional field, which needs no reason."""
    match [error.kind for error in alternative]:
        case [ValidationErrorKind.Type(types=["null"])]:
            return True
    return False


def _keyword(error: SchemaBreach) -> str:
    return next(step for step in reversed(error.schema_path) if isinstance(step, str))


def _alternatives(values: Sequence[Any]) -> str:
    *others, last = map(repr, values)
    return f"{', '.join(others)} or {last}" if others else last


def _bounded_part(value: Any) -> Any:
    match value:
        case str():
            return value[:MAX_SEARCHED_ITEMS]
        case list():
            return [_bounded_part(item) for item in value[:MAX_SEARCHED_ITEMS]]
        case dict():
            return {key: _bounded_part(item) for key, item in value.items()}
    return value
