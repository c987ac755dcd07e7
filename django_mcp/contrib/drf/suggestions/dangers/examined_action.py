"""`ExaminedAction`: an action of a view with what is examined for dangers."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from django_mcp.contrib.drf.declaration import ViewDeclaration
from django_mcp.contrib.drf.operations.annotations import annotations_of
from django_mcp.contrib.drf.operations.bodies import body_of, response_of
from django_mcp.contrib.drf.operations.handler_code import Names, names_in
from django_mcp.contrib.drf.operations.operation import DETAIL_ACTIONS, Operation
from django_mcp.db.refused_queries import answer_of


@dataclass(frozen=True, kw_only=True)
class ExaminedAction:
    """An operation, and what its view says where a request of nobody asks."""

    operation: Operation
    declaration: ViewDeclaration

    @cached_property
    def view(self) -> APIView:
        """Instance of the view that is asked."""
        return self.operation.view()

    @property
    def is_read_only(self) -> bool:
        """True if its HTTP method changes nothing."""
        return self.operation.is_read_only

    @property
    def is_detail(self) -> bool:
        """True if it is about one row, which its URL names."""
        view: Any = self.view
        lookup = getattr(view, "lookup_url_kwarg", None) or getattr(view, "lookup_field", None)
        is_named = lookup in self.operation.path_parameters
        return is_named or self.operation.action in DETAIL_ACTIONS

    @cached_property
    def names(self) -> Names:
        """Names in the method that serves it."""
        return names_in(self.operation.cls, self.operation.handler)

    @cached_property
    def permissions(self) -> list[BasePermission] | None:
        """Its permissions; None where `get_permissions` wants a request to be asked."""
        return answer_of(lambda: list(self.view.get_permissions()))

    @cached_property
    def body(self) -> BaseSerializer[Any] | None:
        """Serializer of its body; None where there is none, or where nothing says what it is."""
        return self._serializer(body_of)

    @cached_property
    def response(self) -> BaseSerializer[Any] | None:
        """Serializer of its response; None where nothing says what it is."""
        return self._serializer(response_of)

    def _serializer(self, read: Callable[..., Any]) -> BaseSerializer[Any] | None:
        def ask() -> BaseSerializer[Any] | None:
            annotations = annotations_of(self.view, self.operation.method)
            serializer = read(self.operation, self.view, self.declaration, annotations)
            return getattr(serializer, "child", serializer)

        return answer_of(ask)
