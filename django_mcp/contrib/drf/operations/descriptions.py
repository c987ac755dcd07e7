"""Descriptions of actions for the agent."""

import inspect
from inspect import unwrap
from typing import Any

from rest_framework.views import APIView

from django_mcp.contrib.drf.operations.annotations import Annotations
from django_mcp.contrib.drf.operations.operation import Operation
from django_mcp.contrib.drf.operations.own_methods import OWN_METHODS
from django_mcp.contrib.drf.operations.path_parameters import model_of
from django_mcp.schemas.docstrings import read_docstring

SENTENCES = {
    "list": "List {plural}.",
    "retrieve": "Show one {singular}.",
    "create": "Create one {singular}.",
    "update": "Replace the values of one {singular}.",
    "partial_update": "Change values of one {singular}.",
    "destroy": "Delete one {singular}.",
}

FRAMEWORKS = ("rest_framework", "django", "builtins")
"""Packages whose docstrings say nothing of a project."""

METHOD_ACTIONS = {
    "post": "create",
    "put": "update",
    "patch": "partial_update",
    "delete": "destroy",
}


def description_of(operation: Operation, view: APIView, annotations: Annotations | None) -> str:
    """Return what an agent is told of an action; empty where nothing says it.

    It is drf-spectacular's description or the docstring of the action, else a sentence about the
    model, if there is one, and the docstring of the view.
    """
    if annotations is not None and annotations.description:
        return annotations.description
    function: Any = unwrap(getattr(operation.cls, operation.handler))
    if function not in OWN_METHODS and function.__doc__:
        return read_docstring(function.__doc__).description
    sentence = _sentence(operation, view)
    return "\n\n".join(filter(None, (sentence, _docstring(operation.cls))))


def _docstring(cls: type) -> str:
    """Return the docstring of a view, or of the nearest base that the project has written."""
    for each in cls.__mro__:
        if each.__module__.partition(".")[0] in FRAMEWORKS:
            return ""
        if each.__doc__:
            return inspect.cleandoc(each.__doc__)
    return ""


def _sentence(operation: Operation, view: APIView) -> str:
    model = model_of(view)
    if model is None:
        return ""
    action = operation.action
    if operation.actions is None:
        called = OWN_METHODS.get(unwrap(getattr(operation.cls, operation.handler)))
        action = METHOD_ACTIONS.get(operation.method, called or "")
    words = SENTENCES.get(action, "")
    meta = model._meta
    return words.format(singular=meta.verbose_name, plural=meta.verbose_name_plural)
