"""Middleware around a view, and what becomes of exceptions there."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from asgiref.sync import markcoroutinefunction
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import User
from django.core.exceptions import MiddlewareNotUsed
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import path
from pytest_django import Settings
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from django_mcp.testing import MCPClient
from tests.contrib.drf.exposure import exposing, problem_of, routed
from tests.shop.models import Product

pytestmark = pytest.mark.django_db

HERE = __name__

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class Marks:
    """Middleware with all of the hooks of Django's."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.marks = ["begun"]  # type: ignore[attr-defined]
        response = self.get_response(request)
        response.headers["X-Marked"] = "yes"
        return response

    def process_view(self, request: Any, view: Any, args: Any, kwargs: Any) -> None:
        request.marks.append(f"view {kwargs}")

    def process_template_response(self, request: Any, response: Any) -> Any:
        response.data["marks"].append("template")
        return response


class Outer(Marks):
    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        assert response.headers["X-Marked"] == "yes"
        return response

    def process_view(self, request: Any, view: Any, args: Any, kwargs: Any) -> None:
        request.marks.append("outer view")

    def process_template_response(self, request: Any, response: Any) -> Any:
        response.data["marks"].append("outer template")
        return response


class AsyncMarks:
    """Middleware for async views alone."""

    async_capable = True
    sync_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], Awaitable[HttpResponseBase]]) -> None:
        self.get_response = get_response
        markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        await asyncio.sleep(0)
        request.marks = ["async"]  # type: ignore[attr-defined]
        return await self.get_response(request)


def unused(get_response: GetResponse) -> GetResponse:
    raise MiddlewareNotUsed


class Show(APIView):
    """Show the marks of middleware."""

    permission_classes = ()

    def get(self, request: Request, pk: int) -> Response:
        return Response({"marks": request.marks})


def test_middleware_runs_around_the_view_as_in_django(ada: User) -> None:
    middleware = [f"{HERE}.Outer", f"{HERE}.unused", f"{HERE}.Marks"]
    with (
        routed(path("<int:pk>/", Show.as_view())),
        exposing(Show, ["get"], name="show", middleware=middleware),
    ):
        result = MCPClient(ada).call("show", pk=3)

    assert result.data == {
        "marks": ["begun", "outer view", "view {'pk': 3}", "template", "outer template"]
    }


def test_async_middleware_runs_around_a_sync_view(ada: User) -> None:
    with (
        routed(path("<int:pk>/", Show.as_view())),
        exposing(Show, ["get"], name="show", middleware=[f"{HERE}.AsyncMarks"]),
    ):
        result = MCPClient(ada).call("show", pk=3)

    assert result.data == {"marks": ["async"]}


def test_middleware_that_cannot_be_imported_is_told() -> None:
    with routed(path("<int:pk>/", Show.as_view())):
        problem = problem_of(Show, "get", middleware=[f"{HERE}.Nothing"])

    assert problem.startswith(f"the middleware '{HERE}.Nothing' cannot be imported: ")


class Refuses(Marks):
    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return JsonResponse({"detail": "This tenant is closed."}, status=403)


class Answers(Marks):
    def process_view(self, request: Any, view: Any, args: Any, kwargs: Any) -> Any:
        return JsonResponse({"answered": kwargs})


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [("Refuses", None, "permission_denied"), ("Answers", {"answered": {"pk": 3}}, None)],
)
def test_middleware_may_answer_in_place_of_the_view(
    ada: User, name: str, data: Any, kind: str | None
) -> None:
    with (
        routed(path("<int:pk>/", Show.as_view())),
        exposing(Show, ["get"], name="show", middleware=[f"{HERE}.{name}"]),
    ):
        result = MCPClient(ada).call("show", pk=3)

    assert result.data == data
    assert result.error.get("kind") == kind


class Secret(Exception):  # noqa: N818
    pass


class Raises(APIView):
    """Fail."""

    permission_classes = ()

    def get(self, request: Request, how: str) -> Response:
        if how == "http404":
            raise Http404
        if how == "object":
            Product.objects.get(sku="none")
        raise Secret("the secret")


class Explains(Marks):
    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: Any, view: Any, args: Any, kwargs: Any) -> None:
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, Secret):
            return None
        return JsonResponse({"detail": "It is broken."}, status=409)


@pytest.mark.parametrize("middleware", [[], [f"{HERE}.Passes"], [f"{HERE}.Passes"] * 2])
@pytest.mark.parametrize("debug", [False, True])
def test_exceptions_of_a_view_stay_opaque(
    ada: User, settings: Settings, middleware: list[str], debug: bool
) -> None:
    settings.DEBUG = debug
    with (
        routed(path("<str:how>/", Raises.as_view())),
        exposing(Raises, ["get"], name="fail", middleware=middleware),
    ):
        client = MCPClient(ada)
        failed, missing = client.call("fail", how="secretly"), client.call("fail", how="object")

    assert failed.error["kind"] == "failed"
    assert "secret" not in str(failed)
    assert "html" not in str(failed)
    assert missing.error["kind"] == "not_found"
    assert missing.text == "There is no such product."


class Passes(Marks):
    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: Any, view: Any, args: Any, kwargs: Any) -> None:
        return None


def test_middleware_sees_the_status_of_exceptions_without_their_words(ada: User) -> None:
    Sees.seen.clear()
    with (
        routed(path("<str:how>/", Raises.as_view())),
        exposing(Raises, ["get"], name="fail", middleware=[f"{HERE}.Sees"]),
    ):
        client = MCPClient(ada)
        kinds = [client.call("fail", how=how).error["kind"] for how in ("http404", "secretly")]

    assert kinds == ["not_found", "failed"]
    assert Sees.seen == [404, 500]


class Sees:
    seen: list[int] = []

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        self.seen.append(response.status_code)
        assert isinstance(response, HttpResponse)
        assert b"secret" not in response.content
        return response


def test_middleware_may_answer_an_exception(ada: User) -> None:
    with (
        routed(path("<str:how>/", Raises.as_view())),
        exposing(Raises, ["get"], name="fail", middleware=[f"{HERE}.Explains"]),
    ):
        result = MCPClient(ada).call("fail", how="secretly")

    assert result.error["kind"] == "conflict"
    assert result.text == "It is broken."


class Writes(APIView):
    """Save a product, and refuse or fail."""

    permission_classes = ()

    def post(self, request: Request, how: str) -> Response:
        Product.objects.create(sku=how, name=how, price=1)
        if how == "fails":
            raise Secret
        if how == "refuses":
            raise Http404
        return Response(status=201)


@pytest.mark.parametrize(
    ("atomic_requests", "kept"), [(False, {"works", "fails", "refuses"}), (True, {"works"})]
)
def test_transactions_are_those_of_atomic_requests(
    ada: User, monkeypatch: pytest.MonkeyPatch, atomic_requests: bool, kept: set[str]
) -> None:
    monkeypatch.setitem(
        transaction.get_connection().settings_dict, "ATOMIC_REQUESTS", atomic_requests
    )
    with (
        routed(path("<str:how>/", Writes.as_view())),
        exposing(Writes, ["post"], name="write"),
    ):
        client = MCPClient(ada)
        for how in ("works", "fails", "refuses"):
            client.call("write", how=how)

    assert set(Product.objects.values_list("sku", flat=True)) == kept


def test_a_view_out_of_atomic_requests_stays_so(ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(transaction.get_connection().settings_dict, "ATOMIC_REQUESTS", True)
    with (
        routed(path("<str:how>/", transaction.non_atomic_requests(Writes.as_view()))),
        exposing(Writes, ["post"], name="write"),
    ):
        MCPClient(ada).call("write", how="fails")

    assert Product.objects.exists()


def test_our_own_transaction_can_be_asked_for(ada: User) -> None:
    with (
        routed(path("<str:how>/", Writes.as_view())),
        exposing(Writes, ["post"], name="write", atomic=True),
    ):
        MCPClient(ada).call("write", how="fails")

    assert not Product.objects.exists()


class Session(AuthenticationMiddleware):
    """Middleware that would make every caller anonymous for those behind it."""


@pytest.mark.parametrize(
    "dotted", ["django.contrib.auth.middleware.RemoteUserMiddleware", f"{HERE}.Session"]
)
def test_middleware_that_authenticates_is_refused(dotted: str) -> None:
    with routed(path("", Show.as_view())):
        assert problem_of(Show, "get", middleware=[dotted]) == (
            f"the middleware {dotted!r} finds the user by what browsers send, and no call does: "
            "leave it out, as request.user is the caller already"
        )
