"""The company of a request: the one that the host names, else that of the user's membership."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.http import Http404, HttpRequest, HttpResponse

from django_mcp import Principal

if TYPE_CHECKING:
    from tests.billing.models import Company

DOMAIN = "billing.example"

_company: "ContextVar[Company | None]" = ContextVar("company", default=None)


def current_company() -> "Company | None":
    """The company for which the current request is served."""
    return _company.get()


@contextmanager
def serving_company(company: "Company | None") -> Iterator[None]:
    """Serve for this company while the block runs."""
    token = _company.set(company)
    try:
        yield
    finally:
        _company.reset(token)


class CompanyMiddleware:
    """Finds the company of each request, and marks the response with it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with serving_company(_company_of(request)):
            response = self.get_response(request)
            company = current_company()
            response["X-Company"] = "" if company is None else company.slug
            return response


def name_host(request: HttpRequest, principal: Principal) -> None:
    """Ask at the host of the caller's company, as its users do; for `DJANGO_MCP_DRF_REQUEST`."""
    if (company := _company_of_user(principal.user)) is not None:
        request.META["HTTP_HOST"] = f"{company.slug}.{DOMAIN}"


def name_host_of_acme(request: HttpRequest, principal: Principal) -> None:
    """Ask at the host of one company, whoever calls."""
    request.META["HTTP_HOST"] = f"acme.{DOMAIN}"


def _company_of(request: HttpRequest) -> "Company | None":
    label, _, domain = request.get_host().partition(".")
    if domain != DOMAIN:
        return _company_of_user(request.user)
    found: Company | None = apps.get_model("billing", "Company").objects.filter(slug=label).first()
    if found is None:
        raise Http404("No such company")
    return found


def _company_of_user(user: Any) -> "Company | None":
    if user is None or not user.is_authenticated:
        return None
    membership = user.memberships.select_related("company").first()
    return None if membership is None else membership.company
