"""Views that are no viewsets, and those of the staff."""

import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.shortcuts import get_object_or_404
from django.utils.decorators import method_decorator
from oauth2_provider.contrib.rest_framework import OAuth2Authentication
from rest_framework import generics
from rest_framework.authentication import SessionAuthentication
from rest_framework.decorators import (
    api_view,
    authentication_classes,
    permission_classes,
    renderer_classes,
)
from rest_framework.permissions import (
    AllowAny,
    IsAdminUser,
    IsAuthenticated,
    IsAuthenticatedOrReadOnly,
)
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ReadOnlyModelViewSet

from tests.billing import clock
from tests.billing.errors import ConflictError, TeapotError, UpstreamError
from tests.billing.models import Company, Entry, Invoice, Payment, Rate
from tests.billing.renderers import CamelCaseParser, CamelCaseRenderer, Money, MoneyRenderer
from tests.billing.serializers import (
    BookingSerializer,
    CompanySerializer,
    RateSerializer,
    ReportQuerySerializer,
    TransferSerializer,
)
from tests.billing.tenancy import current_company
from tests.billing.throttles import ScopedThrottle
from tests.billing.views.base import BillingView


def _rename_company(name: str) -> None:
    if (company := current_company()) is not None:
        Company.objects.filter(pk=company.pk).update(name=name)


class CompanyViewSet(BillingView, ReadOnlyModelViewSet):
    """All companies, for the staff of the site."""

    queryset = Company.objects.all()
    serializer_class = CompanySerializer
    permission_classes = [IsAdminUser]
    pagination_class = None


class RateList(BillingView, generics.ListCreateAPIView):
    """Rates of currencies, which everybody may read."""

    queryset = Rate.objects.all()
    serializer_class = RateSerializer
    permission_classes = [IsAuthenticatedOrReadOnly]
    pagination_class = None


class RateDetail(BillingView, generics.RetrieveUpdateDestroyAPIView):
    """The rate of one currency on one day."""

    serializer_class = RateSerializer
    permission_classes = [IsAuthenticatedOrReadOnly]

    def get_object(self) -> Rate:
        return get_object_or_404(Rate, **self.kwargs)


class ReportView(BillingView, APIView):
    """What a year, or a month of it, has brought in."""

    throttle_classes = [ScopedThrottle]
    throttle_scope = "reports"
    renderer_classes = [MoneyRenderer]

    def get(self, request: Request, year: int, **kwargs: Any) -> Response:
        """Report the income of a year."""
        query = ReportQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        invoices = Invoice.objects.of_company().filter(issued_on__year=year)
        if month := query.validated_data.get("month"):
            invoices = invoices.filter(issued_on__month=month)
        invoices = invoices.order_by("number").prefetch_related("lines")
        totals = [(invoice.customer.reference, invoice.total) for invoice in invoices]
        report: dict[str, Any] = {
            "year": year,
            "income": Money(amount=sum((each for _, each in totals), Decimal(0)), currency="EUR"),
            "until": clock.now(),
            "mean": sum(each for _, each in totals) / len(totals) if totals else None,
            "worked": Entry.objects.of_company().aggregate(all=Sum("lasted"))["all"],
        }
        if query.validated_data["with_customers"]:
            report["customers"] = {
                customer: Money(amount=total, currency="EUR") for customer, total in totals
            }
        return Response(report)


class LedgerView(BillingView, APIView):
    """The ledger, for clients that write camel case."""

    renderer_classes = [CamelCaseRenderer]
    parser_classes = [CamelCaseParser]

    def get(self, request: Request, **kwargs: Any) -> Response:
        """Show when the ledger was closed."""
        return Response({"closed_on": datetime.date(2026, 3, 31), "open_bookings": 0})

    def post(self, request: Request, **kwargs: Any) -> Response:
        """Book an amount."""
        serializer = BookingSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response({"booking_number": 1, **serializer.data}, status=201)


class TransferView(BillingView, APIView):
    """Payments that were booked to the wrong invoice."""

    def post(self, request: Request, **kwargs: Any) -> Response:
        """Move a payment to another invoice."""
        serializer = TransferSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        asked = serializer.validated_data
        payment = get_object_or_404(Payment.objects.of_company(), pk=asked["source"])
        target = get_object_or_404(Invoice.objects.of_company(), number=asked["target"])
        payment.invoice = target
        payment.save()
        # After the row is written, so that it has to be rolled back.
        if target.status == Invoice.Status.DRAFT:
            raise ConflictError("The other invoice was not sent.")
        if target.currency != "EUR":
            raise UpstreamError
        return Response(status=202, data={"moved": payment.amount})


@method_decorator(transaction.non_atomic_requests, name="dispatch")
class NoteView(BillingView, APIView):
    """A view that keeps what it has written, also where it fails."""

    def post(self, request: Request, **kwargs: Any) -> Response:
        """Found a company, and fail."""
        _rename_company("Noted")
        raise TeapotError


class CrashView(BillingView, APIView):
    """A view that fails as nobody has foreseen."""

    def post(self, request: Request, **kwargs: Any) -> Response:
        """Fail."""
        _rename_company("Crashed")
        raise RuntimeError("password is hunter2")


class UpstreamView(BillingView, APIView):
    """A view whose upstream is away."""

    def get(self, request: Request, **kwargs: Any) -> Response:
        """Ask the bank."""
        raise UpstreamError


@api_view(["GET"])
@authentication_classes([OAuth2Authentication, SessionAuthentication])
@permission_classes([AllowAny])
@renderer_classes([JSONRenderer])
def service_status(request: Request, **kwargs: Any) -> Response:
    """Say whether the service is up, and to whom."""
    return Response(
        {
            "is_up": True,
            "user": request.user.get_username() or None,
            "company": getattr(current_company(), "slug", None),
        }
    )


@api_view(["PUT"])
@authentication_classes([OAuth2Authentication, SessionAuthentication])
@permission_classes([IsAuthenticated])
@renderer_classes([JSONRenderer])
def put_rate(request: Request, **kwargs: Any) -> Response:
    """Set the rate of a currency today."""
    serializer = RateSerializer(data={**request.data, "day": clock.today()})
    serializer.is_valid(raise_exception=True)
    rate, is_new = Rate.objects.update_or_create(
        currency=serializer.validated_data["currency"],
        day=clock.today(),
        defaults={"value": serializer.validated_data["value"]},
    )
    return Response(RateSerializer(rate).data, status=201 if is_new else 200)
