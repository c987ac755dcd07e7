"""The fields of Django models that a tool shows: their types, and how they are read."""

import datetime
import uuid
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import cache, partial
from operator import attrgetter
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ObjectDoesNotExist
from django.db import models
from django.db.models.fields.files import FieldFile

from django_mcp.tools.annotations import type_hints

# The first class that a field is an instance of decides, so subclasses stand before their bases.
FIELD_TYPES: tuple[tuple[type[Any], Any], ...] = (
    (models.BooleanField, bool),
    (models.AutoField, int),
    (models.IntegerField, int),
    (models.FloatField, float),
    (models.DecimalField, Decimal),
    (models.DateTimeField, datetime.datetime),
    (models.DateField, datetime.date),
    (models.TimeField, datetime.time),
    (models.DurationField, datetime.timedelta),
    (models.UUIDField, uuid.UUID),
    (models.CharField, str),
    (models.TextField, str),
    (models.FileField, str),
    (models.GenericIPAddressField, str),
)


def field_type(model: type[models.Model], path: str) -> Any:
    """The Python type of `relation__field` (or of a property) as an annotation.

    Raises `ValueError` for what does not exist, or is many values at once.
    """
    name, separator, rest = path.partition("__")
    if separator and not rest:
        raise ValueError(f"field {path!r} ends in two underscores")
    try:
        field = field_named(model, name)
    except FieldDoesNotExist:
        return _property_type(model, name, rest)
    if field.is_relation and rest:
        target = field.related_model
        if not isinstance(target, type) or field.one_to_many or field.many_to_many:
            raise ValueError(f"field {path!r} of {model.__name__} is not one value")
        return _optional(field_type(target, rest), field.null)
    if rest:
        raise ValueError(f"field {path!r}: {name!r} of {model.__name__} is no relation")
    if not isinstance(field, models.Field) or field.many_to_many:
        raise ValueError(f"field {path!r} of {model.__name__} is not one value")
    return _optional(_value_type(field), field.null)


def field_named(model: type[models.Model], name: str) -> Any:
    """A field by its name, or by `pk`. Raises `FieldDoesNotExist`."""
    return model._meta.pk if name == "pk" else model._meta.get_field(name)


def field_values(instance: models.Model, paths: Iterable[str]) -> dict[str, Any]:
    """The named fields of an instance; a relation that is empty on the way yields None."""
    return {path: _value(instance, path) for path in paths}


def _value_type(field: "models.Field[Any, Any] | None") -> Any:
    if isinstance(field, models.ForeignKey):
        return _value_type(field.target_field)
    if isinstance(field, models.GeneratedField):
        return _value_type(field.output_field)
    return next((type_ for kind, type_ in FIELD_TYPES if isinstance(field, kind)), Any)


def _property_type(model: type[models.Model], name: str, rest: str) -> Any:
    attribute = getattr(model, name, None)
    getter = attribute.fget if isinstance(attribute, property) else getattr(attribute, "func", None)
    if getter is None or rest:
        raise ValueError(f"field {name!r}: {model.__name__} has no such field or property")
    return type_hints(getter).get("return", Any)


def _optional(type_: Any, is_null: bool) -> Any:
    return type_ | None if is_null and type_ is not Any else type_


def _value(instance: models.Model, path: str) -> Any:
    return _reader(type(instance), path)(instance)


@cache
def _reader(model: type[models.Model], path: str) -> Callable[[Any], Any]:
    """How a field is read from an instance: looked up once, for every row of every result."""
    name, _, rest = path.partition("__")
    if rest:
        return partial(_related_value, name=name, rest=rest)
    try:
        field = field_named(model, name)
    except FieldDoesNotExist:
        return attrgetter(name)
    if isinstance(field, models.FileField):
        return partial(_file_name, name=name)
    # The key of a relation, not the related object, which would cost a query.
    read = attrgetter(field.attname)
    # An instance that was just saved still holds what it was given, such as "9.50" or 9.
    return lambda instance: field.to_python(read(instance))


def _related_value(instance: models.Model, *, name: str, rest: str) -> Any:
    try:
        related = getattr(instance, name)
    except ObjectDoesNotExist:  # the other side of a one-to-one relation that nobody took
        related = None
    return None if related is None else _value(related, rest)


def _file_name(instance: models.Model, *, name: str) -> str:
    file: FieldFile = getattr(instance, name)
    return file.name or ""
