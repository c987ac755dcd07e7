"""Keyset change list: the newest rows of a table that is too large to be counted or sorted."""

from functools import cached_property
from typing import Any, ClassVar

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import InvalidPage, Paginator
from django.http import HttpRequest
from typing_extensions import override

from django_mcp.admin.changelist.filters import ColumnFilter, PeriodFilter, read_id
from django_mcp.admin.changelist.keyset import Criterion, Keyset, find_keyset
from django_mcp.admin.links import attach_caller_links
from django_mcp.models.timed import TimedQuerySet

MAX_ROWS = 5_000
"""The number of rows that are counted and paged; a link leads to older ones."""

MAX_COMPARED_ROWS = 5_000
"""The number of rows of one filter that are compared with the others; see `find_keyset`."""

SEARCH_COLUMNS = ("name", "username", "user", "client_name", "client")


class KeysetChangeList(ChangeList):
    """Change list that finds the newest rows with bounded work, and links to older ones.

    `queryset` has every row that the filters and the search match: actions and the export use it.
    A search looks up its whole term, spaces included: as an id in one of the `id_columns`, or as
    the name of what was called, or the name or key of a user or client.
    """

    id_columns: ClassVar[tuple[str, ...]] = ("call_id",)
    root_queryset: TimedQuerySet[Any]
    keyset: Keyset

    @override
    def get_queryset(
        self, request: HttpRequest, exclude_parameters: Any = None
    ) -> TimedQuerySet[Any]:
        queryset: Any = super().get_queryset(request, exclude_parameters)
        if self.search_criterion is not None:
            queryset = queryset.filter(self.search_criterion.to_q())
        rows: TimedQuerySet[Any] = queryset.newest_first()
        return rows

    @override
    def get_filters(self, request: HttpRequest) -> tuple[Any, ...]:
        specs, _has_filters, *rest = super().get_filters(request)
        period = next((spec for spec in specs if isinstance(spec, PeriodFilter)), None)
        since = None if period is None else period.since
        for spec in specs:
            if isinstance(spec, ColumnFilter):
                spec.narrow(self.root_queryset, since)
        shown = [spec for spec in specs if spec.has_output()]
        return (shown, bool(shown), *rest)

    @override
    def get_results(self, request: HttpRequest) -> None:
        rows: Any = self.root_queryset
        criteria = [] if self.search_criterion is None else [self.search_criterion]
        for spec in self.filter_specs:
            if isinstance(spec, PeriodFilter):
                rows = spec.queryset(request, rows)
            elif isinstance(spec, ColumnFilter) and spec.criterion is not None:
                criteria.append(spec.criterion)
        self.keyset = find_keyset(rows, criteria, limit=MAX_ROWS, reach=MAX_COMPARED_ROWS)
        self.paginator = Paginator(self.keyset.keys, self.list_per_page)
        try:
            keys = self.paginator.page(self.page_num).object_list
        except InvalidPage:
            raise IncorrectLookupParameters from None
        found = self.root_queryset.without_payload().in_bulk(keys)
        # Some may have been pruned since.
        self.result_list = [found[key] for key in keys if key in found]
        # Equal, so that the page does not offer to count or show everything.
        self.result_count = self.full_result_count = len(self.keyset.keys)
        self.show_full_result_count = False
        self.show_admin_actions = bool(self.result_list)
        self.can_show_all = False
        self.multi_page = self.paginator.num_pages > 1

    @cached_property
    def search_criterion(self) -> Criterion | None:
        """Criterion of the search term; None without one."""
        term = self.query.strip()
        if not term:
            return None
        key = read_id(term)
        if key is not None:
            return Criterion(alternatives=tuple((column, key) for column in self.id_columns))
        return Criterion(alternatives=tuple((column, term) for column in SEARCH_COLUMNS))

    @property
    def period(self) -> str:
        """Key of the chosen period."""
        return next(spec.period for spec in self.filter_specs if isinstance(spec, PeriodFilter))

    @property
    def is_limited(self) -> bool:
        """True if there are more rows than are counted."""
        return self.keyset.edge is not None and self.result_count == MAX_ROWS

    @property
    def older_link(self) -> str | None:
        """URL of the rows after the last one that was looked at; None if there are none."""
        if self.keyset.edge is None:
            return None
        # The period may be the default one; beside a moment it has to be explicit.
        before = {"period": self.period or None, "before": self.keyset.edge.isoformat()}
        return self.get_query_string(before)

    @property
    def wider_link(self) -> str | None:
        """URL of the same list for all time; None if the period has rows."""
        if self.keyset.keys or self.keyset.edge is not None or self.period == "all":
            return None
        return self.get_query_string({"period": "all"}, ["after", "before"])


class CallChangeList(KeysetChangeList):
    """Change list of calls: each row has `links` to the pages of its user and its client."""

    @override
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        attach_caller_links(request, self.model_admin.admin_site, self.result_list)
