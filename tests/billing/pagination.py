"""Pagination of every kind."""

from typing import Any

from rest_framework.pagination import (
    CursorPagination,
    LimitOffsetPagination,
    PageNumberPagination,
)
from rest_framework.response import Response


class CustomerPages(PageNumberPagination):
    """Pages by number, whose size clients choose."""

    page_size = 3
    page_size_query_param = "page_size"
    max_page_size = 5


class ProjectPages(LimitOffsetPagination):
    """A limit and an offset."""

    default_limit = 2
    max_limit = 4


class EntryPages(CursorPagination):
    """A cursor, over the newest first."""

    page_size = 2
    ordering = ("-day", "-pk")


class InvoicePages(PageNumberPagination):
    """Pages by number in an envelope of the project's own."""

    page_size = 2
    page_query_param = "p"

    def get_paginated_response(self, data: Any) -> Response:
        assert self.page is not None
        return Response(
            {
                "meta": {
                    "total": self.page.paginator.count,
                    "pages": self.page.paginator.num_pages,
                    "links": {"next": self.get_next_link(), "previous": self.get_previous_link()},
                },
                "data": data,
            }
        )
