"""Operations: one action of a view under one HTTP method, at one place of the URLconf."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.urls import ResolverMatch
from django.views.decorators.csrf import csrf_exempt
from rest_framework.request import Request
from rest_framework.versioning import (
    AcceptHeaderVersioning,
    HostNameVersioning,
    NamespaceVersioning,
    QueryParameterVersioning,
    URLPathVersioning,
)
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSetMixin

from django_mcp.contrib.drf.operations.handler_code import names_in
from django_mcp.contrib.drf.operations.routes import Route, is_hidden, routes_of
from django_mcp.schemas.declaration_errors import DeclarationError

STANDARD_METHODS = {
    "list": "get",
    "create": "post",
    "retrieve": "get",
    "update": "put",
    "partial_update": "patch",
    "destroy": "delete",
}
"""Methods of the actions that routers know, for viewsets without a route."""

DECORATED = (
    "the URLconf decorates its view, and that would be left out: decorate the class, by "
    "method_decorator(..., name='dispatch')"
)

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
        if _is_versioning(scheme, NamespaceVersioning) and self.route:
            allowed = (each for each in self.route.namespaces if scheme().is_allowed_version(each))
            return next(allowed, scheme.default_version)
        version: str | None = self.version or scheme.default_version
        return version

    @cached_property
    def fixed_arguments(self) -> Mapping[str, Any]:
        """Arguments of the URL that no caller chooses."""
        scheme = self.versioning
        if self.route is None or not _is_versioning(scheme, URLPathVersioning):
            return {}
        name = scheme.version_param
        return {name: self.version_of_request} if name in self.route.parameters else {}

    @cached_property
    def fixed_query(self) -> Mapping[str, str]:
        """Parameters of the query that no caller chooses."""
        scheme = self.versioning
        is_in_query = _is_versioning(scheme, QueryParameterVersioning)
        if not is_in_query or self.version is None:
            return {}
        return {scheme.version_param: self.version}

    def accept(self, media_type: str) -> str:
        """Return the `Accept` of its requests, for a renderer of this media type."""
        scheme = self.versioning
        is_in_header = _is_versioning(scheme, AcceptHeaderVersioning)
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


def view_class_of(view: Any) -> type[APIView]:
    """Return the class of a view, or of a function under `@api_view`.

    Raises `DeclarationError` for anything else.
    """
    cls = view if isinstance(view, type) else getattr(view, "cls", None)
    if not isinstance(cls, type) or not issubclass(cls, APIView):
        problem = (
            "expose() takes a view class of Django REST framework, or a function under @api_view, "
            f"and not {view!r}"
        )
        raise DeclarationError([problem])
    return cls


def operation_of(view: Any, action: str, *, route: str | None, version: str | None) -> Operation:
    """Return the operation of an action: its name, and the HTTP method where it has several.

    Raises `DeclarationError` for the author of the declaration.
    """
    cls = view_class_of(view)
    name, _, wanted = action.partition(":")
    routes = routes_of(cls)
    if not routes and is_hidden(cls):
        raise DeclarationError([DECORATED])
    if issubclass(cls, ViewSetMixin):
        found = _of_viewset(cls, name, wanted.lower(), routes)
    else:
        found = _of_view(cls, name, routes)
    chosen = _chosen(cls, found, route, version) if routes else found[0]
    operation = Operation(
        cls=cls,
        action=name,
        method=chosen[0],
        actions=chosen[1],
        initkwargs=chosen[2],
        route=chosen[3],
        version=version,
    )
    _check(operation)
    return operation


Found = tuple[str, Mapping[str, str] | None, Mapping[str, Any], Route | None]


def _of_view(cls: type[APIView], name: str, routes: list[Route]) -> list[Found]:
    known = [each for each in cls.http_method_names if hasattr(cls, each) and each != "head"]
    if name not in known:
        raise _unknown(f"{cls.__name__} answers no {name!r}", name, known)
    if not routes:
        return [(name, None, {}, None)]
    return [(name, None, each.callback.initkwargs, each) for each in routes]  # type: ignore[attr-defined]


def _of_viewset(cls: Any, name: str, wanted: str, routes: list[Route]) -> list[Found]:
    if routes:
        found: list[Found] = []
        for each in routes:
            callback: Any = each.callback
            methods = {m: a for m, a in callback.actions.items() if m != "head"}
            found += [
                (method, methods, callback.initkwargs, each)
                for method, action in methods.items()
                if action == name and wanted in ("", method)
            ]
        known = [a for each in routes for a in each.callback.actions.values()]  # type: ignore[attr-defined]
    else:
        extra = {each.__name__: each for each in cls.get_extra_actions()}
        methods_of = {a: [m] for a, m in STANDARD_METHODS.items() if hasattr(cls, a)}
        for each in extra.values():
            for method, action in each.mapping.items():
                methods_of.setdefault(action, []).append(method)
        initkwargs = {a: dict(extra[a].kwargs) for a in extra}
        found = [
            (method, {method: name}, initkwargs.get(name, {}), None)
            for method in methods_of.get(name, [])
            if wanted in ("", method)
        ]
        known = list(methods_of)
    found = [each for each in found if each[0] in cls.http_method_names]
    if not found:
        reason = f"no URL leads to an action {name!r} of {cls.__name__}"
        if not routes:
            reason = f"{cls.__name__} has no action {name!r}"
        if wanted:
            reason += f" by {wanted.upper()}"
        raise _unknown(reason, name, known)
    several = list(dict.fromkeys(each[0] for each in found))
    if len(several) > 1:
        spelled = " or ".join(repr(f"{name}:{method}") for method in several)
        raise DeclarationError([f"the action {name!r} has several methods: write {spelled}"])
    return found


def _chosen(
    cls: type[APIView], found: list[Found], wanted: str | None, version: str | None
) -> Found:
    versioning = found[0][2].get("versioning_class", cls.versioning_class)
    if wanted is not None:
        chosen = [each for each in found if each[3] and wanted in each[3].names]
        if not chosen:
            names = [name for each in found if each[3] for name in each[3].names]
            raise _unknown(f"no URL of the action is called {wanted!r}", wanted, names)
        found = chosen
    if version and _is_versioning(versioning, NamespaceVersioning):
        found = [each for each in found if each[3] and version in each[3].namespaces]
        if not found:
            raise DeclarationError([f"no URL of the action is in the namespace {version!r}"])
    distinct: dict[Any, Found] = {}
    for each in found:
        assert each[3] is not None
        distinct.setdefault((each[3].names[0], frozenset(each[3].parameters)), each)
    if len(distinct) == 1:
        return next(iter(distinct.values()))
    labels = [each[3].names[0] for each in distinct.values() if each[3]]
    if len(set(labels)) < len(labels):
        labels = [each[3].path for each in distinct.values() if each[3]]
    spelled = " or ".join(f"route={label!r}" for label in labels)
    raise DeclarationError([f"several URLs lead to the action: pass {spelled}"])


def _check(operation: Operation) -> None:
    scheme, version = operation.versioning, operation.version
    problems = []
    if operation.route is not None and operation.route.has_unnamed_groups:
        problems.append("its URL has groups without names, which no argument can be called by")
    if operation.is_decorated:
        problems.append(DECORATED)
    asked = names_in(operation.cls, "initialize_request").all
    if asked and asked.isdisjoint(("super", "get_authenticators")):
        problems.append(
            "its initialize_request() has authenticators of its own, which do not know the caller: "
            "call self.get_authenticators() there"
        )
    if scheme is None:
        if version is not None:
            problems.append("version is given, and the view has no versioning_class")
    elif _is_versioning(scheme, HostNameVersioning):
        problems.append("its versions are told by the name of the host, which no call has")
    elif _is_versioning(scheme, URLPathVersioning):
        is_in_path = operation.route and scheme.version_param in operation.route.parameters
        if is_in_path and operation.version_of_request is None:
            problems.append("its URL has a version: pass version=...")
        if version is not None and not is_in_path:
            problems.append("version is given, and its URL has none")
    if version is not None and scheme is not None and not scheme().is_allowed_version(version):
        problems.append(f"the view has no version {version!r}")
    if problems:
        raise DeclarationError(problems)


def _is_versioning(scheme: Any, kind: Any) -> bool:
    return isinstance(scheme, type) and issubclass(scheme, kind)


def _unknown(reason: str, name: str, known: Iterable[str]) -> DeclarationError:
    names = list(dict.fromkeys(known))
    meant = get_close_matches(name.lower(), names, n=1)
    if meant:
        return DeclarationError([f"{reason}; did you mean {meant[0]!r}?"])
    listed = ", ".join(map(repr, names)) or "none"
    return DeclarationError([f"{reason}; there are {listed}"])


def _codes(function: Any) -> list[Any]:
    """Return the code of a view function, and of those that it wraps, by which they are told."""
    codes = []
    while function is not None:
        code = getattr(function, "__code__", None)
        if code is not None and code not in EXEMPT_CODES:
            codes.append(code)
        function = getattr(function, "__wrapped__", None)
    return codes
