"""Selection of the operation that an action names: by its HTTP method, and its URL."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple

from rest_framework.versioning import HostNameVersioning, NamespaceVersioning, URLPathVersioning
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSetMixin

from django_mcp.contrib.drf.operations.handler_code import names_in
from django_mcp.contrib.drf.operations.operation import Operation, is_versioning
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
        method=chosen.method,
        actions=chosen.actions,
        initkwargs=chosen.initkwargs,
        route=chosen.route,
        version=version,
    )
    _check(operation)
    return operation


class Candidate(NamedTuple):
    """Method and place by which an action may be meant, with what its view was made with."""

    method: str
    actions: Mapping[str, str] | None
    initkwargs: Mapping[str, Any]
    route: Route | None


def _of_view(cls: type[APIView], name: str, routes: list[Route]) -> list[Candidate]:
    known = [each for each in cls.http_method_names if hasattr(cls, each) and each != "head"]
    if name not in known:
        raise _unknown(f"{cls.__name__} answers no {name!r}", name, known)
    if not routes:
        return [Candidate(name, None, {}, None)]
    return [Candidate(name, None, each.callback.initkwargs, each) for each in routes]  # type: ignore[attr-defined]


def _of_viewset(cls: Any, name: str, wanted: str, routes: list[Route]) -> list[Candidate]:
    if routes:
        found: list[Candidate] = []
        for each in routes:
            callback: Any = each.callback
            methods = {m: a for m, a in callback.actions.items() if m != "head"}
            found += [
                Candidate(method, methods, callback.initkwargs, each)
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
            Candidate(method, {method: name}, initkwargs.get(name, {}), None)
            for method in methods_of.get(name, [])
            if wanted in ("", method)
        ]
        known = list(methods_of)
    found = [each for each in found if each.method in cls.http_method_names]
    if not found:
        reason = f"no URL leads to an action {name!r} of {cls.__name__}"
        if not routes:
            reason = f"{cls.__name__} has no action {name!r}"
        if wanted:
            reason += f" by {wanted.upper()}"
        raise _unknown(reason, name, known)
    several = list(dict.fromkeys(each.method for each in found))
    if len(several) > 1:
        spelled = " or ".join(repr(f"{name}:{method}") for method in several)
        raise DeclarationError([f"the action {name!r} has several methods: write {spelled}"])
    return found


def _chosen(
    cls: type[APIView], found: list[Candidate], wanted: str | None, version: str | None
) -> Candidate:
    versioning = found[0].initkwargs.get("versioning_class", cls.versioning_class)
    if wanted is not None:
        chosen = [each for each in found if each.route and wanted in each.route.names]
        if not chosen:
            names = [name for each in found if each.route for name in each.route.names]
            raise _unknown(f"no URL of the action is called {wanted!r}", wanted, names)
        found = chosen
    if version and is_versioning(versioning, NamespaceVersioning):
        found = [each for each in found if each.route and version in each.route.namespaces]
        if not found:
            raise DeclarationError([f"no URL of the action is in the namespace {version!r}"])
    distinct: dict[Any, Candidate] = {}
    for each in found:
        assert each.route is not None
        distinct.setdefault((each.route.names[0], frozenset(each.route.parameters)), each)
    if len(distinct) == 1:
        return next(iter(distinct.values()))
    labels = [each.route.names[0] for each in distinct.values() if each.route]
    if len(set(labels)) < len(labels):
        labels = [each.route.path for each in distinct.values() if each.route]
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
    elif is_versioning(scheme, HostNameVersioning):
        problems.append("its versions are told by the name of the host, which no call has")
    elif is_versioning(scheme, URLPathVersioning):
        is_in_path = operation.route and scheme.version_param in operation.route.parameters
        if is_in_path and operation.version_of_request is None:
            problems.append("its URL has a version: pass version=...")
        if version is not None and not is_in_path:
            problems.append("version is given, and its URL has none")
    if version is not None and scheme is not None and not scheme().is_allowed_version(version):
        problems.append(f"the view has no version {version!r}")
    if problems:
        raise DeclarationError(problems)


def _unknown(reason: str, name: str, known: Iterable[str]) -> DeclarationError:
    names = list(dict.fromkeys(known))
    meant = get_close_matches(name.lower(), names, n=1)
    if meant:
        return DeclarationError([f"{reason}; did you mean {meant[0]!r}?"])
    listed = ", ".join(map(repr, names)) or "none"
    return DeclarationError([f"{reason}; there are {listed}"])
