"""The endpoint as Django itself serves it: under WSGI, and under ASGI where nothing is mounted."""

import asyncio
import gc
import io
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any, ClassVar

import pytest
from django.core.asgi import get_asgi_application
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from pytest_django import Settings

from django_mcp import ToolContext, tool
from django_mcp.asgi import Application
from django_mcp.primitives.declaration import collecting
from django_mcp.transports.http import json_response
from django_mcp.transports.wsgi import event_loop, event_stream
from tests.background.rows import settled
from tests.clients import client as client
from tests.clients import era as era
from tests.clients import legacy as legacy
from tests.clients import modern as modern
from tests.gateway import Gateway
from tests.keys import PATH
from tests.latch import Latch
from tests.protocol import tools
from tests.protocol.conftest import latch as latch
from tests.protocol.tasks import start
from tests.urlconfs import package_routes, site
from tests.wire import PATIENCE, Answer, Client, Headers, serving

request_id: ContextVar[str] = ContextVar("request_id", default="")

with collecting() as TOOLS:

    @tool(read_only=True)
    async def running_loop() -> int:
        """Identify the event loop."""
        return id(asyncio.get_running_loop())

    @tool(read_only=True)
    def show_request_id() -> str:
        """Give what middleware has called the request."""
        return request_id.get()

    @tool(read_only=True)
    async def ashow_request_id() -> str:
        """Give what middleware has called the request, on the loop."""
        return request_id.get()

    @tool(read_only=True)
    async def areport_and_hold(context: ToolContext) -> str:
        """Report once, then wait in silence until the test opens the latch."""
        try:
            await context.areport_progress(1)
            await tools.latch.pause("held")
        except asyncio.CancelledError:
            tools.latch.note("cancelled")
            raise
        return "over"


GATEWAYS: dict[str, Callable[[], Application]] = {"wsgi": Gateway, "asgi": get_asgi_application}


@pytest.fixture(params=["wsgi"])
def gateway(request: pytest.FixtureRequest) -> str:
    return str(request.param)


by_both = pytest.mark.parametrize("gateway", GATEWAYS, indirect=True)


@pytest.fixture
def application(transactional_db: None, settings: Settings, gateway: str) -> Iterator[Application]:
    """Django without the mount, for anybody, with streams."""
    settings.DJANGO_MCP_AUTHENTICATORS = [PATH]
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
    settings.DJANGO_MCP_WSGI_STREAMS = True
    with serving([*tools.TOOLS, *TOOLS]):
        yield GATEWAYS[gateway]()


def called(client: Client, name: str, /, **arguments: Any) -> Answer:
    return asyncio.run(client.acall(name, **arguments))


def posted(
    client: Client, *body: bytes, http_method: str = "POST", headers: Headers | None = None
) -> Answer:
    async def scenario() -> Answer:
        async with client.opening(*body, http_method=http_method, headers=headers) as opened:
            return await opened.answer()

    return asyncio.run(scenario())


@by_both
@pytest.mark.parametrize("tool", ["echo", "aecho"])
def test_tool_answers_a_client_of_either_era(client: Client, tool: str) -> None:
    assert called(client, tool, text="abc").result["structuredContent"] == {"result": "abc"}


@by_both
@pytest.mark.parametrize("tool", ["query", "aquery"])
def test_tool_asks_the_database(modern: Client, tool: str) -> None:
    assert called(modern, tool).result["isError"] is False


def test_requests_share_one_event_loop(modern: Client) -> None:
    loops = [called(modern, "running_loop").result["structuredContent"] for _ in range(2)]

    assert loops[0] == loops[1]


@by_both
def test_progress_arrives_while_the_tool_runs(client: Client, latch: Latch) -> None:
    async def scenario() -> Answer:
        async with client.calling("ahold_and_report", token="p") as opened:
            await opened.arrival(1)
            latch.open()
            return await opened.answer()

    answer = asyncio.run(scenario())

    assert answer.header("content-type") == ["text/event-stream"]
    assert answer.progress[0]["progressToken"] == "p"
    assert answer.result["isError"] is False


@pytest.fixture
def probing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A silent stream finds out at once that its client has gone."""
    monkeypatch.setattr(event_stream, "PROBE_INTERVAL_SECONDS", 0.05)


@pytest.mark.implementation
@by_both
@pytest.mark.usefixtures("probing")
def test_modern_client_that_leaves_a_stream_cancels_its_call(modern: Client, latch: Latch) -> None:
    async def scenario() -> None:
        async with modern.calling("areport_and_hold", token="p") as opened:
            await opened.arrival(1)
            assert await latch.arrival() == "held"
            opened.leave()
            assert await latch.arrival() == "cancelled"

    asyncio.run(scenario())


@pytest.mark.implementation
@pytest.mark.usefixtures("probing")
def test_call_of_a_legacy_client_that_leaves_runs_to_its_end(legacy: Client, latch: Latch) -> None:
    async def scenario() -> None:
        async with legacy.calling("ahold_and_report", token="p") as opened:
            await opened.arrival(1)
            assert await latch.arrival() == "ahold_and_report"
            opened.leave()
            await asyncio.wait_for(asyncio.shield(opened.task), PATIENCE)
            latch.open()
            assert await latch.arrival() == "reported"

    asyncio.run(scenario())


class Replacement:
    """Middleware that answers in the place of the view, which has answered already."""

    kept: ClassVar[list[HttpResponseBase]] = []
    is_keeping = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        if self.is_keeping:
            self.kept.append(response)
        return HttpResponse("replaced")


@pytest.mark.implementation
@by_both
@pytest.mark.parametrize("is_keeping", [False, True], ids=["dropped", "kept"])
def test_call_whose_stream_nobody_reads_is_cancelled(
    modern: Client,
    settings: Settings,
    latch: Latch,
    gateway: str,
    is_keeping: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Replacement, "is_keeping", is_keeping)
    monkeypatch.setattr(Replacement, "kept", [])
    if is_keeping:
        monkeypatch.setattr(event_stream, "UNREAD_SECONDS", 0.05)
    settings.MIDDLEWARE = [f"{__name__}.Replacement"]
    replaced = modern.having(application=GATEWAYS[gateway]())

    async def scenario() -> None:
        async with replaced.calling("areport_and_hold", token="p") as opened:
            assert (await opened.answer()).body == b"replaced"
            gc.collect()
            while await latch.arrival() != "cancelled":
                pass

    asyncio.run(scenario())

    assert len(Replacement.kept) == is_keeping


def test_client_listens_to_a_task(modern: Client, latch: Latch) -> None:
    async def scenario() -> Answer:
        task_id = await start(modern.with_tasks(), "work", to=1)
        await latch.arrival()
        wanted = {"notifications": {"taskIds": [task_id]}}
        async with modern.with_tasks().sending("subscriptions/listen", wanted) as opened:
            await opened.arrival(2)
            latch.open()
            return await opened.answer()

    answer = asyncio.run(scenario())

    settled()
    assert answer.messages[-2]["params"]["status"] == "completed"
    assert answer.result["resultType"] == "complete"


@pytest.mark.implementation
def test_requests_that_an_ending_process_has_left_are_told_to_come_again(
    modern: Client, settings: Settings, latch: Latch, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DJANGO_MCP_WSGI_STREAMS = False
    monkeypatch.setattr(event_loop, "_current", None)

    async def scenario() -> list[Answer]:
        async with modern.calling("ahold", name="a") as opened:
            await latch.arrival()
            await asyncio.to_thread(event_loop.event_loop().end)
            return [await opened.answer(), await modern.acall("echo", text="a")]

    interrupted, late = asyncio.run(scenario())

    assert (interrupted.status, late.status) == (503, 503)
    assert late.header("retry-after") == ["5"]


# Without streams, as in production unless the project asks for them.


def test_streams_are_sent_as_debug_says_where_nothing_else_is_said(
    modern: Client, settings: Settings
) -> None:
    del settings.DJANGO_MCP_WSGI_STREAMS
    kinds = []
    for settings.DEBUG in (True, False):
        kinds += asyncio.run(_with_progress(modern)).header("content-type")

    assert kinds == ["text/event-stream", "application/json"]


async def _with_progress(client: Client) -> Answer:
    async with client.calling("count", token="p", to=3) as opened:
        return await opened.answer()


def test_answer_without_streams_is_one_piece_of_json(client: Client, settings: Settings) -> None:
    settings.DJANGO_MCP_WSGI_STREAMS = False

    answer = asyncio.run(_with_progress(client))

    assert answer.header("content-type") == ["application/json"]
    assert answer.header("content-length") == [str(len(answer.body))]
    assert answer.progress == []
    assert answer.result["structuredContent"] == {"result": 3}


@pytest.mark.parametrize("streams", [True, False])
def test_log_messages_are_promised_and_sent_where_there_are_streams(
    modern: Client, settings: Settings, streams: bool
) -> None:
    settings.DJANGO_MCP_WSGI_STREAMS = streams

    async def scenario() -> tuple[Answer, Answer]:
        async with modern.calling("log_each", log_level="info", levels=["error"]) as opened:
            return await modern.asend("server/discover"), await opened.answer()

    discovered, answer = asyncio.run(scenario())

    assert discovered.result["capabilities"].get("logging") == ({} if streams else None)
    assert [message["data"] for message in answer.logs] == (["at error"] if streams else [])
    assert answer.result["structuredContent"] == {"result": 1}


@pytest.mark.implementation
def test_call_without_streams_stays_in_one_piece_however_long_it_takes(
    modern: Client, settings: Settings, latch: Latch, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DJANGO_MCP_WSGI_STREAMS = False
    monkeypatch.setattr(json_response, "PING_INTERVAL_SECONDS", 0.01)
    monkeypatch.setattr(json_response, "ATTENDED_AFTER_SECONDS", 0.0)

    async def scenario() -> Answer:
        async with modern.calling("ahold", name="a") as opened:
            await latch.arrival()
            # Many times the interval after which a stream would have begun.
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(opened.news(), 0.2)
            latch.open()
            return await opened.answer()

    assert asyncio.run(scenario()).header("content-type") == ["application/json"]


def test_listener_is_told_what_to_set_where_there_are_no_streams(
    modern: Client, settings: Settings
) -> None:
    settings.DJANGO_MCP_WSGI_STREAMS = False

    answer = asyncio.run(modern.asend("subscriptions/listen", {"notifications": {}}))

    assert (answer.status, answer.messages[0]["id"]) == (404, 1)
    assert answer.error["code"] == -32601
    assert "DJANGO_MCP_WSGI_STREAMS" in answer.error["message"]
    assert "mount()" in answer.error["message"]


# What a request has to get past.


class InvalidChunkSizeError(Exception):
    """Of a server's own."""


class Input(io.BytesIO):
    """The body as a server hands it over; `error` says why it cannot be read."""

    def __init__(self, body: bytes = b"", *, error: Exception | None = None) -> None:
        super().__init__(body)
        self.was_atomic: list[bool] = []
        self._error = error

    def read(self, size: int | None = -1) -> bytes:
        if self._error is not None:
            raise self._error
        self.was_atomic += [each.in_atomic_block for each in connections.all()]
        return super().read(size)


def test_client_without_credentials_learns_so_although_its_body_never_comes(
    modern: Client, settings: Settings
) -> None:
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = False
    broken = Gateway(
        {"CONTENT_LENGTH": "100", "wsgi.input": Input(error=OSError("the client has gone"))}
    )

    answer = posted(modern.having(application=broken))

    assert answer.status == 401
    (challenge,) = answer.header("www-authenticate")
    assert challenge.startswith('Key realm="default"')
    assert answer.error["code"] == 401


@pytest.mark.parametrize(
    ("environ", "status"),
    [
        ({}, 401),
        ({"HTTP_ORIGIN": "https://elsewhere.example"}, 403),
        ({"REQUEST_METHOD": "PUT"}, 405),
        ({"CONTENT_LENGTH": "9" * 26}, 413),
    ],
    ids=["401", "403", "405", "413"],
)
def test_refusal_by_the_headers_alone_waits_for_no_body(
    modern: Client, settings: Settings, environ: dict[str, Any], status: int
) -> None:
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = False
    body = Input(b"x" * 1_000_000)
    environ = {"CONTENT_LENGTH": "1000000", "wsgi.input": body, **environ}

    answer = posted(modern.having(application=Gateway(environ)))

    assert (answer.status, body.tell()) == (status, 0)


@pytest.mark.parametrize(
    "environ",
    [{"wsgi.multithread": False}, {"uwsgi.version": b"2.0"}],
    ids=["one-thread", "uwsgi"],
)
def test_body_of_a_refused_request_is_passed_over_where_the_server_does_not(
    modern: Client, settings: Settings, environ: dict[str, Any]
) -> None:
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = False
    body = Input(b"x" * 100_000)
    environ = {"CONTENT_LENGTH": "100000", "wsgi.input": body, **environ}

    answer = posted(modern.having(application=Gateway(environ)))

    assert (answer.status, body.tell()) == (401, 100_000)


@pytest.mark.parametrize(
    ("environ", "connection"), [({}, []), ({"uwsgi.version": b"2.0"}, ["close"])]
)
def test_client_is_told_where_the_server_closes_its_connection(
    modern: Client, environ: dict[str, Any], connection: list[str]
) -> None:
    document = "/.well-known/oauth-authorization-server/o"
    requests = [
        ("POST", "/mcp"),
        ("GET", document),
        ("POST", "/o/register/"),
        ("POST", "/o/token/"),
    ]

    answers = [
        posted(modern.having(application=Gateway(environ), path=path), http_method=method)
        for method, path in requests
    ]

    assert [answer.header("connection") for answer in answers] == [connection] * len(requests)


class SlowInput(io.BytesIO):
    """Comes at 100 kB a second; a server waits until it has as much as it was asked for."""

    def read(self, size: int | None = -1) -> bytes:
        piece = super().read(size)
        time.sleep(len(piece) / 100_000)  # the slowness of the client, which is what is tested
        return piece


def test_body_that_comes_slowly_holds_its_thread_little_longer_than_it_may(
    modern: Client, settings: Settings
) -> None:
    settings.DJANGO_MCP_BODY_TIMEOUT = 0.05
    body = SlowInput(b"x" * 1_000_000)
    environ = {"CONTENT_LENGTH": "1000000", "wsgi.input": body}

    answer = posted(modern.having(application=Gateway(environ)))

    assert answer.status == 408
    assert body.tell() < 60_000


@pytest.mark.parametrize(
    "environ",
    [
        {"CONTENT_LENGTH": "100", "wsgi.input": Input(error=OSError("the client has gone"))},
        {"CONTENT_LENGTH": "100", "wsgi.input": Input(b"{}")},
        {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": Input(b"{}")},
        {
            "CONTENT_LENGTH": "",
            "HTTP_TRANSFER_ENCODING": "chunked",
            "wsgi.input": Input(error=InvalidChunkSizeError()),
            "wsgi.input_terminated": True,
        },
    ],
    ids=["client-gone", "cut-off", "end-unknown", "malformed-chunks"],
)
def test_body_that_cannot_be_read_is_answered_with_400(
    modern: Client, environ: dict[str, Any]
) -> None:
    answer = posted(modern.having(application=Gateway(environ)))

    assert answer.status == 400
    assert "Content-Length" in answer.error["message"]


def test_port_that_is_none_is_no_obstacle(modern: Client) -> None:
    ports = {"SERVER_PORT": "9" * 5000, "REMOTE_PORT": "9" * 5000}

    answer = called(modern.having(application=Gateway(ports)), "echo", text="a")

    assert answer.result["isError"] is False


def test_body_in_chunks_is_read_where_the_server_marks_its_end(modern: Client) -> None:
    headers, body = modern.request("tools/call", {"name": "echo", "arguments": {"text": "abc"}})
    environ = {
        "CONTENT_LENGTH": "",
        "HTTP_TRANSFER_ENCODING": "chunked",
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
    }

    answer = posted(modern.having(application=Gateway(environ)), body, headers=headers)

    assert answer.result["structuredContent"] == {"result": "abc"}


@pytest.mark.parametrize("length", ["5000000", "many"])
def test_declared_length_is_looked_at_before_the_body(modern: Client, length: str) -> None:
    answer = posted(modern.having(application=Gateway({"CONTENT_LENGTH": length})))

    assert answer.status == (413 if length.isdecimal() else 400)


def test_long_body_arrives_whole(modern: Client) -> None:
    text = "x" * 200_000

    assert called(modern, "echo", text=text).result["structuredContent"] == {"result": text}


@by_both
def test_header_that_comes_twice_is_refused(modern: Client) -> None:
    headers, body = modern.request("tools/call", {"name": "echo", "arguments": {"text": "abc"}})
    version = str(headers["MCP-Protocol-Version"])

    twice = posted(modern, body, headers={**headers, "MCP-Protocol-Version": [version, version]})
    both = posted(modern, body, headers={**headers, "Authorization": ["Key -", "Bearer x"]})

    assert twice.error["code"] == -32020
    assert both.status == 401


def test_preflight_of_a_browser_is_answered(modern: Client, settings: Settings) -> None:
    settings.DJANGO_MCP_ALLOWED_ORIGINS = ["https://page.example"]

    answer = posted(
        modern,
        http_method="OPTIONS",
        headers={"Origin": "https://page.example", "Access-Control-Request-Method": "POST"},
    )

    assert answer.status == 204
    assert answer.header("access-control-allow-origin") == ["https://page.example"]
    assert answer.header("content-type") == []


def test_only_post_is_served(modern: Client) -> None:
    answer = posted(modern, http_method="GET")

    assert (answer.status, answer.header("allow")) == (405, ["POST"])


@by_both
def test_login_csrf_and_atomic_requests_do_not_concern_the_endpoint(
    modern: Client, settings: Settings, gateway: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE,
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
    ]
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)
    headers, body = modern.request("tools/call", {"name": "echo", "arguments": {"text": "abc"}})
    read = Input(body)
    fresh = get_asgi_application() if gateway == "asgi" else Gateway({"wsgi.input": read})

    answer = posted(modern.having(application=fresh), body, headers=headers)

    assert answer.result["structuredContent"] == {"result": "abc"}
    assert not any(read.was_atomic)


class RequestId:
    """Middleware that names each request for the log."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id.set(request.headers["X-Request-Id"])
        return self._get_response(request)


class BodyReader:
    """Middleware that reads the body of each request, as those do that log it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        assert request.body
        return self._get_response(request)


@by_both
def test_body_that_middleware_has_read_is_served(
    modern: Client, settings: Settings, gateway: str
) -> None:
    settings.MIDDLEWARE = [f"{__name__}.BodyReader"]

    answer = called(modern.having(application=GATEWAYS[gateway]()), "echo", text="abc")

    assert answer.result["structuredContent"] == {"result": "abc"}


@by_both
@pytest.mark.parametrize("tool", ["show_request_id", "ashow_request_id"])
def test_what_middleware_keeps_in_context_variables_reaches_tools(
    modern: Client, settings: Settings, gateway: str, tool: str
) -> None:
    settings.MIDDLEWARE = [f"{__name__}.RequestId"]
    named = modern.having(application=GATEWAYS[gateway](), headers={"X-Request-Id": "a7"})

    assert called(named, tool).result["structuredContent"] == {"result": "a7"}


def test_middleware_that_buffers_keeps_no_event_back(
    modern: Client, settings: Settings, latch: Latch
) -> None:
    settings.MIDDLEWARE = [
        "django.middleware.gzip.GZipMiddleware",
        "django.middleware.http.ConditionalGetMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.locale.LocaleMiddleware",
        "django.middleware.common.CommonMiddleware",
    ]
    zipped = modern.having(application=Gateway(), headers={"Accept-Encoding": "gzip"})

    async def scenario() -> Answer:
        async with zipped.calling("ahold_and_report", token="p") as opened:
            await opened.arrival(1)
            latch.open()
            return await opened.answer()

    answer = asyncio.run(scenario())

    assert answer.header("content-encoding") == []
    assert answer.result["isError"] is False


@pytest.mark.parametrize(
    ("script_name", "path"),
    [
        ("", "/back/office/mcp"),
        ("", "/back/office/mcp/"),
        ("/back", "/back/office/mcp"),
        ("/back/office", "/back/office/mcp/"),
    ],
)
def test_prefix_that_the_server_takes_off_belongs_to_the_path(
    modern: Client, settings: Settings, script_name: str, path: str
) -> None:
    settings.DJANGO_MCP_URL = "http://testserver/back/office/mcp"
    settings.ROOT_URLCONF = site(*package_routes())
    client = modern.having(application=Gateway(script_name=script_name), path=path)

    assert called(client, "echo", text="a").result["isError"] is False


def test_prefix_that_django_is_told_belongs_to_the_path(modern: Client, settings: Settings) -> None:
    settings.DJANGO_MCP_URL = "http://testserver/back/mcp"
    settings.FORCE_SCRIPT_NAME = "/back"
    settings.ROOT_URLCONF = site(*package_routes())

    answer = called(modern.having(application=Gateway(), path="/mcp"), "echo", text="a")

    assert answer.result["isError"] is False


@pytest.mark.parametrize("script_name", ["", "/other", "/back/office"])
def test_endpoint_is_at_its_own_path_alone(
    modern: Client, settings: Settings, script_name: str
) -> None:
    settings.DJANGO_MCP_URL = "http://testserver/back/mcp"
    settings.ROOT_URLCONF = site(*package_routes())
    path = f"{script_name}/mcp"

    answer = posted(modern.having(application=Gateway(script_name=script_name), path=path))

    assert answer.status == 404
