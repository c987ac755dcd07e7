"""Actions that reach the rows of other users."""

from collections import deque
from collections.abc import Iterator
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Manager, Model, QuerySet
from rest_framework.generics import GenericAPIView

from django_mcp.contrib.drf.operations.handler_code import Names, names_in
from django_mcp.contrib.drf.operations.own_methods import own_method
from django_mcp.contrib.drf.parameters.introspection import queryset_of
from django_mcp.contrib.drf.suggestions.dangers.danger import Danger
from django_mcp.contrib.drf.suggestions.dangers.examined_action import ExaminedAction
from django_mcp.contrib.drf.suggestions.dangers.row_permissions import guards_rows

CALLER = {"user", "auth"}
"""Attributes of a request that are its caller."""

ROWS = {"get_queryset", "filter_queryset", "get_object", "queryset"}
"""Names by which a method comes to the rows of its view."""

CHOOSING = ("get_queryset", "filter_queryset", "get_object", "initial")
"""Methods of views that choose the rows."""

MOST_STEPS = 3
"""Foreign keys between a model and the users whose rows it has."""


def row_dangers(action: ExaminedAction) -> Iterator[Danger]:
    """Yield the danger of an action whose rows are the same for every caller."""
    view = action.view
    if not isinstance(view, GenericAPIView) or not _reaches_rows(action):
        return
    permissions = action.permissions or ()
    if any(guards_rows(each, action) for each in permissions) or _is_by_caller(action):
        return
    queryset = queryset_of(view)
    path = None if queryset is None else _path_to_users(queryset.model)
    if action.is_read_only and path is None:
        return
    whose = f" ({path!r} says whose they are)" if path else ""
    extent = f"read the rows of all users{whose}" if action.is_read_only else "change every row"
    judged = ", and no permission class looks at the row" if action.is_detail else ""
    methods = _own_methods(action, queryset)
    source = "what chooses the rows does not look at the caller"
    if methods:
        source = f"unless {methods}() of its manager does, {source}"
    yield Danger(
        sort="other users' rows",
        reason=f"{source}{judged}; who may call it may {extent}",
        withholds=not action.is_read_only and not methods,
    )


def _reaches_rows(action: ExaminedAction) -> bool:
    if own_method(action.operation) == "create":
        return False
    return not action.names.all.isdisjoint(ROWS) or own_method(action.operation) is not None


def _is_by_caller(action: ExaminedAction) -> bool:
    """Return whether the code that chooses the rows looks at who calls, as far as it tells."""
    if not action.names.of_request.isdisjoint(CALLER):
        return True
    cls, view = action.operation.cls, action.view
    codes: list[tuple[Any, str]] = [(cls, method) for method in CHOOSING]
    codes += [(each, "filter_queryset") for each in getattr(view, "filter_backends", ())]
    filterset = getattr(view, "filterset_class", None)
    if filterset is not None:
        codes += [(filterset, "qs"), (filterset, "filter_queryset")]
    return any(_names_caller(names_in(each, method)) for each, method in codes)


def _names_caller(names: Names) -> bool:
    return not names.of_request.isdisjoint({*CALLER, "*"}) or not names.all.isdisjoint(CALLER)


def _own_methods(action: ExaminedAction, queryset: QuerySet[Any] | None) -> str:
    """Return the methods of the project's own manager that choose the rows, such as `of_company`.

    What they look at is not known.
    """
    if queryset is None:
        return ""
    kinds = (type(queryset), type(queryset.model._default_manager))
    named = {name for each in CHOOSING for name in names_in(action.operation.cls, each).all}
    own = {name for name in named if any(hasattr(kind, name) for kind in kinds)}
    return ", ".join(sorted(each for each in own if not hasattr(Manager, each)))


def _path_to_users(model: type[Model]) -> str | None:
    """Return the shortest path of foreign keys from a model to users; None if there is none."""
    user = get_user_model()
    waiting: deque[tuple[Any, str, int]] = deque([(model, "", 0)])
    seen: set[Any] = set()
    while waiting:
        current, path, steps = waiting.popleft()
        if issubclass(current, user):
            return path
        if current in seen or steps == MOST_STEPS:
            continue
        seen.add(current)
        for field in current._meta.get_fields():
            target = field.related_model
            if field.concrete and isinstance(target, type):
                longer = f"{path}__{field.name}" if path else field.name
                waiting.append((target, longer, steps + 1))
    return None
