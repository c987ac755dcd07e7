"""Parameters of the path of a view, with the types of their converters."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.urls import converters
from rest_framework.views import APIView

from django_mcp.contrib.drf.operations.operation import Operation
from django_mcp.schemas.json_schema import JSONSchema

ANY_KEY: JSONSchema = {"anyOf": [{"type": "integer"}, {"type": "string"}]}
"""Schema of a key whose type is not known, as of the parent in a nested router."""

TEXT_LOOK_UPS = ("exact", "iexact")
"""Look-ups whose value is a text where the column has texts."""


def path_parameters(operation: Operation, view: APIView) -> Mapping[str, JSONSchema]:
    """Return the schemas of the arguments of the URL, by their names."""
    lookup = getattr(view, "lookup_url_kwarg", None) or getattr(view, "lookup_field", None)
    model = model_of(view)
    schemas = {}
    for name, converter in operation.path_parameters.items():
        schema = _of_converter(converter)
        is_lookup = name == lookup and model is not None
        if is_lookup and (converter is None or isinstance(converter, converters.StringConverter)):
            schema = _of_lookup(model, view.lookup_field)
        if is_lookup:
            field = view.lookup_field if view.lookup_field != "pk" else "id"
            for look_up in TEXT_LOOK_UPS:
                field = field.removesuffix(f"__{look_up}")
            words = f"The {field} of the {model._meta.verbose_name}."
            schema = {**schema, "description": words}
        schemas[name] = schema
    return schemas


def model_of(view: APIView) -> Any:
    """Return the model whose rows a view serves; None if that is not known without a request."""
    queryset = getattr(view, "queryset", None)
    if queryset is None and hasattr(view, "get_queryset"):
        try:
            queryset = view.get_queryset()
        except Exception:  # noqa: BLE001  (of the project's own code, which may want a user)
            queryset = None
    model = getattr(queryset, "model", None)
    if model is None and hasattr(view, "get_serializer_class"):
        try:
            model = getattr(getattr(view.get_serializer_class(), "Meta", None), "model", None)
        except Exception:  # noqa: BLE001  (as above)
            model = None
    return model


def _of_converter(converter: Any) -> JSONSchema:
    if converter is None:
        return ANY_KEY
    if isinstance(converter, converters.IntConverter):
        return {"type": "integer", "minimum": 0}
    if isinstance(converter, converters.UUIDConverter):
        return {"type": "string", "format": "uuid"}
    return {"type": "string"}


def _of_lookup(model: Any, path: str) -> JSONSchema:
    field: Any = None
    try:
        for name in path.split("__"):
            if name in TEXT_LOOK_UPS and isinstance(field, models.CharField):
                break
            field = model._meta.pk if name == "pk" else model._meta.get_field(name)
            model = field.related_model
    except (FieldDoesNotExist, AttributeError):
        return ANY_KEY  # of an annotation, or another look-up
    while isinstance(field, models.ForeignKey):
        field = field.target_field
    if isinstance(field, models.IntegerField):
        return {"type": "integer"}
    if isinstance(field, models.UUIDField):
        return {"type": "string", "format": "uuid"}
    return {"type": "string"} if isinstance(field, models.CharField) else ANY_KEY
