"""The option `serializer` of tools."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from django.db.models import Model
from rest_framework.serializers import BaseSerializer, ListSerializer, Serializer

from django_mcp.context import ToolContext
from django_mcp.contrib.drf.serializers.arguments import validating, with_fields
from django_mcp.contrib.drf.serializers.output import SerializerOutput
from django_mcp.schemas.annotations import each_type_hint, unwrapped
from django_mcp.schemas.declaration_errors import DeclarationError
from django_mcp.schemas.input.signature import Signature
from django_mcp.schemas.returned_objects import ReturnedObjects, returned_objects
from django_mcp.tools.declaration import ToolDeclaration
from django_mcp.tools.serializer_option import Serialized


def serialized(declaration: ToolDeclaration) -> Serialized:
    """Read the option `serializer`: for a parameter, for the results, or for both.

    Raises `ValueError` for the author of the tool.
    """
    cls: Any = declaration.serializer
    is_usable = isinstance(cls, type) and issubclass(cls, BaseSerializer)
    if not is_usable or issubclass(cls, ListSerializer):
        raise ValueError(f"serializer must be a serializer class, not {cls!r}")
    hints = each_type_hint(declaration.function)
    returned = hints.pop("return", None)
    parameters = [name for name, hint in hints.items() if unwrapped(hint)[0] is cls]
    if problems := list(_problems(cls, hints, parameters)):
        raise DeclarationError(problems)
    parameter = parameters[0] if parameters else None
    try:
        output = None if declaration.fields else _output(cls, returned)
    except ValueError:
        raise
    except Exception as error:
        raise ValueError(f"{cls.__name__} cannot be read: {error}") from error
    if parameter is None and output is None:
        raise ValueError(
            f"serializer={cls.__name__} is of no use: annotate a parameter with it, or return it, "
            "objects of its model or a queryset of them"
        )
    function = declaration.function
    if parameter is not None:
        context = next((n for n, hint in hints.items() if unwrapped(hint)[0] is ToolContext), "")
        function = validating(function, cls, parameter, context)
    return Serialized(
        function=function,
        parameter=parameter,
        complete=partial(_complete, cls, parameter or ""),
        output=output,
    )


def _problems(cls: type, hints: Mapping[str, Any], parameters: list[str]) -> Iterator[str]:
    if len(parameters) > 1:
        yield f"has two parameters of {cls.__name__}: {', '.join(parameters)}"
    for name in parameters:
        if hints[name] is not cls:
            yield f"parameter {name!r} must be annotated with {cls.__name__} alone"
    if parameters and not issubclass(cls, Serializer):
        yield f"{cls.__name__} has no fields, and clients would not know what to send"


def _complete(
    cls: type[Serializer], parameter: str, others: Signature, extra: Mapping[str, Any]
) -> Signature:
    try:
        return with_fields(others, cls, parameter, extra)
    except ValueError:
        raise
    except Exception as error:
        raise ValueError(f"{cls.__name__} cannot be read: {error}") from error


def _output(cls: type[BaseSerializer], annotation: Any) -> SerializerOutput | None:
    """Return the output by a serializer; None for results that are no objects of its."""
    if annotation is None or isinstance(annotation, ValueError):
        return None
    returned = returned_objects(annotation)
    if not _is_shown(cls, returned):
        return None
    returned.check()
    return SerializerOutput(cls, is_many=returned.is_many, is_optional=returned.is_optional)


def _is_shown(cls: Any, returned: ReturnedObjects) -> bool:
    item = returned.item
    if returned.is_queryset or item is cls:
        return True
    if not (isinstance(item, type) and issubclass(item, Model)):
        return False
    model = getattr(getattr(cls, "Meta", None), "model", None)
    if model is not None and not issubclass(item, model) and not issubclass(model, item):
        raise DeclarationError(
            [f"it returns a {item.__name__}, and {cls.__name__} is for a {model.__name__}"]
        )
    return True
