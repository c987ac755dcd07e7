"""Errors of the API, and its exception handler."""

from collections.abc import Mapping
from typing import Any

from django.db.models import ProtectedError
from rest_framework.exceptions import APIException
from rest_framework.response import Response
from rest_framework.views import exception_handler


class ConflictError(APIException):
    status_code = 409
    default_detail = "This conflicts with what is there."
    default_code = "conflict"


class AlreadySentError(ConflictError):
    default_detail = "This invoice was sent already."
    default_code = "already_sent"


class TeapotError(APIException):
    status_code = 418
    default_detail = "This is a teapot, and makes no coffee."
    default_code = "teapot"


class UpstreamError(APIException):
    status_code = 503
    default_detail = "The bank's password hunter2 is wrong."
    default_code = "upstream"


class LedgerClosedError(Exception):
    """An error of the service layer, of which REST framework knows nothing."""


def handle(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Answer in an envelope, also where the service layer or the database refuses."""
    if isinstance(error, LedgerClosedError):
        error = ConflictError(f"The ledger is closed: {error}")
    elif isinstance(error, ProtectedError):
        error = ConflictError("Others refer to this.")
    response = exception_handler(error, context)
    if response is not None and isinstance(error, APIException):
        codes = error.get_codes()
        response.data = {
            "error": {
                "code": codes if isinstance(codes, str) else "invalid",
                "message": str(response.data.get("detail", "Invalid input."))
                if isinstance(response.data, dict)
                else "Invalid input.",
                "fields": response.data if response.status_code == 400 else None,
            }
        }
    return response
