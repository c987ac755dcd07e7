"""Lists without a bound."""

from collections.abc import Iterator
from typing import Any

from rest_framework.pagination import (
    CursorPagination,
    LimitOffsetPagination,
    PageNumberPagination,
)

from django_mcp.contrib.drf.operations.own_methods import own_method
from django_mcp.contrib.drf.suggestions.dangers.danger import Danger
from django_mcp.contrib.drf.suggestions.dangers.examined_action import ExaminedAction

ROWS = {"get_queryset", "filter_queryset"}
MANAGER = {"objects", "_default_manager"}
WHOLE = {"all", "filter", "exclude"}
ONE = {"get", "first", "last", "count", "exists", "aggregate", "get_object", "get_object_or_404"}


def page_dangers(action: ExaminedAction) -> Iterator[Danger]:
    """Yield the danger of a list that comes as a whole, or in pages of any size."""
    if not action.is_read_only or not _lists(action):
        return
    paginates = own_method(action.operation) == "list" or "paginate_queryset" in action.names.all
    paginator: Any = getattr(action.view, "paginator", None) if paginates else None
    reason = None
    if not paginates:
        reason = "its code makes no pages: all rows may come in one result"
    elif paginator is None:
        reason = "there is no pagination: all rows come in one result"
    elif not _has_size(paginator):
        name = type(paginator).__name__
        reason = f"{name} has no size of its own: all rows come where none is asked for"
    elif _takes_any_size(paginator):
        reason = f"{type(paginator).__name__} has no limit: who calls it may ask for any size"
    if reason is not None:
        yield Danger(sort="unbounded list", reason=reason, withholds=False)


def _lists(action: ExaminedAction) -> bool:
    names = action.names.all
    if own_method(action.operation) == "list" or "paginate_queryset" in names:
        return True
    if own_method(action.operation) is not None or action.is_detail or names & ONE:
        return False
    return bool(names & ROWS) or bool(names & MANAGER and names & WHOLE)


def _has_size(paginator: Any) -> bool:
    if isinstance(paginator, LimitOffsetPagination):
        return paginator.default_limit is not None
    if isinstance(paginator, PageNumberPagination | CursorPagination):
        return paginator.page_size is not None
    return True  # one of the project's own: nothing is known of it


def _takes_any_size(paginator: Any) -> bool:
    if isinstance(paginator, LimitOffsetPagination):
        return paginator.max_limit is None
    if isinstance(paginator, PageNumberPagination | CursorPagination):
        return bool(paginator.page_size_query_param) and paginator.max_page_size is None
    return False
