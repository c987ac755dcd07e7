"""Customers: every action, with filters, search, an order and pages by number."""

from typing import Any

from django.db.models import Count
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.decorators import action
from rest_framework.filters import SearchFilter
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ModelViewSet

from tests.billing.errors import ConflictError, LedgerClosedError
from tests.billing.filters import CustomerFilter
from tests.billing.models import Customer
from tests.billing.pagination import CustomerPages
from tests.billing.permissions import IsMember, ModelPermissions
from tests.billing.serializers import BlockSerializer, CustomerSerializer
from tests.billing.tenancy import current_company
from tests.billing.views.base import BillingView, TenantMixin


class CustomerViewSet(BillingView, TenantMixin, ModelViewSet):
    """Customers of the company."""

    model = Customer
    serializer_class = CustomerSerializer
    permission_classes = [IsMember, ModelPermissions]
    pagination_class = CustomerPages
    filter_backends = [DjangoFilterBackend, SearchFilter]
    filterset_class = CustomerFilter
    search_fields = ["name", "^reference", "email"]
    lookup_field = "reference"

    def perform_create(self, serializer: Any) -> None:
        if serializer.validated_data.get("country") == "XX":
            raise LedgerClosedError("no business there")
        serializer.save(company=current_company(), created_by=self.request.user)

    def perform_destroy(self, instance: Customer) -> None:
        if instance.reference == "protected":
            raise ConflictError("This customer stays.")
        instance.delete()

    @action(detail=True, methods=["post"], serializer_class=BlockSerializer)
    def block(self, request: Request, reference: str) -> Response:
        """Take no more orders of a customer."""
        customer = self.get_object()
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        if customer.is_blocked:
            raise ConflictError("This customer is blocked.")
        customer.is_blocked = True
        customer.facts = {**customer.facts, "blocked": serializer.data}
        customer.save()
        return Response(CustomerSerializer(customer, context=self.get_serializer_context()).data)

    @block.mapping.delete
    def unblock(self, request: Request, reference: str) -> Response:
        """Take orders again."""
        Customer.objects.filter(pk=self.get_object().pk).update(is_blocked=False)
        return Response(status=204)

    @action(detail=False, url_path="by-country")
    def by_country(self, request: Request) -> Response:
        """Count the customers of each country, of those that the filters leave."""
        rows = self.filter_queryset(self.get_queryset()).order_by("country")
        return Response(list(rows.values("country").annotate(customers=Count("pk"))))

    @action(detail=True, methods=["get"])
    def debts(self, request: Request, reference: str) -> Response:
        """Sum up what a customer owes; nothing without invoices."""
        invoices = self.get_object().invoices.exclude(status="paid").order_by("number")
        totals = {str(invoice.number): invoice.total for invoice in invoices}
        return Response({"total": sum(totals.values()), "invoices": totals} if totals else None)
