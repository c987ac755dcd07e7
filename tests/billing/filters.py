"""FilterSets of the API."""

from typing import Any

import django_filters
from django.db.models import DecimalField, F, QuerySet, Sum
from django.http import HttpRequest

from tests.billing.models import Customer, Entry, Invoice, Project, Tag


class TextInFilter(django_filters.BaseInFilter, django_filters.CharFilter):
    """Any of some texts, with commas between them."""


def tags_of_company(request: HttpRequest | None) -> QuerySet[Tag]:
    return Tag.objects.of_company()


class CustomerFilter(django_filters.FilterSet):
    name = django_filters.CharFilter(lookup_expr="icontains")
    credit_limit = django_filters.RangeFilter()
    country__in = TextInFilter(field_name="country", lookup_expr="in")
    kind = django_filters.ChoiceFilter(choices=Customer.Kind.choices)
    since = django_filters.DateFromToRangeFilter()
    is_blocked = django_filters.BooleanFilter()
    tag = django_filters.ModelMultipleChoiceFilter(
        field_name="tags__name", to_field_name="name", queryset=tags_of_company
    )
    has_email = django_filters.BooleanFilter(
        field_name="email", lookup_expr="isnull", exclude=True, label="Has an address for mail"
    )
    sort = django_filters.OrderingFilter(
        fields=(("name", "name"), ("credit_limit", "limit"), ("since", "since"))
    )

    class Meta:
        model = Customer
        fields: list[str] = []


class ProjectFilter(django_filters.FilterSet):
    class Meta:
        model = Project
        fields = {"stage": ["exact", "in"], "starts": ["exact", "gte", "lte", "isnull"]}


class EntryFilter(django_filters.FilterSet):
    class Meta:
        model = Entry
        fields = {"is_billable": ["exact"], "day": ["year", "gte", "lt"], "lasted": ["gte"]}


class InvoiceFilter(django_filters.FilterSet):
    customer = django_filters.CharFilter(field_name="customer__reference")
    status = django_filters.MultipleChoiceFilter(choices=Invoice.Status.choices)
    total_min = django_filters.NumberFilter(method="filter_total")

    class Meta:
        model = Invoice
        fields = {"issued_on": ["exact", "gte", "lte", "isnull"], "number": ["range"]}

    def filter_total(self, rows: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        total = Sum(F("lines__quantity") * F("lines__unit_price"), output_field=DecimalField())
        found: QuerySet[Any] = rows.annotate(sum_of_lines=total).filter(sum_of_lines__gte=value)
        return found
