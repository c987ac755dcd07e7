"""Outputs of functions, chosen by their return annotations."""

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, get_args, get_origin

from django.db.models import Model
from django.http import FileResponse
from django.http.response import HttpResponseBase

from django_mcp.content import Content
from django_mcp.schemas.annotations import each_type_hint, is_union
from django_mcp.schemas.callables import function_of
from django_mcp.schemas.models.output import ModelOutput
from django_mcp.schemas.output.output import ContentOutput, DataOutput, Output, UndeclaredOutput
from django_mcp.schemas.returned_objects import item_type, returned_objects


def read_output(function: Callable[..., Any], *, fields: Mapping[str, str]) -> Output:
    """Return the output of `function`. Raises `ValueError` for the author of the function."""
    written = function_of(function)
    if inspect.isgeneratorfunction(written) or inspect.isasyncgenfunction(written):
        raise ValueError("a generator cannot be called: return a list, and report progress")
    if not all(isinstance(each, str) for pair in fields.items() for each in pair):
        raise ValueError("fields are names of fields, or a mapping of names to them")
    hints = each_type_hint(function)
    if "return" not in hints:
        if fields:
            raise ValueError("fields need a return annotation")
        return UndeclaredOutput()
    annotation = hints["return"]
    if isinstance(annotation, ValueError):
        raise annotation
    if _is_content(annotation):
        return ContentOutput()
    if _is_response(annotation):
        raise ValueError(
            "it returns an HTTP response: return the data, such as serializer.data, or a "
            "FileResponse"
        )
    models = _model_output(annotation, fields)
    if models is not None:
        return models
    if fields:
        raise ValueError(
            "fields are for a Django model, `Model | None`, or a list or queryset of models"
        )
    try:
        is_class = isinstance(annotation, type)
        return _shared_output(annotation) if is_class else DataOutput(annotation)
    except ValueError as error:
        raise ValueError(f"its result has no JSON form: {error}") from error


@cache
def _shared_output(cls: type) -> DataOutput:
    """Return the cached output of a class: many functions return the same few."""
    return DataOutput(cls)


def _is_content(annotation: Any) -> bool:
    """Return whether every alternative is content, or a list or tuple of content."""
    arguments = get_args(annotation)
    if is_union(annotation):
        alternatives = [_is_content(a) for a in arguments]
        if any(alternatives) and not all(alternatives):
            raise ValueError("return either content or data, not one or the other")
        return all(alternatives)
    if get_origin(annotation) is tuple:
        return all(_is_content(a) for a in arguments if a is not ...) and bool(arguments)
    item = item_type(annotation)
    if item is not None:
        return _is_content(item)
    return isinstance(annotation, type) and issubclass(annotation, Content | FileResponse)


def _is_response(annotation: Any) -> bool:
    """Return whether an alternative is an HTTP response, Django's or REST framework's."""
    if is_union(annotation):
        return any(map(_is_response, get_args(annotation)))
    return isinstance(annotation, type) and issubclass(annotation, HttpResponseBase)


def _model_output(annotation: Any, fields: Mapping[str, str]) -> ModelOutput | None:
    returned = returned_objects(annotation)
    is_model = isinstance(returned.item, type) and issubclass(returned.item, Model)
    if not (returned.is_queryset or is_model):
        return None
    if not fields:
        raise ValueError("it returns a Django model, so fields must say what to show of it")
    returned.check()
    return ModelOutput(
        returned.item if is_model else None,
        fields,
        annotations=returned.annotations,
        is_many=returned.is_many,
        is_optional=returned.is_optional,
    )
