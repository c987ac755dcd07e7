"""`list_expenses` of the example project as a view."""

import time
from typing import Any

from oauth2_provider.contrib.rest_framework import OAuth2Authentication, TokenHasScope
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from benchmarks.projects.journal.models import Entry
from example_project.expenses.models import Expense
from example_project.expenses.services import EXPENSE_FIELDS, list_expenses


class ExpenseQuery(serializers.Serializer):
    category = serializers.CharField(required=False, max_length=40)
    first_day = serializers.DateField(required=False)
    last_day = serializers.DateField(required=False)
    search = serializers.CharField(required=False, max_length=100)
    limit = serializers.IntegerField(required=False, min_value=1, max_value=200)
    offset = serializers.IntegerField(required=False, min_value=0, max_value=1_000_000)


class ExpenseSerializer(serializers.ModelSerializer):
    category__name = serializers.CharField(source="category.name", read_only=True)

    class Meta:
        model = Expense
        fields = EXPENSE_FIELDS


class ExpensesView(APIView):
    authentication_classes = [OAuth2Authentication]
    permission_classes = [TokenHasScope]
    required_scopes = ["expense:read"]

    def get(self, request: Request) -> Response:
        started = time.monotonic()
        query = ExpenseQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked: dict[str, Any] = query.validated_data
        rows = ExpenseSerializer(list_expenses(request.user, **asked), many=True).data
        Entry.write(
            user=request.user,
            client=request.auth.application.client_id,
            name="list_expenses",
            arguments=dict(request.query_params),
            since=started,
        )
        return Response({"result": rows})
