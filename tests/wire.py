"""The wire as clients see it: raw HTTP requests to the application, every answer checked."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from asgiref.sync import async_to_sync
from django.core.asgi import get_asgi_application
from mcp.shared.inbound import encode_header_value

from django_mcp.asgi import Application, mount
from django_mcp.policy.snapshot import forget_snapshot
from django_mcp.primitives.declaration import Declaration
from django_mcp.primitives.registry import Registry, build, using_registry
from django_mcp.testing.inline import inline
from tests.polls import PATIENCE as PATIENCE
from tests.spec import LEGACY, MODERN, check_message

Headers = Mapping[str, str | Sequence[str] | None]
"""Headers to send; a list sends one several times, None leaves one out."""

JSON = "application/json"

LOG_LEVEL = "io.modelcontextprotocol/logLevel"
"""The member of `_meta` by which a request of 2026-07-28 asks for log messages."""

TASKS = "io.modelcontextprotocol/tasks"
"""The extension whose clients take tasks (SEP-2663)."""


_resolved: dict[tuple[int, ...], tuple[Sequence[Declaration], Registry]] = {}


def registry_of(declared: Iterable[Declaration]) -> Registry:
    """A registry of these tools, which are resolved once: that takes longer than most tests.

    The declarations are kept with it, so that no others come by their ids.
    """
    declarations = tuple(declared)
    key = tuple(map(id, declarations))
    if key not in _resolved:
        _resolved[key] = (declarations, build(declarations))
    # A new one each time, as at the start of a process: what others remember of it is forgotten.
    return Registry(primitives=_resolved[key][1].primitives)


@contextmanager
def serving(declared: Iterable[Declaration]) -> Iterator[Application]:
    """The whole application, with these tools instead of the project's."""
    with using_registry(registry_of(declared)):
        forget_snapshot()
        yield mount(get_asgi_application())
    forget_snapshot()


def messages_in(body: bytes, kind: str, *, era: str, method: str) -> list[dict[str, Any]]:
    """The JSON-RPC messages that answer a request, each checked against the schema of its era.

    `kind` is the content type, of JSON or of a stream of events; a stream may be cut off.
    """
    if kind == JSON:
        document = json.loads(body or b"{}")
        found = [document] if "jsonrpc" in document else []
    else:
        events = body.replace(b"\r\n", b"\n").split(b"\n\n")[:-1]
        found = [json.loads(data) for event in events if (data := _data_of(event))]
    for message in found:
        check_message(message, era=era, method=method)
    return found


def _data_of(event: bytes) -> bytes:
    prefix = b"data: "
    lines = [line for line in event.split(b"\n") if line.startswith(prefix)]
    return b"\n".join(line.removeprefix(prefix) for line in lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP response, and the JSON-RPC messages in it."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes
    messages: Sequence[dict[str, Any]]

    def header(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name.lower()]

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def result(self) -> dict[str, Any]:
        """The result of the request; fails when it has none."""
        assert self.status == 200, (self.status, self.text)
        assert "result" in self.messages[-1], self.messages[-1]
        result: dict[str, Any] = self.messages[-1]["result"]
        return result

    @property
    def error(self) -> dict[str, Any]:
        """The JSON-RPC error that answers the request; fails when there is none."""
        assert self.messages, (self.status, self.text)
        assert "error" in self.messages[-1], self.messages[-1]
        error: dict[str, Any] = self.messages[-1]["error"]
        return error

    @property
    def progress(self) -> list[dict[str, Any]]:
        """The params of the progress notifications."""
        return [m["params"] for m in self.messages[:-1] if m["method"] == "notifications/progress"]

    @property
    def logs(self) -> list[dict[str, Any]]:
        """The params of the log messages."""
        return [m["params"] for m in self.messages[:-1] if m["method"] == "notifications/message"]


@dataclass(slots=True, kw_only=True)
class Conversation:
    """A request that is being served; its client can hang up."""

    era: str
    method: str
    _unread: list[bytes]
    _more_comes: bool
    _left: asyncio.Event = field(default_factory=asyncio.Event)
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _start: dict[str, Any] = field(default_factory=dict)
    _body: bytes = b""
    _is_complete: bool = False
    task: "asyncio.Task[None]" = field(init=False)

    def leave(self) -> None:
        """Hang up."""
        self._left.set()

    @property
    def has_answer(self) -> bool:
        """Whether a response has at least begun."""
        return bool(self._start)

    @property
    def unread(self) -> int:
        """How many pieces of the body the application has not taken."""
        return len(self._unread)

    @property
    def body(self) -> bytes:
        """What has arrived so far."""
        return self._body

    async def news(self) -> None:
        """Wait until anything more arrives."""
        self._arrived.clear()
        await self._arrived.wait()

    async def arrival(self, count: int = 1) -> list[dict[str, Any]]:
        """Wait until so many messages have arrived, and return them."""
        async with asyncio.timeout(PATIENCE):
            while len(self._messages()) < count:
                await self.news()
        return self._messages()

    async def answer(self) -> Answer:
        """The whole response, once the application has finished it."""
        await asyncio.wait_for(asyncio.shield(self.task), PATIENCE)
        assert self._is_complete, "the application returned without a complete response"
        return Answer(
            status=self._start["status"],
            headers=[(k.decode().lower(), v.decode()) for k, v in self._start["headers"]],
            body=self._body,
            messages=self._messages(),
        )

    def _messages(self) -> list[dict[str, Any]]:
        kinds = [v.decode() for k, v in self._start.get("headers", ()) if k == b"content-type"]
        if not kinds or (kinds[0] == JSON and not self._is_complete):
            return []
        return messages_in(self._body, kinds[0], era=self.era, method=self.method)

    async def receive(self) -> dict[str, Any]:
        if self._unread:
            body = self._unread.pop(0)
            more = bool(self._unread) or self._more_comes
            return {"type": "http.request", "body": body, "more_body": more}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Mapping[str, Any]) -> None:
        if self._left.is_set():
            return  # as servers do with what nobody will read
        if message["type"] == "http.response.start":
            self._start = dict(message)
        else:
            self._body += message.get("body", b"")
            self._is_complete = not message.get("more_body", False)
        self._arrived.set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A client of one era. What it sends is correct unless a test says otherwise."""

    application: Application
    era: str = MODERN
    headers: Headers = field(default_factory=dict)
    path: str = "/mcp"
    scope: Mapping[str, Any] = field(default_factory=dict)
    capabilities: Mapping[str, Any] = field(default_factory=dict)

    def having(self, **changes: Any) -> "Client":
        """The same client, with some things different; headers are added."""
        headers = {**self.headers, **changes.pop("headers", {})}
        return replace(self, headers=headers, **changes)

    def with_key(self, key: str) -> "Client":
        """A client that shows this credential to `tests.keys`."""
        return self.having(headers={"Authorization": f"Key {key}"})

    def with_token(self, token: str) -> "Client":
        return self.having(headers={"Authorization": f"Bearer {token}"})

    def with_tasks(self) -> "Client":
        """A client that declares the tasks extension, if its era can."""
        return self.having(capabilities={"extensions": {TASKS: {}}})

    def with_forms(self) -> "Client":
        """The same client, which also says that it shows forms to its user."""
        return self.having(capabilities={**self.capabilities, "elicitation": {}})

    # In the test's own thread and transaction.

    def call(self, name: str, /, **arguments: Any) -> Answer:
        """Call a tool."""
        return self.send("tools/call", {"name": name, "arguments": arguments})

    def send(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        *,
        meta: Mapping[str, Any] | None = None,
        headers: Headers | None = None,
    ) -> Answer:
        """Send one request and read the whole answer."""
        sent, body = self.request(method, params, meta=meta)
        return self.post(body, headers={**sent, **(headers or {})})

    def post(
        self,
        *body: bytes,
        headers: Headers | None = None,
        http_method: str = "POST",
    ) -> Answer:
        """Send any body (in pieces, if there are several) and read the whole answer."""

        async def exchange() -> Answer:
            async with self.opening(*body, headers=headers, http_method=http_method) as opened:
                return await opened.answer()

        with inline():
            return async_to_sync(exchange)()

    # On the threads of the server, as in production.

    async def acall(self, name: str, /, **arguments: Any) -> Answer:
        return await self.asend("tools/call", {"name": name, "arguments": arguments})

    async def asend(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        *,
        meta: Mapping[str, Any] | None = None,
        headers: Headers | None = None,
    ) -> Answer:
        async with self.sending(method, params, meta=meta, headers=headers) as opened:
            return await opened.answer()

    @asynccontextmanager
    async def sending(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        *,
        meta: Mapping[str, Any] | None = None,
        headers: Headers | None = None,
    ) -> AsyncIterator[Conversation]:
        """Send a request, and watch how it is answered."""
        sent, body = self.request(method, params, meta=meta)
        async with self.opening(body, headers={**sent, **(headers or {})}) as opened:
            yield opened

    @asynccontextmanager
    async def calling(
        self, name: str, /, *, token: Any = None, log_level: Any = None, **arguments: Any
    ) -> AsyncIterator[Conversation]:
        """Call a tool, and watch how it is answered.

        The request asks for progress where a token is given, and for log messages where a level is.
        """
        meta = {} if token is None else {"progressToken": token}
        meta = meta if log_level is None else {**meta, LOG_LEVEL: log_level}
        params = {"name": name, "arguments": arguments}
        headers, body = self.request("tools/call", params, meta=meta)
        async with self.opening(body, headers=headers) as opened:
            yield opened

    @asynccontextmanager
    async def opening(
        self,
        *body: bytes,
        headers: Headers | None = None,
        http_method: str = "POST",
        more_comes: bool = False,
    ) -> AsyncIterator[Conversation]:
        """Open one HTTP request; the block ends it."""
        sent = {**self._usual_headers(), **self.headers, **(headers or {})}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": http_method,
            "scheme": "http",
            "path": self.path,
            "raw_path": self.path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": list(_raw(sent)),
            "client": ("203.0.113.9", 40000),
            "server": ("testserver", 80),
            **self.scope,
        }
        opened = Conversation(
            era=self.era,
            method=_method_of(body),
            _unread=list(body) if body or more_comes else [b""],
            _more_comes=more_comes,
        )
        opened.task = asyncio.create_task(
            self._run(scope, opened), name=f"{http_method} {self.path}"
        )
        try:
            yield opened
        finally:
            opened.leave()
            await asyncio.wait_for(opened.task, PATIENCE)

    async def _run(self, scope: dict[str, Any], opened: Conversation) -> None:
        await self.application(scope, opened.receive, opened.send)

    def request(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        *,
        meta: Mapping[str, Any] | None = None,
        id: Any = 1,
    ) -> tuple[dict[str, str | Sequence[str] | None], bytes]:
        """The headers and the body of a correct request, for tests that bend them."""
        headers: dict[str, str | Sequence[str] | None] = {"MCP-Protocol-Version": self.era}
        sent = dict(params or {})
        if self.era == MODERN:
            meta = {
                "io.modelcontextprotocol/protocolVersion": MODERN,
                "io.modelcontextprotocol/clientCapabilities": dict(self.capabilities),
                **(meta or {}),
            }
            headers["Mcp-Method"] = method
            name = sent.get(_name_key(method))
            if isinstance(name, str):
                headers["Mcp-Name"] = encode_header_value(name)
        if meta:
            sent["_meta"] = dict(meta)
        message = {"jsonrpc": "2.0", "id": id, "method": method, "params": sent}
        return headers, json.dumps(message).encode()

    def initialize(self) -> Answer:
        """The handshake of a 2025-era client."""
        assert self.era == LEGACY
        return self.send(
            "initialize",
            {
                "protocolVersion": LEGACY,
                "capabilities": dict(self.capabilities),
                "clientInfo": {"name": "wire", "version": "1"},
            },
        )

    def _usual_headers(self) -> dict[str, str]:
        return {
            "Host": "testserver",
            "Content-Type": JSON,
            "Accept": "application/json, text/event-stream",
            "User-Agent": "wire/1",
        }


def _name_key(method: str) -> str:
    """The parameter that the header `Mcp-Name` repeats."""
    if method == "resources/read":
        return "uri"
    return "taskId" if method.startswith("tasks/") else "name"


def _raw(headers: Headers) -> Iterator[tuple[bytes, bytes]]:
    for name, value in headers.items():
        values = [value] if isinstance(value, str) else value or ()
        for each in values:
            yield name.lower().encode("latin-1"), each.encode("latin-1")


def _method_of(body: Sequence[bytes]) -> str:
    try:
        message = json.loads(b"".join(body))
    except (ValueError, RecursionError):
        return ""
    return str(message.get("method", "")) if isinstance(message, dict) else ""
