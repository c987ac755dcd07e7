"""Serializers of the bodies and the responses of operations."""

from typing import Any, TypeAlias

from rest_framework.generics import GenericAPIView
from rest_framework.renderers import JSONRenderer
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from django_mcp.contrib.drf.declaration import UNSET, ViewDeclaration
from django_mcp.contrib.drf.media_types import base_type, is_json
from django_mcp.contrib.drf.operations.annotations import Annotations
from django_mcp.contrib.drf.operations.handler_code import names_in
from django_mcp.contrib.drf.operations.operation import Operation
from django_mcp.contrib.drf.operations.own_methods import own_method
from django_mcp.schemas.declaration_errors import DeclarationError
from django_mcp.schemas.json_schema import JSONSchema

Described: TypeAlias = BaseSerializer | JSONSchema | None
"""Description of JSON: a serializer or a schema, or None for nothing."""

BODY_METHODS = ("post", "put", "patch")

HARMLESS = {"method", "version"}
"""Attributes of a request that say nothing of its caller or of its arguments."""


def body_of(
    operation: Operation,
    view: APIView,
    declaration: ViewDeclaration,
    annotations: Annotations | None,
) -> Described:
    """Return the serializer of the body, or its schema; None for an operation without one.

    Raises `DeclarationError` where nothing says what the body is.
    """
    if declaration.input is not UNSET:
        return instance_of(declaration.input, view, option="input")
    if operation.method not in BODY_METHODS:
        return None
    if annotations is not None and annotations.request is not UNSET:
        return instance_of(annotations.request, view, option="input")
    names = names_in(operation.cls, operation.handler)
    is_generic = isinstance(view, GenericAPIView)
    if is_generic and names.reads_body and "get_serializer" in names.all:
        if not _is_same_for_all(operation):
            raise DeclarationError(
                ["its get_serializer_class() looks at the request: pass input=..., a serializer"]
            )
        return _own_serializer(view, option="input")
    has_own = operation.initkwargs.get("serializer_class") is not None
    if is_generic and has_own and "get_serializer" not in names.all:
        return _own_serializer(view, option="input")
    if not names.reads_body:
        return None
    found = list(names.serializers)
    example = found[0] if len(found) == 1 else "..."
    problem = (
        "it reads request.data without get_serializer(), so nothing says what is in it: "
        f"pass input={example}, a serializer, or input=None"
    )
    raise DeclarationError([problem])


def response_of(
    operation: Operation,
    view: APIView,
    declaration: ViewDeclaration,
    annotations: Annotations | None,
) -> Described:
    """Return the serializer of the response, or its schema; None where nothing is promised.

    Raises `DeclarationError` for the author of the declaration.
    """
    if declaration.output is not UNSET:
        return instance_of(declaration.output, view, option="output")
    if not _renders_as_written(operation, view):
        return None
    if annotations is not None and annotations.response is not UNSET:
        return instance_of(annotations.response, view, option="output")
    if own_method(operation) is None or not _is_same_for_all(operation):
        return None
    return _own_serializer(view, option="output", many=own_method(operation) == "list")


def instance_of(given: Any, view: APIView, *, option: str) -> Described:
    """Return the instance of a serializer that an option names by its class or as it is.

    A JSON Schema is returned as it is.
    """
    if given is None or isinstance(given, BaseSerializer | dict):
        return given
    if isinstance(given, type) and issubclass(given, BaseSerializer):
        context = {"request": view.request, "view": view, "format": None}
        return given(context=context)
    raise DeclarationError(
        [f"{option} must be a serializer, a JSON Schema or None, and not {given!r}"]
    )


def _own_serializer(view: Any, *, option: str, many: bool = False) -> BaseSerializer:
    try:
        return view.get_serializer(many=True) if many else view.get_serializer()
    except Exception as error:
        name = type(error).__name__
        raise DeclarationError(
            [f"its serializer cannot be had without a request ({name}): pass {option}=..."]
        ) from error


def _is_same_for_all(operation: Operation) -> bool:
    """Return whether every caller has the same serializer, as far as the code can tell."""
    for method in ("get_serializer", "get_serializer_class"):
        if names_in(operation.cls, method).of_request - HARMLESS:
            return False
    return True


def _renders_as_written(operation: Operation, view: APIView) -> bool:
    """Return whether the response is rendered as serializers give it, and no view changes it."""
    renderers = (each for each in view.get_renderers() if is_json(base_type(each.media_type)))
    is_changed = operation.cls.finalize_response is not APIView.finalize_response
    return type(next(renderers, None)) is JSONRenderer and not is_changed
