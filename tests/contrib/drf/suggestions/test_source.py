"""Form of what `mcp_suggest` prints."""

from pathlib import Path

import pytest
from django.urls import include, path
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from tests.commands import RunCommand
from tests.contrib.drf.exposure import routed
from tests.contrib.drf.suggestions.pasting import pasted

pytestmark = pytest.mark.django_db


class StockViewSet(viewsets.ViewSet):
    """Stock, by more actions than a line holds."""

    permission_classes = (IsAuthenticated,)

    @action(detail=False)
    def counted_by_colour(self, request: Request) -> Response:
        """Count it."""
        return Response({})

    @action(detail=False)
    def counted_by_manufacturer(self, request: Request) -> Response:
        """Count it."""
        return Response({})

    @action(detail=False)
    def counted_by_warehouse_and_month(self, request: Request) -> Response:
        """Count it."""
        return Response({})


def test_actions_that_no_line_holds_have_a_line_each(
    run_command: RunCommand, tmp_path: Path
) -> None:
    router = SimpleRouter()
    router.register("stock", StockViewSet, basename="stock")
    with routed(path("", include(router.urls))):
        printed = run_command("mcp_suggest", f"{__name__}.StockViewSet").stdout
        with pasted(printed, tmp_path) as registry:
            names = {each.name for each in registry.primitives.values()}

    assert (
        """
    actions=[
        "counted_by_colour",
        "counted_by_manufacturer",
        "counted_by_warehouse_and_month",
    ],
    group="tests",
"""
        in printed
    )
    assert max(map(len, printed.splitlines())) <= 88
    assert names == {
        "stock_counted_by_colour",
        "stock_counted_by_manufacturer",
        "stock_counted_by_warehouse_and_month",
    }
