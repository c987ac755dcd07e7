"""Querysets reduced to the columns that results show."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from inspect import getattr_static
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, QuerySet
from django.db.models.fields.related_descriptors import (
    ForeignKeyDeferredAttribute,
    ForwardManyToOneDescriptor,
    ForwardOneToOneDescriptor,
)
from django.db.models.query import ModelIterable
from django.db.models.query_utils import DeferredAttribute
from django.db.models.signals import post_init, pre_init

from django_mcp.schemas.models.field_kinds import kind_of
from django_mcp.schemas.models.fields import field_named
from django_mcp.schemas.models.keyset import ordered_relation, ordering_of

PLAIN_COLUMNS = (DeferredAttribute, ForeignKeyDeferredAttribute)
PLAIN_RELATIONS = (ForwardManyToOneDescriptor, ForwardOneToOneDescriptor)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reach:
    """Models and relations on the paths from a model."""

    models: frozenset[type[Model]]
    relations: frozenset[str]


def only_columns(
    queryset: QuerySet[Any], paths: tuple[str, ...]
) -> Iterable[dict[str, Any]] | None:
    """Return rows of values at these paths alone, fetched without instances.

    None where instances may have more to say than their columns: a property is shown, or a field in
    a form of its own, a model sees to its instances itself, or the queryset has fetched them; and
    where the rows would come in another order.
    Relations are followed where `select_related` names them, because joins are for the author of
    the query to decide.
    """
    model: type[Model] = queryset.model
    reach = _reach(model, paths)
    if (
        reach is None
        or not _is_plain(queryset)
        or not _keeps_order(queryset, paths)
        or not all(_is_joined(queryset, relation) for relation in reach.relations)
        or any(init.has_listeners(each) for init in (pre_init, post_init) for each in reach.models)
    ):
        return None
    return queryset.values(*paths)


def _is_plain(queryset: Any) -> bool:
    """Return whether a queryset makes instances in Django's own way, and has made none yet."""
    query, kind = queryset.query, type(queryset)
    return (
        queryset._result_cache is None
        and queryset._iterable_class is ModelIterable
        and (kind._fetch_all, kind.values) == (QuerySet._fetch_all, QuerySet.values)
        # Fewer columns would mean other rows, or values that are computed in another way.
        and not (query.distinct or query.combinator or query.annotations or query.extra)
        and not (queryset._prefetch_related_lookups or query.select_for_update)
    )


def _keeps_order(queryset: QuerySet[Any], paths: tuple[str, ...]) -> bool:
    """Return whether `values()` keeps the order: Django orders by the key of a selected relation.

    Of instances it is the ordering of the related model.
    """
    names = (each.lstrip("-+") for each in ordering_of(queryset) if isinstance(each, str))
    return not any(name in paths and ordered_relation(queryset.model, name) for name in names)


def _is_joined(queryset: QuerySet[Any], relation: str) -> bool:
    joined: Any = queryset.query.select_related
    for name in relation.split("__"):
        if not isinstance(joined, dict) or name not in joined:
            return False
        joined = joined[name]
    return True


@cache
def _reach(model: type[Model], paths: tuple[str, ...]) -> _Reach | None:
    """Return the reach of paths; None if one leads to anything but a column."""
    models, relations = {model}, set()
    for path in paths:
        *names, column = path.split("__")
        reached = model
        for position, name in enumerate(names, 1):
            relation = _plain(reached, name, PLAIN_RELATIONS)
            if relation is None:
                return None
            relations.add("__".join(names[:position]))
            models.add(reached := relation.related_model)
        field = _plain(reached, column, PLAIN_COLUMNS)
        if field is None or not kind_of(field).is_as_fetched:
            return None
    if not all(map(_makes_plain_instances, models)):
        return None
    return _Reach(models=frozenset(models), relations=frozenset(relations))


def _plain(model: type[Model], name: str, descriptors: tuple[type[Any], ...]) -> Any:
    """Return the field if instances read it by one of these descriptors; else None."""
    try:
        field = field_named(model, name)
    except FieldDoesNotExist:
        return None
    is_relation = descriptors is PLAIN_RELATIONS
    attribute = field.name if is_relation else getattr(field, "attname", name)
    # The very type: those of files, and of packages that see to values themselves, are others.
    return field if type(getattr_static(model, attribute, None)) in descriptors else None


def _makes_plain_instances(model: type[Model]) -> bool:
    from_db = getattr_static(model, "from_db")
    return from_db is getattr_static(Model, "from_db") and model.__init__ is Model.__init__
