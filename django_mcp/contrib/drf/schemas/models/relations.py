"""JSON Schema of related objects, by the key or the field that stands for them."""

from typing import Any

from django.db import models
from django.db.models import Manager, QuerySet
from rest_framework.relations import (
    HyperlinkedRelatedField,
    PrimaryKeyRelatedField,
    RelatedField,
    SlugRelatedField,
)

from django_mcp.contrib.drf.schemas.models.attributes import attribute_schema
from django_mcp.contrib.drf.schemas.models.values import model_value
from django_mcp.schemas.json_schema import JSONSchema

URL: JSONSchema = {"type": "string", "description": "URL of the object."}


def related_object(field: RelatedField) -> JSONSchema:
    """Return the schema of what stands for a related object, as input and as output."""
    if isinstance(field, HyperlinkedRelatedField):
        return URL
    if isinstance(field, SlugRelatedField):
        return _column(field, field.slug_field)
    if isinstance(field, PrimaryKeyRelatedField):
        return _column(field, "pk")
    return {}


def rendered_object(field: RelatedField) -> JSONSchema:
    """Return the schema of what stands for a related object as output."""
    relation = model_value(field).model_field
    is_key = isinstance(field, PrimaryKeyRelatedField) and isinstance(relation, models.ForeignKey)
    # Of a foreign key to another column than the primary key, its own value is rendered.
    return _column(field, relation.target_field.name) if is_key else related_object(field)


def _column(field: RelatedField, path: str) -> JSONSchema:
    model = _related_model(field)
    return {} if model is None else attribute_schema(model, path) or {}


def _related_model(field: RelatedField) -> Any:
    queryset = field.queryset
    if isinstance(queryset, QuerySet | Manager):
        return queryset.model
    relation = field if field.field_name else field.parent  # of many, the field around it
    found = model_value(relation).model_field
    if found is not None:
        return found.related_model
    try:
        queryset = field.get_queryset()
    except Exception:  # noqa: BLE001  (of the project's own code, which may need a request)
        return None
    return queryset.model if isinstance(queryset, QuerySet | Manager) else None
