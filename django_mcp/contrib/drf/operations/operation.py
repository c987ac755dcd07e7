"""Operations: one action of a view under one HTTP method, at one place of the URLconf."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.urls import ResolverMatch
from django.views.decorators.csrf import csrf_exempt
from rest_framework.request import Request
from rest_framework.versioning import (
    AcceptHeaderVersioning,
    NamespaceVersioning,
    QueryParameterVersioning,
    URLPathVersioning,
)
from rest_framework.views import APIView

from django_mcp.contrib.drf.operations.routes import Route

DETAIL_ACTIONS = ("retrieve", "update", "partial_update", "destroy")


async def _async_view(request: HttpRequest) -> None:
    """Have the form of an async view."""


EXEMPT_CODES = {csrf_exempt(view).__code__ for view in (lambda request: None, _async_view)}
"""Code of functions under `@csrf_exempt`, which changes nothing: no call is asked for a token."""

AS_VIEW_ATTRIBUTES = (
    "__wrapped__",
    "cls",
    "initkwargs",
    "actions",
    "view_class",
    "view_initkwargs",
)
"""Attributes of a view function that `as_view` sets itself."""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One action of a view under one HTTP method.

    `actions` are those of a viewset's view by their methods, and None for other views; `route` is
    None for a view that no URL leads to. `version` is the one that is asked for, if any.
    """

    cls: type[APIView]
    action: str
    method: str
    actions: Mapping[str, str] | None
    initkwargs: Mapping[str, Any]
    route: Route | None
    version: str | None

    @property
    def handler(self) -> str:
        """Name of the method of the class that serves it."""
        return self.method if self.actions is None else self.action

    @property
    def is_read_only(self) -> bool:
        """True if HTTP says that its method changes nothing."""
        return self.method in ("get", "head", "options")

    @property
    def versioning(self) -> Any:
        """Versioning class of the view; None for none."""
        return self.initkwargs.get("versioning_class", self.cls.versioning_class)

    @cached_property
    def version_of_request(self) -> str | None:
        """Version that its requests have, where the view has versions."""
        scheme = self.versioning
        if scheme is None:
            return None
        if is_versioning(scheme, NamespaceVersioning) and self.route:
            allowed = (each for each in self.route.namespaces if scheme().is_allowed_version(each))
            return next(allowed, scheme.default_version)
        version: str | None = self.version or scheme.default_version
        return version

    @cached_property
    def fixed_arguments(self) -> Mapping[str, Any]:
        """Arguments of the URL that no caller chooses."""
        scheme = self.versioning
        if self.route is None or not is_versioning(scheme, URLPathVersioning):
            return {}
        name = scheme.version_param
        return {name: self.version_of_request} if name in self.route.parameters else {}

    @cached_property
    def fixed_query(self) -> Mapping[str, str]:
        """Parameters of the query that no caller chooses."""
        scheme = self.versioning
        is_in_query = is_versioning(scheme, QueryParameterVersioning)
        if not is_in_query or self.version is None:
            return {}
        return {scheme.version_param: self.version}

    def accept(self, media_type: str) -> str:
        """Return the `Accept` of its requests, for a renderer of this media type."""
        scheme = self.versioning
        is_in_header = is_versioning(scheme, AcceptHeaderVersioning)
        if not is_in_header or self.version is None:
            return media_type
        return f"{media_type}; {scheme.version_param}={self.version}"

    @cached_property
    def path_parameters(self) -> Mapping[str, Any]:
        """Arguments of the URL that callers give, with their converters, as `Route` has them."""
        if self.route is not None:
            fixed = self.fixed_arguments
            return {n: each for n, each in self.route.parameters.items() if n not in fixed}
        if not self.is_detail:
            return {}
        names = (getattr(self.cls, name, None) for name in ("lookup_url_kwarg", "lookup_field"))
        lookup = next(filter(None, names), None)
        return {lookup: None} if lookup else {}

    def match(self, arguments: Mapping[str, Any], callback: Callable[..., Any]) -> tuple[str, Any]:
        """Return the path of a request with these arguments of the URL, and its resolver match.

        Raises `Http404` where there is no such URL.
        """
        if self.route is None:
            kwargs = {name: str(value) for name, value in arguments.items()}
            return "/", ResolverMatch(callback, (), kwargs)
        path = self.route.url_path({**arguments, **self.fixed_arguments})
        kwargs = self.route.captured(path)
        match = ResolverMatch(
            callback,
            (),
            kwargs,
            url_name=self.route.pattern.name,
            app_names=list(self.route.app_names),
            namespaces=list(self.route.namespaces),
            route=self.route.path,
            captured_kwargs={n: v for n, v in kwargs.items() if n not in self.route.fixed},
            extra_kwargs=dict(self.route.fixed),
        )
        return path, match

    def callback(self, authenticator: Any) -> Callable[..., Any]:
        """Return the view function of the URLconf, made anew with one authenticator of ours."""
        made = self._made({"get_authenticators": lambda: [authenticator]})
        if self.route is not None:
            for name, value in vars(self.route.callback).items():
                if name not in AS_VIEW_ATTRIBUTES:
                    vars(made).setdefault(name, value)
        return made

    @property
    def is_decorated(self) -> bool:
        """True if the URLconf decorates the view: a decorator that cannot be made anew."""
        return self.route is not None and _codes(self.route.callback) != _codes(self._made({}))

    def view(self) -> APIView:
        """Return an instance as a request of nobody in particular would have it, to be examined."""
        view = self.cls(**self.initkwargs)
        request = HttpRequest()
        request.method = self.method.upper()
        view.args, view.kwargs = (), {}
        view.format_kwarg = None
        view.swagger_fake_view = True
        if self.actions is not None:
            view.action_map = dict(self.actions)
            view.action = self.action
        view.request = Request(request, parsers=[], authenticators=[])
        view.request.version = self.version_of_request
        scheme = self.versioning
        view.request.versioning_scheme = None if scheme is None else scheme()
        return view

    def _made(self, initkwargs: Mapping[str, Any]) -> Callable[..., Any]:
        kwargs = {**self.initkwargs, **initkwargs}
        if self.actions is None:
            made: Callable[..., Any] = self.cls.as_view(**kwargs)
        else:
            made = self.cls.as_view(dict(self.actions), **kwargs)
        return made

    @property
    def is_detail(self) -> bool:
        """True if it is about one object."""
        handler = getattr(self.cls, self.action, None)
        return bool(getattr(handler, "detail", self.action in DETAIL_ACTIONS))


def is_versioning(scheme: Any, kind: Any) -> bool:
    """Return whether a versioning class is of this kind."""
    return isinstance(scheme, type) and issubclass(scheme, kind)


def _codes(function: Any) -> list[Any]:
    """Return the code of a view function, and of those that it wraps, by which they are told."""
    codes = []
    while function is not None:
        code = getattr(function, "__code__", None)
        if code is not None and code not in EXEMPT_CODES:
            codes.append(code)
        function = getattr(function, "__wrapped__", None)
    return codes
