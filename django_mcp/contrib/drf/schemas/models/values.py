"""Model fields behind the fields of a `ModelSerializer`, found by their `source`."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from rest_framework.serializers import ModelSerializer

from django_mcp.schemas.models.fields import field_named


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelValue:
    """Origin of the value of a serializer field.

    `model_field` is the field or relation at the end of the source, None for a property, a method
    or what is not of a model. `is_nullable` is false if the value is known to be never null, and
    `is_present` is true if the attribute is known to be there.
    """

    model: type[models.Model] | None = None
    model_field: Any = None
    is_nullable: bool = True
    is_present: bool = False


UNKNOWN = ModelValue()


def model_value(field: Any) -> ModelValue:
    """Return what is known of the value of a field of a serializer."""
    model = _model(field.parent)
    if model is None or field.source == "*":
        return UNKNOWN
    is_present = True
    owner: Any = model
    *relations, last = field.source_attrs
    for name in relations:
        relation = _named(owner, name)
        if relation is None or not getattr(relation, "related_model", None):
            return UNKNOWN
        is_present = is_present and not _may_be_none(relation)
        owner = relation.related_model
    found = _named(owner, last)
    if found is None:
        return ModelValue(model=owner)
    return ModelValue(
        model=owner,
        model_field=found,
        is_nullable=not is_present or _may_be_none(found),
        is_present=is_present,
    )


def attribute_path(field: Any) -> tuple[Any, str] | None:
    """Return the model and the path of an attribute that a field shows; None without a model."""
    model = _model(field.parent)
    if model is None or field.source == "*":
        return None
    return model, "__".join(field.source_attrs)


def _model(serializer: Any) -> Any:
    is_of_model = isinstance(serializer, ModelSerializer)
    return getattr(getattr(serializer, "Meta", None), "model", None) if is_of_model else None


def _named(model: Any, name: str) -> Any:
    """Return a field or relation by the attribute that instances have."""
    reverse = {each.get_accessor_name(): each for each in model._meta.related_objects}
    if name in reverse:
        return reverse[name]
    try:
        found = field_named(model, name)
    except FieldDoesNotExist:
        return None
    # By the name that queries use, which is no attribute.
    return None if isinstance(found, models.ForeignObjectRel) else found


def _may_be_none(field: Any) -> bool:
    if field.many_to_many or field.one_to_many:
        return False
    if isinstance(field, models.ForeignObjectRel) or not isinstance(field, models.Field):
        return True  # the other end of a one-to-one
    if field.is_relation and field.related_model is None:
        return True  # a generic foreign key
    if field.is_relation and not getattr(field, "db_constraint", True):
        return True
    reads_in_its_own_way = hasattr(field, "from_db_value")
    return bool(field.null) or (
        reads_in_its_own_way and not type(field).__module__.startswith("django.")
    )
