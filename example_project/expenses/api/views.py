"""Viewsets of the API. A user's expenses are those of `owner` alone, as in the services."""

from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import mixins
from rest_framework.authentication import SessionAuthentication
from rest_framework.filters import OrderingFilter, SearchFilter
from rest_framework.pagination import PageNumberPagination
from rest_framework.parsers import JSONParser
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.viewsets import GenericViewSet

from example_project.expenses.api.filters import ExpenseFilter
from example_project.expenses.api.serializers import ExpenseSerializer
from example_project.expenses.models import Expense, ExpenseQuerySet


class ExpensePages(PageNumberPagination):
    page_size = 25
    page_size_query_param = "page_size"
    max_page_size = 100


class StatementStays(BasePermission):
    """The payee and the day of what was imported are the bank's: its category may be changed."""

    message = "This came from a bank statement: only its category and its note can be changed."

    def has_object_permission(
        self, request: Request, view: GenericViewSet, expense: Expense
    ) -> bool:
        return not expense.reference or not {"payee", "spent_on"} & set(request.data)


class ExpenseViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.UpdateModelMixin,
    GenericViewSet,
):
    """The user's expenses, the newest first."""

    http_method_names = ["get", "patch", "head", "options"]
    authentication_classes = [SessionAuthentication]
    permission_classes = [IsAuthenticated, StatementStays]
    renderer_classes = [JSONRenderer]
    parser_classes = [JSONParser]
    serializer_class = ExpenseSerializer
    filter_backends = [DjangoFilterBackend, SearchFilter, OrderingFilter]
    filterset_class = ExpenseFilter
    search_fields = ["payee", "note"]
    ordering_fields = ["spent_on", "amount"]
    pagination_class = ExpensePages
    lookup_field = "id"
    lookup_value_converter = "int"

    def get_queryset(self) -> ExpenseQuerySet:
        return Expense.objects.of(self.request.user).select_related("category")
