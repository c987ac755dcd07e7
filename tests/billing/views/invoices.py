"""Invoices with their lines, in two versions, behind the scopes of tokens; and their payments."""

from typing import Any

from django.db import transaction
from django.db.models import ProtectedError
from django.shortcuts import get_object_or_404
from django_filters.rest_framework import DjangoFilterBackend
from oauth2_provider.contrib.rest_framework import (
    IsAuthenticatedOrTokenHasScope,
    TokenHasReadWriteScope,
    TokenHasScope,
)
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.filters import OrderingFilter
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet, ModelViewSet

from tests.billing import clock
from tests.billing.errors import AlreadySentError, ConflictError
from tests.billing.filters import InvoiceFilter
from tests.billing.models import Invoice, Membership, Payment
from tests.billing.pagination import InvoicePages
from tests.billing.permissions import IsMember, IsOwner
from tests.billing.serializers import (
    InvoiceSerializer,
    MembershipSerializer,
    PaymentSerializer,
    TerseInvoiceSerializer,
)
from tests.billing.tenancy import current_company
from tests.billing.views.base import BillingView, TenantMixin


class InvoiceViewSet(BillingView, TenantMixin, ModelViewSet):
    """Invoices of the company."""

    model = Invoice
    permission_classes = [IsMember, IsAuthenticatedOrTokenHasScope]
    required_scopes = ["invoice:read"]
    pagination_class = InvoicePages
    filter_backends = [DjangoFilterBackend, OrderingFilter]
    filterset_class = InvoiceFilter
    ordering_fields = ["number", "issued_on", "due_on"]
    ordering = ["number"]
    lookup_field = "number"
    lookup_value_converter = "int"

    def get_queryset(self) -> Any:
        rows = super().get_queryset().select_related("customer")
        return rows.prefetch_related("lines", "payments")

    def get_serializer_class(self) -> Any:
        return TerseInvoiceSerializer if self.request.version == "v2" else InvoiceSerializer

    def perform_destroy(self, instance: Invoice) -> None:
        if instance.status != Invoice.Status.DRAFT:
            raise ProtectedError("sent", {instance})
        instance.delete()

    @action(
        detail=True,
        methods=["post"],
        permission_classes=[IsMember, TokenHasScope],
        required_scopes=["invoice:send"],
    )
    def send(self, request: Request, number: int) -> Response:
        """Send an invoice to its customer."""
        invoice = self.get_object()
        if invoice.status != Invoice.Status.DRAFT:
            raise AlreadySentError
        invoice.status, invoice.sent_at = Invoice.Status.SENT, clock.now()
        invoice.save()
        return Response(InvoiceSerializer(invoice, context=self.get_serializer_context()).data)

    @action(detail=False)
    def overdue(self, request: Request) -> Response:
        """List the invoices that should have been paid by today, in pages."""
        rows = self.get_queryset().filter(status=Invoice.Status.SENT, due_on__lt=clock.today())
        page = self.paginate_queryset(self.filter_queryset(rows))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class PaymentViewSet(BillingView, mixins.ListModelMixin, mixins.CreateModelMixin, GenericViewSet):
    """Payments of an invoice."""

    serializer_class = PaymentSerializer
    permission_classes = [IsMember, TokenHasScope]
    required_scopes = ["invoice:read", "payment:write"]
    pagination_class = None

    def get_queryset(self) -> Any:
        return Payment.objects.of_company().filter(invoice__number=self.kwargs["invoice_number"])

    @transaction.atomic
    def perform_create(self, serializer: Any) -> None:
        invoices = Invoice.objects.of_company()
        invoice = get_object_or_404(invoices, number=self.kwargs["invoice_number"])
        if invoice.status == Invoice.Status.DRAFT:
            raise ConflictError("This invoice was not sent.")
        serializer.save(invoice=invoice)
        paid = sum(payment.amount for payment in invoice.payments.all())
        if paid > invoice.total:
            raise ConflictError("That is more than is owed.")
        if paid == invoice.total:
            Invoice.objects.filter(pk=invoice.pk).update(status=Invoice.Status.PAID)


class MembershipViewSet(
    BillingView, mixins.ListModelMixin, mixins.UpdateModelMixin, GenericViewSet
):
    """Members of the company, whom its owner manages."""

    serializer_class = MembershipSerializer
    permission_classes = [IsOwner, TokenHasReadWriteScope]
    pagination_class = None

    def get_queryset(self) -> Any:
        return Membership.objects.filter(company=current_company()).select_related("user")
