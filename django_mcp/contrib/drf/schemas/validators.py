"""JSON Schema keywords of validators, and words for those that have none."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import jsonschema_rs
from django.core import validators as django
from rest_framework import serializers
from rest_framework.validators import (
    BaseUniqueForValidator,
    UniqueTogetherValidator,
    UniqueValidator,
)

from django_mcp.schemas.json_schema import JSONSchema

LARGEST = 2**31 - 1
"""Bound from which on it only says how a database stores integers."""

NUMBERS = (serializers.IntegerField, serializers.FloatField, serializers.DecimalField)

PERIODS = {"UniqueForDateValidator": "day", "UniqueForMonthValidator": "month"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraints:
    """Keywords of JSON Schema, and sentences for what has no keyword."""

    keywords: JSONSchema = field(default_factory=dict)
    sentences: tuple[str, ...] = ()


def constraints(serializer_field: Any) -> Constraints:
    """Return the constraints that a field's own validators put on a value of its type."""
    keywords: JSONSchema = {}
    sentences: list[str] = []
    for validator in serializer_field.validators:
        for found in _constraint(serializer_field, validator):
            if isinstance(found, str):
                sentences.append(found)
            else:
                keywords |= found
    return Constraints(keywords=keywords, sentences=tuple(dict.fromkeys(sentences)))


def unique_together(serializer: Any) -> dict[str, list[str]]:
    """Return sentences on uniqueness, by field, that the validators of a serializer stand for."""
    found: dict[str, list[str]] = {}
    for validator in getattr(serializer, "validators", ()):
        if isinstance(validator, UniqueTogetherValidator):
            condition = ", under a condition" if validator.condition else ""
            for name in validator.fields:
                others = " and ".join(each for each in validator.fields if each != name)
                unique = f"Unique together with {others}" if others else "Must be unique"
                found.setdefault(name, []).append(f"{unique}{condition}.")
        elif isinstance(validator, BaseUniqueForValidator):
            period = PERIODS.get(type(validator).__name__, "year")
            sentence = f"Unique for the {period} of {validator.date_field}."
            found.setdefault(validator.field, []).append(sentence)
    return found


def _constraint(serializer_field: Any, validator: Any) -> Iterator[JSONSchema | str]:
    kind = type(validator)
    limit = getattr(validator, "limit_value", None)
    if isinstance(validator, UniqueValidator):
        yield "Must be unique."
    elif kind in (django.MaxLengthValidator, django.MinLengthValidator) and type(limit) is int:
        yield from _length(serializer_field, limit, is_maximum=kind is django.MaxLengthValidator)
    elif kind in (django.MaxValueValidator, django.MinValueValidator) and not callable(limit):
        yield from _bound(serializer_field, limit, is_maximum=kind is django.MaxValueValidator)
    elif kind is django.StepValueValidator and not callable(limit):
        yield f"A multiple of {limit}."
    elif kind is django.RegexValidator:
        yield from _pattern(serializer_field, validator)


def _length(serializer_field: Any, limit: int, *, is_maximum: bool) -> Iterator[JSONSchema | str]:
    if isinstance(serializer_field, serializers.ListField):
        yield {"maxItems" if is_maximum else "minItems": limit}
    elif is_maximum:
        yield {"maxLength": limit}
    elif not getattr(serializer_field, "allow_blank", False):
        yield {"minLength": limit}
    else:
        yield f"Empty, or at least {limit} characters."


def _bound(serializer_field: Any, limit: Any, *, is_maximum: bool) -> Iterator[JSONSchema | str]:
    is_number = isinstance(limit, int | float | Decimal)
    if is_number and abs(limit) >= LARGEST:
        return
    if not is_number or not isinstance(serializer_field, NUMBERS):
        yield f"At {'most' if is_maximum else 'least'} {limit}."
    else:
        yield {"maximum" if is_maximum else "minimum": _number(limit)}


def _number(limit: float | Decimal) -> int | float:
    return int(limit) if limit == int(limit) else float(limit)


def _pattern(serializer_field: Any, validator: Any) -> Iterator[JSONSchema | str]:
    flags = validator.flags | validator.regex.flags & ~re.UNICODE
    written = validator.regex.pattern
    pattern = written.replace(r"\A", "^").replace(r"\Z", "$").replace("(?P<", "(?<")
    is_portable = not flags and not validator.inverse_match and r"\w" not in pattern.lower()
    if is_portable and not getattr(serializer_field, "allow_blank", False):
        try:
            jsonschema_rs.Draft202012Validator({"pattern": pattern})
        except ValueError:
            pass
        else:
            yield {"pattern": pattern}
            return
    negation = "not " if validator.inverse_match else ""
    ignoring = ", ignoring case" if flags & re.IGNORECASE else ""
    yield f"Must {negation}match the regular expression {written}{ignoring}."
