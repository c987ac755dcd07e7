"""Errors of argument validation by pydantic as violations for the agent, without any values."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from django_mcp.exceptions import ArgumentError, Violation
from django_mcp.schemas.errors.argument_paths import locate, violation_list

# Beyond it the errors are not listed one by one: a few megabytes may hold a million of them, and
# each costs more than the call itself.
MAX_ERRORS = 10_000

# The placeholders are filled from pydantic's error context, which holds the declaration's own
# constraints; the word behind a colon is what they count. Types whose context or message may hold
# the caller's value are not in this table.
REASONS: Mapping[str, str] = {
    "missing": "is required",
    "extra_forbidden": "is not known here; remove it",
    "unexpected_keyword_argument": "is not known here; remove it",
    "int_type": "must be an integer",
    "int_parsing": "must be an integer",
    "int_parsing_size": "must be a smaller integer",
    "int_from_float": "must be an integer",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "none_required": "must be null",
    "string_type": "must be a string",
    "string_unicode": "must be valid Unicode text",
    "string_too_short": "must have at least {min_length:character}",
    "string_too_long": "must have at most {max_length:character}",
    "string_pattern_mismatch": "must match the pattern {pattern}",
    "pattern_type": "must be a regular expression",
    "pattern_str_type": "must be a regular expression",
    "pattern_bytes_type": "must be a regular expression",
    "pattern_regex": "must be a regular expression",
    "string_not_ascii": "must hold ASCII characters alone",
    "decimal_type": "must be a number, or a string that holds one",
    "decimal_parsing": "must be a number, or a string that holds one",
    "decimal_max_digits": "must have at most {max_digits:digit}",
    "decimal_max_places": "must have at most {decimal_places:decimal place}",
    "decimal_whole_digits": "must have at most {whole_digits:digit} before the decimal point",
    "complex_type": "must be a number, or a string such as 1+2j",
    "complex_str_parsing": "must be a number, or a string such as 1+2j",
    "fraction_type": "must be a number, or a string such as 1/3",
    "fraction_parsing": "must be a number, or a string such as 1/3",
    "byte_size": "must be a number of bytes, or a string such as 10 MB",
    "byte_size_unit": "must be a number of bytes, or a string such as 10 MB",
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "multiple_of": "must be a multiple of {multiple_of}",
    "too_short": "must have at least {min_length:item}",
    "too_long": "must have at most {max_length:item}",
    "enum": "must be one of {expected}",
    "literal_error": "must be one of {expected}",
    "rounded_number": "must be a string, to be exact: numbers of so many digits are rounded",
    "distant_date": "must not be so far away in time",
    "date_type": "must be a date such as 2026-01-31",
    "date_parsing": "must be a date such as 2026-01-31",
    "date_from_datetime_parsing": "must be a date such as 2026-01-31",
    "date_from_datetime_inexact": "must be a date such as 2026-01-31, without a time",
    "date_past": "must be in the past",
    "date_future": "must be in the future",
    "datetime_type": "must be a date and time such as 2026-01-31T12:00:00Z",
    "datetime_parsing": "must be a date and time such as 2026-01-31T12:00:00Z",
    "datetime_from_date_parsing": "must be a date and time such as 2026-01-31T12:00:00Z",
    "datetime_object_invalid": "must be a date and time such as 2026-01-31T12:00:00Z",
    "datetime_past": "must be in the past",
    "datetime_future": "must be in the future",
    "timezone_aware": "must say its time zone, such as 2026-01-31T12:00:00Z",
    "timezone_naive": "must not say a time zone",
    "time_type": "must be a time such as 12:30:00",
    "time_parsing": "must be a time such as 12:30:00",
    "time_delta_type": "must be a duration such as PT1H30M",
    "time_delta_parsing": "must be a duration such as PT1H30M",
    "uuid_type": "must be a UUID",
    "uuid_parsing": "must be a UUID",
    "uuid_version": "must be a UUID of version {expected_version}",
    "url_type": "must be a URL",
    "url_parsing": "must be a URL",
    "url_syntax_violation": "must be a URL",
    "url_too_long": "must be a URL of at most {max_length:character}",
    "url_scheme": "must be a URL with the scheme {expected_schemes}",
    "dict_type": "must be an object",
    "mapping_type": "must be an object",
    "counter_type": "must be an object",
    "ordered_dict_type": "must be an object",
    "frozen_dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "dataclass_type": "must be an object",
    "dataclass_exact_type": "must be an object",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "named_tuple_type": "must be a list",
    "deque_type": "must be a list",
    "set_type": "must be a list",
    "frozen_set_type": "must be a list",
    "iterable_type": "must be a list",
    "set_item_not_hashable": "must be neither a list nor an object",
    "union_tag_not_found": "must have the field {discriminator}",
    "union_tag_invalid": "must have {discriminator} set to one of {expected_tags}",
    "ip_v4_address": "must be an IPv4 address",
    "ip_v6_address": "must be an IPv6 address",
    "ip_any_address": "must be an IP address",
    "ip_v4_network": "must be an IPv4 network such as 192.0.2.0/24",
    "ip_v6_network": "must be an IPv6 network such as 2001:db8::/32",
    "ip_any_network": "must be an IP network such as 192.0.2.0/24",
    "ip_v4_interface": "must be an IPv4 interface such as 192.0.2.5/24",
    "ip_v6_interface": "must be an IPv6 interface such as 2001:db8::5/32",
    "ip_any_interface": "must be an IP interface such as 192.0.2.5/24",
    "bytes_type": "must be a string",
    "path_type": "must be a string",
    "bytes_too_short": "must have at least {min_length:byte}",
    "bytes_too_long": "must have at most {max_length:byte}",
    "bytes_invalid_encoding": "must be written in {encoding}",
    "base64_decode": "must be written in base64",
    "json_type": "must be a string that holds JSON",
    "json_invalid": "is not valid JSON, or is nested too deeply",
    "recursion_loop": "is nested too deeply",
    "recursion_depth_exceeded": "is nested too deeply",
}

CONSEQUENTIAL_TYPE = "default_factory_not_called"
"""Error type of a default that depends on an invalid value, which has its own error."""

OTHER_REASON = "is refused by a rule of its own"
FAILED_REASON = "cannot be checked: a rule for it fails"

STRUCTURES = (REASONS["list_type"], REASONS["dict_type"])

KEY = "[key]"
"""Last step of a location of pydantic's that means the key of a mapping."""


def violations_of(
    error: ValidationError,
    arguments: Any,
    *,
    is_accepted: Callable[[str], bool] = lambda name: False,
) -> list[Violation]:
    """Return one violation for each place in `arguments` that pydantic reports, in its order.

    Where several alternatives of a union fail at the same place, their reasons are joined. Errors
    of arguments for which `is_accepted` is true are left out.
    """
    if error.error_count() > MAX_ERRORS:
        reason = f"break the input schema in {error.error_count()} places; send fewer at a time"
        return [Violation(path="", reason=reason)]
    reasons: dict[str, list[str]] = {}
    for details in error.errors(include_url=False, include_input=False):
        location = details["loc"]
        if details["type"] == CONSEQUENTIAL_TYPE or (location and is_accepted(str(location[0]))):
            continue
        path, value = locate(location, arguments, is_missing=details["type"] == "missing")
        reason = _reason(details, value)
        if location[-1:] == (KEY,):
            reason = f"has a name that is not allowed: it {reason}"
        known = reasons.setdefault(path, [])
        if reason not in known:
            known.append(reason)
    return violation_list(reasons)


def _reason(details: Any, value: Any) -> str:
    kind = details["type"]
    raised = details.get("ctx", {}).get("error")
    if isinstance(raised, ArgumentError):
        return raised.message
    reason = REASONS.get(kind, OTHER_REASON).format_map(_counted(details.get("ctx", {})))
    if reason in STRUCTURES and isinstance(value, str) and _holds_json(value):
        return f"{reason}: send JSON, not a string that holds JSON"
    if kind == "float_type" and type(value) is int:
        return REASONS["finite_number"]
    if kind.startswith("int_") and isinstance(value, float) and value.is_integer():
        return f"{reason}, written without a fraction or an exponent"
    return reason


def _holds_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False


def reason_with(kind: str, **constraints: Any) -> str:
    """Return the reason of a kind of error, with the constraints of the declaration in it."""
    return REASONS[kind].format_map(_counted(constraints))


class _Count(int):
    """Integer with a noun as format: `{count:item}` is "1 item" or "2 items"."""

    def __format__(self, counted: str) -> str:
        return f"{int(self)} {counted}{'s' * (self != 1)}" if counted else str(int(self))


def _counted(context: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _Count(v) if type(v) is int else v for name, v in context.items()}
