"""The API's actions as tools. It is no module that is discovered: only tests of the API have them.

Tools of one version name its route. The views are where scopes are asked for, so that no tool does.
"""

from typing import Any

from rest_framework import serializers

from django_mcp.contrib.drf import expose
from tests.billing.serializers import TransferSerializer
from tests.billing.views.customers import CustomerViewSet
from tests.billing.views.invoices import InvoiceViewSet, MembershipViewSet, PaymentViewSet
from tests.billing.views.others import (
    CompanyViewSet,
    CrashView,
    LedgerView,
    NoteView,
    RateDetail,
    RateList,
    ReportView,
    TransferView,
    UpstreamView,
    put_rate,
    service_status,
)
from tests.billing.views.projects import EntryViewSet, ProjectViewSet

MIDDLEWARE = ("tests.billing.tenancy.CompanyMiddleware",)
EVERY_ACTION = ("list", "create", "retrieve", "update", "partial_update", "destroy")


def declare() -> None:
    """Expose every action of the API."""
    options: dict[str, Any] = {"group": "billing", "middleware": MIDDLEWARE}
    expose(CompanyViewSet, actions=["list", "retrieve"], name="company_{action}", **options)
    expose(
        CustomerViewSet,
        actions=[*EVERY_ACTION, "block", "unblock", "by_country", "debts"],
        name="customer_{action}",
        **options,
    )
    expose(ProjectViewSet, actions=[*EVERY_ACTION, "finish"], name="project_{action}", **options)
    expose(
        EntryViewSet,
        actions=["list", "create", "retrieve", "partial_update", "destroy"],
        name="entry_{action}",
        **options,
    )
    expose(
        InvoiceViewSet,
        actions=[*EVERY_ACTION, "send", "overdue"],
        name="invoice_{action}",
        route="v1:invoice",
        **options,
    )
    expose(
        InvoiceViewSet,
        actions=["list", "retrieve"],
        name="terse_invoice_{action}",
        route="v2:invoice",
        **options,
    )
    expose(PaymentViewSet, actions=["list", "create"], name="payment_{action}", **options)
    expose(
        MembershipViewSet,
        actions=["list", "partial_update"],
        name="membership_{action}",
        **options,
    )
    expose(RateList, actions=["get", "post"], name="rates_{action}", **options)
    expose(RateDetail, actions=["get", "patch", "delete"], name="rate_{action}", **options)
    expose(
        put_rate, actions=["put"], name="rate_today_{action}", input=RateTodaySerializer, **options
    )
    expose(
        ReportView,
        actions=["get"],
        name="report_{action}",
        query={"month": {"type": "integer"}, "with_customers": {"type": "boolean"}},
        **options,
    )
    expose(LedgerView, actions=["get"], name="ledger_{action}", **options)
    expose(LedgerView, actions=["post"], name="ledger_{action}", input=BookingArguments, **options)
    expose(
        TransferView,
        actions=["post"],
        name="transfer_{action}",
        input=TransferSerializer,
        **options,
    )
    expose(NoteView, actions=["post"], name="note_{action}", **options)
    expose(CrashView, actions=["post"], name="crash_{action}", **options)
    expose(UpstreamView, actions=["get"], name="bank_{action}", **options)
    expose(service_status, actions=["get"], name="status_{action}", **options)


class RateTodaySerializer(serializers.Serializer):
    """What `put_rate` reads of its body."""

    currency = serializers.CharField(max_length=3)
    value = serializers.FloatField()


class BookingArguments(serializers.Serializer):
    """What clients of the ledger write, in camel case."""

    bookedOn = serializers.DateField()  # noqa: N815
    netAmount = serializers.DecimalField(max_digits=10, decimal_places=2)  # noqa: N815
    costCentre = serializers.CharField(required=False, allow_null=True)  # noqa: N815
