"""Methods of REST framework's own that serve operations, whose responses are known."""

from collections.abc import Callable
from inspect import unwrap
from typing import Any

from rest_framework import generics, mixins

from django_mcp.contrib.drf.operations.operation import Operation

OWN_METHODS: dict[Callable[..., Any], str] = {
    mixins.ListModelMixin.list: "list",
    mixins.RetrieveModelMixin.retrieve: "retrieve",
    mixins.CreateModelMixin.create: "create",
    mixins.UpdateModelMixin.update: "update",
    mixins.UpdateModelMixin.partial_update: "update",
    **{
        vars(cls)[method]: handler
        for cls, method, handler in (
            (generics.CreateAPIView, "post", "create"),
            (generics.ListAPIView, "get", "list"),
            (generics.RetrieveAPIView, "get", "retrieve"),
            (generics.UpdateAPIView, "put", "update"),
            (generics.UpdateAPIView, "patch", "update"),
            (generics.ListCreateAPIView, "get", "list"),
            (generics.ListCreateAPIView, "post", "create"),
            (generics.RetrieveUpdateAPIView, "get", "retrieve"),
            (generics.RetrieveUpdateAPIView, "put", "update"),
            (generics.RetrieveUpdateAPIView, "patch", "update"),
            (generics.RetrieveDestroyAPIView, "get", "retrieve"),
            (generics.RetrieveUpdateDestroyAPIView, "get", "retrieve"),
            (generics.RetrieveUpdateDestroyAPIView, "put", "update"),
            (generics.RetrieveUpdateDestroyAPIView, "patch", "update"),
        )
    },
}
"""Methods of REST framework's own whose responses are known, with those that they call."""


def own_method(operation: Operation) -> str | None:
    """Return which of REST framework's own methods serves an operation; None for any other."""
    function: Any = getattr(operation.cls, operation.handler)
    called = OWN_METHODS.get(unwrap(function))
    if called is None:
        return None
    # What it calls may be the project's after all.
    method = unwrap(getattr(operation.cls, called))
    partial: Any = getattr(operation.cls, "partial_update", None)
    if operation.method == "patch" and unwrap(partial) not in OWN_METHODS:
        return None
    return called if method in OWN_METHODS else None
