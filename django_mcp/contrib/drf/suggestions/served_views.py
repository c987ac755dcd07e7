"""Views of Django REST framework that the URLconf serves, with their actions."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any

from django.apps import apps
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSetMixin

from django_mcp.contrib.drf.declaration import view_word
from django_mcp.contrib.drf.operations.operation import Operation
from django_mcp.contrib.drf.operations.routes import Route, view_routes
from django_mcp.contrib.drf.operations.selection import STANDARD_METHODS
from django_mcp.contrib.drf.parameters.introspection import queryset_of

DOCUMENTATION = ("rest_framework.", "drf_spectacular.")
"""Packages whose views show or describe the API itself."""

NO_ACTIONS = ("head", "options", "trace")
"""HTTP methods that no tool is made of."""


@dataclass(frozen=True, kw_only=True)
class ServedView:
    """One view class, with its routes in the order of the URLconf."""

    cls: type[APIView]
    routes: tuple[Route, ...]

    @property
    def dotted_name(self) -> str:
        """Dotted name of the class, or of the function under `@api_view`."""
        return f"{self.cls.__module__}.{self.name}"

    @cached_property
    def importable(self) -> Any:
        """The object of that name; None where the name does not lead to this view."""
        found: Any = import_module(self.cls.__module__)
        for name in self.name.split("."):
            found = getattr(found, name, None)
        is_view = found is self.cls or getattr(found, "cls", None) is self.cls
        return found if is_view else None

    @property
    def name(self) -> str:
        """Name in its module, such as `OrderViewSet`."""
        qualified, own = self.cls.__qualname__, self.cls.__name__
        # The class that @api_view makes has the name of the function, and not its qualified one.
        return qualified if qualified.endswith(own) else own

    @property
    def word(self) -> str:
        """Word for it in names of tools."""
        return view_word(self.cls)

    @cached_property
    def app_label(self) -> str:
        """Label of its app, else that of its model's, else the first package of its module."""
        app = apps.get_containing_app_config(self.cls.__module__)
        if app is not None:
            return app.label
        queryset = queryset_of(self._sample)
        if queryset is not None:
            label: str = queryset.model._meta.app_label
            return label
        return self.cls.__module__.partition(".")[0]

    @cached_property
    def actions(self) -> Sequence[str]:
        """Actions as `expose` takes them: of a viewset those that routers know come first."""
        served = list(dict.fromkeys(each for route in self.routes for each in _served(route)))
        methods_of: dict[str, list[str]] = {}
        for method, action in served:
            methods_of.setdefault(action, []).append(method)
        names = list(methods_of)
        if issubclass(self.cls, ViewSetMixin):
            standard = [name for name in STANDARD_METHODS if name in methods_of]
            names = [*standard, *(name for name in names if name not in standard)]
        return [
            name if len(methods_of[name]) == 1 else f"{name}:{method}"
            for name in names
            for method in methods_of[name]
        ]

    def method_of(self, action: str) -> str:
        """Return the HTTP method of one of its actions."""
        name, _, wanted = action.partition(":")
        served = (each for route in self.routes for each in _served(route))
        return next(method for method, each in served if each == name and wanted in ("", method))

    def routes_of(self, action: str) -> Sequence[str]:
        """Return what `expose` calls the routes of one of its actions, where there are several."""
        name, method = action.partition(":")[0], self.method_of(action)
        distinct: dict[object, Route] = {}
        for route in self.routes:
            if (method, name) in _served(route):
                distinct.setdefault((route.names[0], frozenset(route.parameters)), route)
        labels = [route.names[0] for route in distinct.values()]
        if len(set(labels)) < len(labels):
            labels = [route.path for route in distinct.values()]
        return labels if len(labels) > 1 else ()

    @property
    def _sample(self) -> APIView:
        """Instance of the view as its first route makes it."""
        callback: Any = self.routes[0].callback
        actions = getattr(callback, "actions", None)
        return Operation(
            cls=self.cls,
            action=next(iter(actions.values())) if actions else "get",
            method="get",
            actions=actions,
            initkwargs=callback.initkwargs,
            route=self.routes[0],
            version=None,
        ).view()


def _served(route: Route) -> Sequence[tuple[str, str]]:
    """Return pairs of HTTP method and action that a route serves."""
    callback: Any = route.callback
    cls = callback.cls
    if issubclass(cls, ViewSetMixin):
        found = list(callback.actions.items())
    else:
        found = [(method, method) for method in cls.http_method_names if hasattr(cls, method)]
    allowed = set(cls.http_method_names).difference(NO_ACTIONS)
    return [(method, action) for method, action in found if method in allowed]


def served_views() -> Sequence[ServedView]:
    """Return the views that the URLconf serves, but for documentation of the API, by app and name.

    The order is the same whatever that of the URLs is.
    """
    routes: dict[type[APIView], list[Route]] = {}
    for route in view_routes():
        cls: type[APIView] = route.callback.cls  # type: ignore[attr-defined]
        if issubclass(cls, APIView) and not cls.__module__.startswith(DOCUMENTATION):
            routes.setdefault(cls, []).append(route)
    views = [ServedView(cls=cls, routes=tuple(found)) for cls, found in routes.items()]
    return sorted(views, key=lambda view: (view.app_label, view.dotted_name))
