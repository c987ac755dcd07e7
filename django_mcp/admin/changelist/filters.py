"""Filters of keyset change lists; their choices are looked up in indexes, never counted."""

import datetime
from collections.abc import Collection, Iterator, Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from typing_extensions import override

from django_mcp.admin.changelist.keyset import Criterion, newest_by_value
from django_mcp.admin.formats import local_moment, read_moment
from django_mcp.admin.registry_view import read_registry
from django_mcp.escapes import printable
from django_mcp.exceptions import declared_outcomes
from django_mcp.kinds import Kind
from django_mcp.models import PromptTemplate
from django_mcp.models.timed import TimedQuerySet

PERIODS: Mapping[str, tuple[str | Promise, datetime.timedelta | None]] = {
    "hour": (_("Last hour"), datetime.timedelta(hours=1)),
    "day": (_("Last day"), datetime.timedelta(days=1)),
    "week": (_("Last week"), datetime.timedelta(weeks=1)),
    "month": (_("Last 30 days"), datetime.timedelta(days=30)),
    "all": (_("All time"), None),
}
DEFAULT_PERIOD = "day"

MAX_TERM_CHARACTERS = 255
"""The length of the longest search term. SQLite fails on patterns of 50,000 bytes."""
MAX_LOOKED_UP_VALUES = 100
"""The number of choices of one filter that are looked up."""
INPUT_FORMAT = "%Y-%m-%dT%H:%M:%S"


class PeriodFilter(admin.SimpleListFilter):
    """Filter by a period that ends now, or by two moments; the default period if none is chosen."""

    title = _("time")
    parameter_name = "period"
    default_period = DEFAULT_PERIOD
    template = "django_mcp/admin/period.html"

    def __init__(
        self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any
    ) -> None:
        super().__init__(request, params, model, model_admin)
        self.after = _moment(params.pop("after", [""])[-1])
        self.before = _moment(params.pop("before", [""])[-1])
        self.other_params: list[tuple[str, str]] = []

    @property
    def period(self) -> str:
        """Key of the period; empty where only two moments are chosen."""
        period = self.value()
        if period is None:
            if self.after or self.before:
                return ""
            # An id is searched for in all time.
            is_known = read_id(self.request.GET.get(SEARCH_VAR, "")) is not None
            return "all" if is_known else self.default_period
        if period not in PERIODS:
            raise IncorrectLookupParameters
        return period

    @override
    def expected_parameters(self) -> list[str | None]:
        return ["period", "after", "before"]

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(key, label) for key, (label, _length) in PERIODS.items()]

    @override
    def choices(self, changelist: ChangeList) -> Iterator[dict[str, Any]]:  # type: ignore[override]
        self.other_params = [
            (name, value)
            for name, values in changelist.filter_params.items()
            if name not in self.expected_parameters()
            for value in values
        ]
        for key, label in self.lookup_choices:
            link = changelist.get_query_string({"period": key}, remove=["after", "before"])
            is_chosen = key == self.period and not (self.after or self.before)
            yield {"selected": is_chosen, "query_string": link, "display": label}

    @cached_property
    def since(self) -> datetime.datetime | None:
        """Start of the listed time; None if there is none."""
        length = PERIODS[self.period][1] if self.period else None
        bounds = [self.after, None if length is None else timezone.now() - length]
        return max((bound for bound in bounds if bound is not None), default=None)

    @override
    def queryset(self, request: HttpRequest, queryset: Any) -> TimedQuerySet[Any]:
        rows: TimedQuerySet[Any] = queryset
        if self.since is not None:
            rows = rows.filter((f"{rows.moment}__gte", self.since))
        if self.before is not None:
            rows = rows.filter((f"{rows.moment}__lte", self.before))
        return rows

    @property
    def after_input(self) -> str:
        """Value of the input for the start of the period."""
        return _input(self.after)

    @property
    def before_input(self) -> str:
        """Value of the input for the end of the period."""
        return _input(self.before)


def read_id(term: str) -> UUID | None:
    """Return the id of a call or a task, or None if the term is no UUID."""
    try:
        return UUID(term.strip())
    except ValueError:
        return None


def _moment(text: str) -> datetime.datetime | None:
    try:
        return read_moment(text) if text else None
    except ValueError as error:
        raise IncorrectLookupParameters from error


def _input(moment: datetime.datetime | None) -> str:
    return "" if moment is None else local_moment(moment).strftime(INPUT_FORMAT)


class ColumnFilter(admin.SimpleListFilter):
    """Filter for rows whose column has the chosen value."""

    column: ClassVar[str]

    @override
    def value(self) -> str | None:
        value = super().value()
        if value is not None and "\0" in value:  # PostgreSQL takes none
            raise IncorrectLookupParameters
        return value

    @property
    def criterion(self) -> Criterion | None:
        """Criterion of the chosen value; None if none is chosen."""
        value = self.value()
        return None if value is None else Criterion(alternatives=((self.column, value),))

    def narrow(self, rows: TimedQuerySet[Any], since: datetime.datetime | None) -> None:
        """Drop the choices that no row has had since then; the chosen one stays."""

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset if self.criterion is None else queryset.filter(self.criterion.to_q())


class OccurringFilter(ColumnFilter):
    """Filter that offers the values of the period; all of them, where they are too many."""

    @override
    def narrow(self, rows: TimedQuerySet[Any], since: datetime.datetime | None) -> None:
        if len(self.lookup_choices) > MAX_LOOKED_UP_VALUES:
            return
        newest = newest_by_value(rows, self.column, [value for value, _ in self.lookup_choices])
        self.lookup_choices = [
            (value, label)
            for value, label in self.lookup_choices
            if value == self.value()
            or (value in newest and (since is None or newest[value] >= since))
        ]


class NameFilter(OccurringFilter):
    """Filter by name. One that is no longer declared stays a choice while it is chosen."""

    title = _("tool, resource or prompt")
    parameter_name = "name"
    column = "name"
    kinds: ClassVar[Collection[str]] = frozenset(Kind)

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        every = read_registry().keys.values()
        names = {name for keys in every for kind, name in keys if kind in self.kinds}
        if Kind.PROMPT in self.kinds:
            names.update(PromptTemplate.objects.values_list("name", flat=True))
        if chosen := self.value():
            names.add(chosen)
        return [(name, printable(name)) for name in sorted(names)]


class ToolFilter(NameFilter):
    """Filter by the name of a tool, for what only tools have."""

    title = _("tool")
    kinds = frozenset({Kind.TOOL})


class ChoiceFilter(OccurringFilter):
    """Filter by the choices of the model's field."""

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(model_admin.model._meta.get_field(self.column).flatchoices)


class KindFilter(ChoiceFilter):
    """Filter by kind; hidden where the period has only one, so that it changes nothing."""

    title = pgettext_lazy("call", "kind")
    parameter_name = "kind"
    column = "kind"

    @override
    def narrow(self, rows: TimedQuerySet[Any], since: datetime.datetime | None) -> None:
        super().narrow(rows, since)
        if len(self.lookup_choices) < 2:
            self.lookup_choices = []


class OutcomeFilter(ChoiceFilter):
    """Filter by outcome: those of the model, and those of the project's own exceptions."""

    title = _("outcome")
    parameter_name = "outcome"
    column = "outcome"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        known = dict(super().lookups(request, model_admin))
        names = [name for name in (*declared_outcomes(), self.value()) if name is not None]
        own = {name: printable(name.replace("_", " ")) for name in names if name not in known}
        return [*known.items(), *own.items()]


class StatusFilter(ChoiceFilter):
    """Filter by the status of a task."""

    title = _("status")
    parameter_name = "status"
    column = "status"


class LinkedFilter(ColumnFilter):
    """Filter that only links choose: it offers the chosen value alone."""

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        value = self.value()
        return [] if value is None else [(value, printable(value))]


class NamedFilter(ColumnFilter):
    """Filter that only links choose; its value is labelled with the name of its newest row."""

    name_column: ClassVar[str]

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        value = self.value()
        if value is None:
            return []
        # First the key alone, which the index knows: asked for the name, PostgreSQL may look for a
        # frequent value from the newest call back, however long ago its last one was.
        rows: TimedQuerySet[Any] = model_admin.model._default_manager.all()
        newest = rows.filter((self.column, value)).newest_first()
        key = newest.values_list("pk", flat=True).first()
        name = rows.filter(pk__in=[key]).values_list(self.name_column, flat=True).first()
        return [(value, printable(f"{name} ({value})" if name else value))]


class UserFilter(NamedFilter):
    """Filter by user."""

    title = _("user")
    parameter_name = "user"
    column = "user"
    name_column = "username"


class ClientFilter(NamedFilter):
    """Filter by client."""

    title = _("client")
    parameter_name = "client"
    column = "client"
    name_column = "client_name"
