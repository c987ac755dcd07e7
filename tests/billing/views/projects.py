"""Projects of a customer, and the time that was worked on them: nested twice."""

from typing import Any

from django.http import Http404
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.decorators import action
from rest_framework.filters import OrderingFilter, SearchFilter
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ModelViewSet

from tests.billing.errors import ConflictError
from tests.billing.filters import EntryFilter, ProjectFilter
from tests.billing.models import Customer, Entry, Project
from tests.billing.pagination import EntryPages, ProjectPages
from tests.billing.permissions import IsMember, LeadMayChange, OwnEntries
from tests.billing.serializers import EntrySerializer, ProjectSerializer
from tests.billing.tenancy import current_company
from tests.billing.views.base import BillingView, TenantMixin


class ProjectViewSet(BillingView, TenantMixin, ModelViewSet):
    """Projects for a customer."""

    model = Project
    serializer_class = ProjectSerializer
    permission_classes = [IsMember, LeadMayChange]
    pagination_class = ProjectPages
    filter_backends = [DjangoFilterBackend, OrderingFilter, SearchFilter]
    filterset_class = ProjectFilter
    search_fields = ["name"]
    ordering_fields = ["name", "budget", "starts"]
    ordering = ["name"]
    lookup_field = "key"
    lookup_value_regex = "[0-9a-f-]{36}"

    def get_queryset(self) -> Any:
        rows = super().get_queryset()
        return rows.filter(customer__reference=self.kwargs["customer_reference"])

    def perform_create(self, serializer: Any) -> None:
        customer = Customer.objects.of_company().filter(reference=self.kwargs["customer_reference"])
        if not customer.exists():
            raise Http404
        serializer.save(company=current_company(), customer=customer.get(), lead=self.request.user)

    @action(detail=True, methods=["post"])
    def finish(self, request: Request, **kwargs: Any) -> Response:
        """End a project today."""
        project = self.get_object()
        if project.stage == Project.Stage.DONE:
            raise ConflictError("This project has ended.")
        project.stage = Project.Stage.DONE
        project.save()
        return Response({"stage": project.stage})


class EntryViewSet(BillingView, ModelViewSet):
    """Time that was worked on a project."""

    serializer_class = EntrySerializer
    permission_classes = [IsMember, OwnEntries]
    pagination_class = EntryPages
    filter_backends = [DjangoFilterBackend]
    filterset_class = EntryFilter
    lookup_value_converter = "int"

    def get_queryset(self) -> Any:
        return Entry.objects.of_company().filter(
            project__key=self.kwargs["project_key"],
            project__customer__reference=self.kwargs["customer_reference"],
        )

    def perform_create(self, serializer: Any) -> None:
        project = Project.objects.of_company().filter(
            key=self.kwargs["project_key"],
            customer__reference=self.kwargs["customer_reference"],
        )
        if (found := project.first()) is None:
            raise Http404
        serializer.save(project=found, user=self.request.user)
