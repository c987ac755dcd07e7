"""Paths of fields from a Django model: their resolution, types and readers."""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from inspect import getattr_static
from operator import attrgetter
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ObjectDoesNotExist, ValidationError
from django.core.files.storage import Storage
from django.db import DEFAULT_DB_ALIAS, models

from django_mcp.exceptions import InvalidResultError
from django_mcp.schemas.annotations import type_hints
from django_mcp.schemas.field_values import stored_value
from django_mcp.schemas.models.field_kinds import kind_of, optional
from django_mcp.schemas.models.related_rows import ToMany

Read = Callable[[Any], Any]


class UnknownFieldError(ValueError):
    """Error of a name that the model does not have; a queryset may annotate it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPath:
    """Resolved path such as `relation__field`, with its type and reader.

    `read_type` gives an annotation; it raises `ValueError` for a property that has none. `to_many`
    is the relation to many rows on the way, and `owner` finds the instance that has them, if any.
    `join` is the relation to one row that it follows, as `select_related` has it, and `joins` are
    those that it follows from the many rows.
    """

    read_type: Callable[[], Any]
    read: Read
    to_many: ToMany | None = None
    owner: Read = lambda instance: instance
    join: str = ""
    joins: tuple[str, ...] = ()


@cache
def resolve_path(model: type[models.Model], path: str) -> ModelPath:
    """Resolve a path, once for all results.

    Raises `ValueError` for a path that does not exist or has no form in JSON.
    """
    name, separator, rest = path.partition("__")
    if separator and not rest:
        raise ValueError(f"field {path!r} ends in two underscores")
    field = _field_or_relation(model, name)
    if field is None:
        if rest:
            raise ValueError(
                f"field {path!r}: {model.__name__} has no field {name!r}{suggestion(model, name)}"
            )
        return _attribute(model, name)
    if not field.is_relation:
        if rest:
            raise ValueError(f"field {path!r}: {name!r} of {model.__name__} is no relation")
        return _value(model, field)
    if isinstance(field.related_model, str):
        raise ValueError(f"field {path!r} leads to {field.related_model}, which is not installed")
    if field.related_model is None:
        raise ValueError(
            f"field {path!r}: {name!r} of {model.__name__} may lead to any model; show its key by "
            f"{field.ct_field!r} and {field.fk_field!r}, or more of it by a property"
        )
    if field.many_to_many or field.one_to_many:
        return _to_many(model, field, path, rest)
    if rest or isinstance(field, models.ForeignObjectRel):
        return _to_one(field, path, rest or "pk")
    if not isinstance(field, models.ForeignKey):
        columns = ", ".join(repr(each.name) for each in field.local_related_fields)
        raise ValueError(
            f"field {path!r} of {model.__name__} has no column of its own: show {columns}, or "
            f"fields of {field.related_model.__name__} by '{name}__...'"
        )
    return _column(field)


def field_type(model: type[models.Model], path: str) -> Any:
    """Return the annotation of a path. Raises as `resolve_path` does."""
    return resolve_path(model, path).read_type()


def field_named(model: type[models.Model], name: str) -> Any:
    """Return a field by its name, or by `pk`. Raises `FieldDoesNotExist`."""
    return model._meta.pk if name == "pk" else model._meta.get_field(name)


def _field_or_relation(model: type[models.Model], name: str) -> Any:
    """Return a field or reverse relation, by the name that queries or that instances use."""
    try:
        return field_named(model, name)
    except FieldDoesNotExist:
        relations = model._meta.related_objects
        return next((each for each in relations if each.get_accessor_name() == name), None)


def _value(model: type[models.Model], field: Any) -> ModelPath:
    if isinstance(field, models.FileField):
        return _file(model, field)
    if isinstance(field, models.CompositePrimaryKey):
        parts = [_column(each) for each in field.fields]
        return ModelPath(
            read_type=lambda: tuple[tuple(each.read_type() for each in parts)],  # type: ignore[misc]
            read=lambda instance: tuple(each.read(instance) for each in parts),
        )
    return _column(field)


def _column(field: Any) -> ModelPath:
    kind = kind_of(field)
    # The key of a relation, not the related object, which would cost a query.
    get, convert, plain = attrgetter(field.attname), kind.convert, kind.plain

    def read(instance: models.Model) -> Any:
        value = get(instance)
        if type(value) is plain:
            return value
        value = stored_value(instance, field.name, value)
        if value is None:
            return kind.empty
        try:
            return convert(value, instance._state.db or DEFAULT_DB_ALIAS)
        except (ValidationError, ValueError, TypeError, ArithmeticError) as error:
            raise InvalidResultError(
                f"field {field.name!r} of {type(instance).__name__} holds what its column cannot"
            ) from error

    return ModelPath(read_type=lambda: optional(kind.annotation, field.null), read=read)


def _file(model: type[models.Model], field: Any) -> ModelPath:
    if field.storage.__class__.url is Storage.url:
        raise ValueError(
            f"field {field.name!r} of {model.__name__} is a file whose storage has no URLs: return "
            "a FileResponse, or show what you need by a property"
        )

    def read(instance: models.Model) -> str | None:
        file = getattr(instance, field.attname)
        return file.url if file else None

    return ModelPath(read_type=lambda: str | None, read=read)


def _related(relation: Any, path: str, rest: str) -> ModelPath:
    """Resolve the rest of a path. Raises `ValueError` as `resolve_path` does, with all of it."""
    try:
        return resolve_path(relation.related_model, rest)
    except ValueError as error:
        problem = str(error).removeprefix(f"field {rest!r}: ")
        raise type(error)(f"field {path!r}: {problem}") from None


def _to_one(relation: Any, path: str, rest: str) -> ModelPath:
    target = _related(relation, path, rest)
    # Only the key of a foreign key is sure to lead to a row.
    is_optional = relation.null or not isinstance(relation, models.ForeignKey)
    empty: list[Any] | None = None if target.to_many is None else []

    def related(instance: models.Model) -> Any:
        try:
            return getattr(instance, _accessor(relation))
        except ObjectDoesNotExist:
            return None

    def read(instance: models.Model) -> Any:
        found = related(instance)
        return empty if found is None else target.read(found)

    def owner(instance: models.Model) -> Any:
        found = related(instance)
        return None if found is None else target.owner(found)

    return ModelPath(
        read_type=lambda: optional(target.read_type(), is_optional and target.to_many is None),
        read=read,
        to_many=target.to_many,
        owner=owner,
        join=f"{relation.name}__{target.join}" if target.join else relation.name,
        joins=target.joins,
    )


def _to_many(model: type[models.Model], relation: Any, path: str, rest: str) -> ModelPath:
    item = _related(relation, path, rest or "pk")
    if item.to_many is not None:
        raise ValueError(
            f"field {path!r} of {model.__name__} goes through two relations to many: show what you "
            "need by a property"
        )
    is_generic = hasattr(relation, "object_id_field_name")
    to_many = ToMany(
        accessor=_accessor(relation),
        model=relation.related_model,
        partition=(
            (relation.content_type_field_name, relation.object_id_field_name) if is_generic else ()
        ),
    )
    return ModelPath(
        read_type=lambda: list[item.read_type()],  # type: ignore[misc]
        read=lambda instance: [item.read(row) for row in to_many.rows(instance)],
        to_many=to_many,
        joins=(item.join,) if item.join else (),
    )


def _accessor(relation: Any) -> str:
    """Return the attribute of instances; the name in queries may differ for reverse relations."""
    if isinstance(relation, models.ForeignObjectRel):
        return str(relation.get_accessor_name())
    return str(relation.name)


def _attribute(model: type[models.Model], name: str) -> ModelPath:
    """Return the path of `get_FOO_display`, or of a property."""
    if name.startswith("get_") and name.endswith("_display"):
        field = _field_or_relation(model, name.removeprefix("get_").removesuffix("_display"))
        if field is not None and getattr(field, "choices", None):
            return ModelPath(
                read_type=lambda: optional(str, field.null),
                read=lambda instance: _text(getattr(instance, name)()),
            )
    attribute = getattr(model, name, None)
    getter = attribute.fget if isinstance(attribute, property) else getattr(attribute, "func", None)
    if getter is None or hasattr(attribute, "keywords"):  # a partial method
        return _declared(model, name)

    def read_type() -> Any:
        hints = type_hints(getter)
        if "return" not in hints:
            raise ValueError(
                f"field {name!r}: the property of {model.__name__} needs a return annotation"
            )
        return hints["return"]

    return ModelPath(read_type=read_type, read=attrgetter(name))


def _declared(model: type[models.Model], name: str) -> ModelPath:
    """Return the path of an annotation in the body of the class, such as `total: int`."""
    try:
        hints: dict[str, Any] = type_hints(model)
    except ValueError:
        hints = {}
    if name not in hints:
        kind = ValueError if hasattr(model, name) else UnknownFieldError
        raise kind(
            f"field {name!r}: {model.__name__} has no such field or "
            f"property{suggestion(model, name)}"
        )
    return annotated(name, hints[name])


def suggestion(model: type[models.Model], name: str) -> str:
    """Return a suggestion of the most similar name, or an empty string."""
    properties = [each for each in dir(model) if isinstance(getattr_static(model, each), property)]
    names = [each.name for each in model._meta.get_fields()]
    near = get_close_matches(name, [*names, *properties], n=1)
    return f". Did you mean {near[0]!r}?" if near else ""


def annotated(name: str, type_: Any = Any) -> ModelPath:
    """Return the path of a queryset annotation. Reading raises `InvalidResultError` without it."""

    def read(instance: models.Model) -> Any:
        try:
            return getattr(instance, name)
        except AttributeError:
            raise InvalidResultError(
                f"{type(instance).__name__} has no field {name!r}, and no queryset annotated it"
            ) from None

    return ModelPath(read_type=lambda: type_, read=read)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
