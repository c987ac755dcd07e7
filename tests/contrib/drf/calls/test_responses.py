"""Answers of views: refusals by their status, files, and what is no JSON."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.cache import cache
from django.http import (
    FileResponse,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
    StreamingHttpResponse,
)
from django.urls import path
from django.utils.decorators import method_decorator
from django.views.decorators.cache import cache_page
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.vary import vary_on_headers
from rest_framework import exceptions, parsers, renderers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView

from django_mcp.testing import MCPClient, ToolResult
from tests.contrib.drf.exposure import exposing, problem_of, routed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


class OutOfStock(exceptions.APIException):
    status_code = 409
    default_detail = "It is sold out."


class Teapot(exceptions.APIException):
    status_code = 418
    default_detail = "This is a teapot."


class Down(exceptions.APIException):
    status_code = 503
    default_detail = "The secret host is down."


def answer(of: str) -> Any:
    match of:
        case "field":
            raise exceptions.ValidationError({"of": ["Too long."], "other": [{"x": ["Bad."]}]})
        case "whole":
            raise exceptions.ValidationError("These do not go together.")
        case "denied":
            raise exceptions.PermissionDenied("Not on Sundays.")
        case "anonymous":
            raise exceptions.NotAuthenticated
        case "missing":
            raise exceptions.NotFound
        case "gone":
            return HttpResponse(status=410)
        case "conflict":
            raise OutOfStock
        case "throttled":
            raise exceptions.Throttled(wait=7.2)
        case "teapot":
            raise Teapot
        case "down":
            raise Down
        case "page":
            return HttpResponse("<h1>secret</h1>", status=400)
        case "json":
            return JsonResponse({"error": "No such month.", "code": 17}, status=422)
        case "redirect":
            return HttpResponseRedirect("https://secret.example/")
        case "stream":
            return StreamingHttpResponse(iter([b"a", b"b"]))
        case "file":
            return FileResponse(io.BytesIO(b"%PDF"), filename="a b.pdf", as_attachment=True)
        case "csv":
            return HttpResponse("a;b\n", content_type="text/csv; charset=utf-8")
        case "image":
            return HttpResponse(b"\x89PNG", content_type="image/png")
        case "plain":
            return JsonResponse({"a": 1.10, "b": None})
        case "empty":
            return Response(status=204)
        case _:
            return Response({"ok": True}, headers={"X-Secret": "secret"})


class Answers(APIView):
    """Answer."""

    permission_classes = ()
    throttle_classes: tuple[Any, ...] = ()

    def get(self, request: Request, of: str) -> Any:
        return answer(of)


def call(of: str, user: User) -> ToolResult:
    with routed(path("<str:of>/", Answers.as_view())), exposing(Answers, ["get"], name="answer"):
        return MCPClient(user).call("answer", of=of)


@pytest.mark.parametrize(
    ("of", "kind", "text", "retryable", "retry_after"),
    [
        (
            "field",
            "invalid_arguments",
            "The arguments are invalid.\n- of: Too long.\n- Other[0].x: Bad.",
            False,
            None,
        ),
        ("whole", "invalid_arguments", "These do not go together.", False, None),
        ("denied", "permission_denied", "Not on Sundays.", False, None),
        (
            "anonymous",
            "permission_denied",
            "Authentication credentials were not provided.",
            False,
            None,
        ),
        ("missing", "not_found", "Not found.", False, None),
        ("gone", "not_found", "There is no such object.", False, None),
        ("conflict", "conflict", "It is sold out.", False, None),
        (
            "throttled",
            "rate_limited",
            (
                "Request was throttled. Expected available in 8 seconds.\n"
                "Wait 8 seconds before you try again."
            ),
            True,
            8,
        ),
        ("teapot", "tool_error", "This is a teapot.", False, None),
        ("page", "invalid_arguments", "The values are invalid.", False, None),
        (
            "json",
            "invalid_arguments",
            "The values are invalid.\n- Error: No such month.\n- Code: 17",
            False,
            None,
        ),
    ],
)
def test_refusals_are_told_by_their_status_in_the_words_of_the_api(
    ada: User, of: str, kind: str, text: str, retryable: bool, retry_after: float | None
) -> None:
    result = call(of, ada)

    error = result.error
    assert (error["kind"], result.text) == (kind, text)
    assert (error["retryable"], error["retry_after"]) == (retryable, retry_after)


@pytest.mark.parametrize("of", ["down", "redirect", "stream"])
def test_what_is_no_answer_is_a_failure_without_words(ada: User, of: str) -> None:
    result = call(of, ada)

    assert result.error["kind"] == "failed"
    assert "secret" not in str(result)


def test_files_are_embedded(ada: User) -> None:
    (block,) = call("file", ada).content

    assert block.type == "resource"
    assert block.resource.uri == "attachment:///a%20b.pdf"
    assert block.resource.mime_type == "application/pdf"


@pytest.mark.parametrize(("of", "mime_type"), [("csv", "text/csv"), ("image", "image/png")])
def test_what_is_no_json_is_embedded(ada: User, of: str, mime_type: str) -> None:
    (block,) = call(of, ada).content

    assert block.type == "resource"
    assert block.resource.mime_type == mime_type


def test_json_is_the_value_whatever_made_it(ada: User) -> None:
    assert call("plain", ada).data == {"a": 1.1, "b": None}
    assert call("works", ada).data == {"ok": True}
    assert call("empty", ada).text == "null"


class OncePerHour(UserRateThrottle):
    rate = "1/hour"


class Throttled(Answers):
    throttle_classes = (OncePerHour,)


def test_throttles_of_the_view_count_calls(ada: User, bob: User) -> None:
    with routed(path("<str:of>/", Throttled.as_view())), exposing(Throttled, ["get"], name="a"):
        results = [MCPClient(user).call("a", of="ok") for user in (ada, ada, bob)]

    assert [each.error.get("kind") for each in results] == [None, "rate_limited", None]
    assert 3500 < results[1].error["retry_after"] <= 3600


def envelope(error: Exception, context: Any) -> Response:
    return Response({"message": "It went wrong.", "view": type(context["view"]).__name__}, 409)


class Enveloped(Answers):
    def get_exception_handler(self) -> Any:
        return envelope


def test_exception_handlers_of_the_project_are_asked(ada: User) -> None:
    with routed(path("<str:of>/", Enveloped.as_view())), exposing(Enveloped, ["get"], name="a"):
        result = MCPClient(ada).call("a", of="denied")

    assert result.error["kind"] == "conflict"
    assert result.text == "It went wrong.\nEnveloped"


class CamelCase(renderers.JSONRenderer):
    def render(self, data: Any, *args: Any, **kwargs: Any) -> bytes:
        camel = {name.title().replace("_", ""): each for name, each in data.items()}
        rendered: bytes = super().render(camel, *args, **kwargs)
        return rendered


class Camel(Answers):
    renderer_classes = (renderers.BrowsableAPIRenderer, CamelCase)

    def get(self, request: Request, of: str) -> Response:
        return Response({"is_ok": of})


def test_the_renderer_of_the_view_writes_the_value(ada: User) -> None:
    with routed(path("<str:of>/", Camel.as_view())), exposing(Camel, ["get"], name="a"):
        result = MCPClient(ada).call("a", of="x")

    assert result.data == {"IsOk": "x"}


class OnlyPages(Answers):
    renderer_classes = (renderers.TemplateHTMLRenderer,)
    parser_classes = (parsers.FormParser,)


def test_views_without_json_are_refused() -> None:
    with routed(path("<str:of>/", OnlyPages.as_view())):
        problem = problem_of(OnlyPages, "get")

    assert problem == "the view renders no JSON, which is all that a call has: text/html"


@method_decorator(cache_page(60), name="dispatch")
@method_decorator(vary_on_headers("Authorization"), name="dispatch")
class Cached(Answers):
    def get(self, request: Request, of: str) -> Response:
        return Response({"user": str(request.user)})


def test_a_cache_of_pages_keeps_no_result_of_one_caller_for_another(ada: User, bob: User) -> None:
    with routed(path("<str:of>/", Cached.as_view())), exposing(Cached, ["get"], name="a"):
        results = [MCPClient(user).call("a", of="x").data for user in (ada, bob)]

    assert results == [{"user": "ada"}, {"user": "bob"}]


@method_decorator(csrf_protect, name="dispatch")
@method_decorator(login_required, name="dispatch")
class Protected(Answers):
    def post(self, request: Request, of: str) -> Response:
        return Response({"user": str(request.user)})


def test_decorators_of_the_class_run(ada: User) -> None:
    with routed(path("<str:of>/", Protected.as_view())), exposing(Protected, ["post"], name="a"):
        allowed, refused = MCPClient(ada).call("a", of="x"), MCPClient().call("a", of="x")

    assert allowed.data == {"user": "ada"}
    assert refused.error["kind"] == "failed"  # a redirect to the login


def test_decorators_of_the_urlconf_are_refused() -> None:
    with routed(path("<str:of>/", login_required(Answers.as_view()))):
        problem = problem_of(Answers, "get")

    assert problem == (
        "the URLconf decorates its view, and that would be left out: decorate the class, by "
        "method_decorator(..., name='dispatch')"
    )


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("30", 30), (" 30 ", 30), ("²", None), ("-1", None), ("9" * 5000, None), ("soon", None)],
)
def test_only_a_wait_that_is_a_number_is_told(
    ada: User, header: str, seconds: float | None
) -> None:
    class Busy(APIView):
        """Be busy."""

        permission_classes = ()

        def get(self, request: Request) -> Response:
            response = Response({"detail": "Busy."}, status=429)
            response["Retry-After"] = header
            return response

    with routed(path("busy/", Busy.as_view())), exposing(Busy, ["get"]):
        result = MCPClient(ada).call("busy_get")

    assert (result.error["kind"], result.error["retry_after"]) == ("rate_limited", seconds)
