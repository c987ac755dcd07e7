"""Query parameters of django-filter's FilterSets.

Imported only where a view has one, because django-filter is optional.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from django import forms
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django_filters import (
    BaseCSVFilter,
    BaseRangeFilter,
    FilterSet,
    ModelChoiceFilter,
    ModelMultipleChoiceFilter,
    MultipleChoiceFilter,
    OrderingFilter,
)
from django_filters.widgets import CSVWidget
from rest_framework.views import APIView

from django_mcp.contrib.drf.parameters.introspection import queryset_of
from django_mcp.contrib.drf.parameters.parameter import QueryParameter, joined
from django_mcp.db.refused_queries import answer_of
from django_mcp.schemas.forms.fields import column_schema, texts_of
from django_mcp.schemas.forms.parameters import FormParameter, field_parameters
from django_mcp.schemas.json_schema import JSONSchema

BY_KEY = (ModelChoiceFilter, ModelMultipleChoiceFilter)
"""Filters whose values are keys of rows."""

ANY_VALUE: JSONSchema = {"type": ["string", "number", "boolean"]}
"""Schema of a value of which no more is known than that it is one."""

UNKNOWN = "[invalid name]"
"""Label of a filter, such as one of a method, whose name no field of the model has."""


def filterset_parameters(backend: Any, view: APIView) -> Iterator[QueryParameter]:
    """Yield the parameters of the FilterSet that a backend makes for a view, if it makes one."""
    filterset = _filterset(backend, view)
    if filterset is None:
        yield from _unmade(view)
        return
    form = answer_of(lambda: filterset.form)
    fields = {} if form is None else form.fields
    for name, each in filterset.filters.items():
        # One filter that needs the caller keeps the form of all from being made.
        field = fields.get(name) or answer_of(partial(getattr, each, "field"))
        if field is not None and str(field.label).startswith(UNKNOWN):
            field.label = None
        prefix = filterset.form_prefix
        yield from _parameters(f"{prefix}-{name}" if prefix else name, each, field)


def _filterset(backend: Any, view: APIView) -> Any:
    queryset, request = queryset_of(view), getattr(view, "request", None)
    found = answer_of(lambda: backend.get_filterset(request, queryset, view))
    if found is not None:
        return found
    # Its constructor may want a user. What the class declares needs none.
    cls = answer_of(lambda: backend.get_filterset_class(view, queryset)) or answer_of(
        lambda: backend.get_filterset_class(view)
    )
    return None if cls is None else _Declared(cls, queryset)


def _unmade(view: APIView) -> Iterator[QueryParameter]:
    """Yield the parameters of `filterset_fields` that no FilterSet could be made of.

    The managers of multi-tenant projects may refuse every query outside a tenant, and django-filter
    asks them for one. The view has its tenant in a call, and judges the values.
    """
    fields = getattr(view, "filterset_fields", None)
    if not fields or not isinstance(fields, list | tuple | dict):
        return
    queryset = queryset_of(view)
    for name in fields:
        for lookup in fields[name] if isinstance(fields, dict) else ("exact",):
            is_key = lookup == "exact" and queryset is not None
            column = answer_of(partial(_column, queryset, name)) if is_key else None
            yield QueryParameter(
                name=FilterSet.get_filter_name(name, lookup),
                schema=column or dict(ANY_VALUE),
                encode=texts_of,
            )


def _column(queryset: Any, path: str) -> JSONSchema | None:
    """Return the schema of what equals a column; None for another type than a key has."""
    model, field = queryset.model, None
    for step in path.split("__"):
        field = model._meta.get_field(step)
        model = field.related_model
    if isinstance(field, models.BooleanField):
        return {"type": "boolean"}
    return column_schema(model._meta.pk) if model is not None else None


class _Declared:
    """Filters as the class of a FilterSet declares them."""

    form_prefix = None

    def __init__(self, cls: Any, queryset: Any) -> None:
        self.filters = cls.get_filters()
        model = cls._meta.model if queryset is None else queryset.model
        for each in self.filters.values():
            if model is not None:
                each.model = model

    @property
    def form(self) -> Any:
        return None


def _parameters(name: str, filter_: Any, field: Any) -> Iterator[QueryParameter]:
    if field is None:
        yield _without_field(name, filter_)
    elif isinstance(filter_, OrderingFilter):
        yield QueryParameter(name=name, schema=_one(field), is_required=field.required)
    else:
        for each in field_parameters(name, field):
            yield _parameter(each, filter_, field)


def _parameter(parameter: FormParameter, filter_: Any, field: Any) -> QueryParameter:
    schema, encode = parameter.schema, parameter.encode
    if isinstance(filter_, BaseCSVFilter):
        schema, encode = _separated(schema, filter_, field), joined(",")
    elif isinstance(field.widget, CSVWidget):
        encode = joined(",")
    elif isinstance(filter_, BY_KEY):
        schema = _with_null(_key(schema, filter_), field)
    if schema.get("type") == "array":
        # An empty list would filter nothing, and be taken for a filter that no row passes.
        schema = {"minItems": 1, **schema}
    return QueryParameter(
        name=parameter.name, schema=schema, is_required=parameter.is_required, encode=encode
    )


def _one(field: forms.Field) -> JSONSchema:
    """Return the schema of one order, without the labels, which repeat the names."""
    schema = next(iter(field_parameters("", field))).schema
    kept: JSONSchema = {key: value for key, value in schema.items() if key != "description"}
    label = str(field.label or "")
    return {**kept, "description": label} if label else kept


def _separated(schema: JSONSchema, filter_: Any, field: Any) -> JSONSchema:
    """Return the schema of a list of what one value of the field is."""
    items = {key: value for key, value in schema.items() if key != "description"}
    if items.get("type") == "string" and not {"enum", "format"} & items.keys():
        items["pattern"] = "^[^,]*$"  # which would be two values
    separated: JSONSchema = {"type": "array", "items": items}
    if isinstance(filter_, BaseRangeFilter):
        separated |= {"minItems": 2, "maxItems": 2}
    words = [str(field.label or "")]
    if str(field.help_text) != str(BaseCSVFilter().extra["help_text"]):
        words.append(str(field.help_text))
    description = ". ".join(each for each in words if each)
    return {**separated, "description": description} if description else separated


def _key(schema: JSONSchema, filter_: Any) -> JSONSchema:
    """Return the schema of a key; of the related model, where the queryset depends on who asks."""
    keys = schema.get("items", schema)
    if isinstance(keys.get("type"), str):
        return schema
    related = _related_key(filter_)
    if related is None:
        return schema
    known = {**keys, **related}
    return {**schema, "items": known} if "items" in schema else known


def _related_key(filter_: Any) -> JSONSchema | None:
    related = getattr(filter_, "model", None)
    for step in str(filter_.field_name).split("__"):
        try:
            related = None if related is None else related._meta.get_field(step).related_model
        except FieldDoesNotExist:
            return None
    if related is None:
        return None
    name = filter_.extra.get("to_field_name")
    return column_schema(related._meta.get_field(name) if name else related._meta.pk)


def _with_null(schema: JSONSchema, field: Any) -> JSONSchema:
    """Return the schema with the value that django-filter has for rows without a related one."""
    if getattr(field, "null_label", None) is None:
        return schema
    if "items" in schema:
        return {**schema, "items": _with_null(schema["items"], field)}
    rest = {key: value for key, value in schema.items() if key != "description"}
    words = {key: value for key, value in schema.items() if key == "description"}
    return {"anyOf": [rest, {"const": field.null_value}], **words}


def _without_field(name: str, filter_: Any) -> QueryParameter:
    """Return the parameter of a filter whose field is made of rows, or of who asks."""
    key = _related_key(filter_) if isinstance(filter_, BY_KEY) else None
    one: JSONSchema = key or dict(ANY_VALUE)
    is_multiple = isinstance(filter_, MultipleChoiceFilter)
    schema: JSONSchema = {"type": "array", "items": one, "minItems": 1} if is_multiple else one
    label = answer_of(lambda: filter_.label)
    return QueryParameter(
        name=name,
        schema={**schema, "description": str(label)} if label else schema,
        is_required=bool(filter_.extra.get("required")),
        encode=texts_of,
    )
