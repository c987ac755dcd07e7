"""Django's WSGI application as an ASGI one, so that the clients of `tests.wire` can speak to it."""

import asyncio
import io
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from django.core.handlers.wsgi import WSGIHandler

Send = Callable[[dict[str, Any]], None]


class Gateway:
    """A WSGI server, one thread per request.

    As those do, it notices that a client has gone when it sends something, and sends the next piece
    of an answer when the client has taken the one before. `environ` is laid over that of every
    request; `script_name` is taken off its path.
    """

    def __init__(self, environ: Mapping[str, Any] | None = None, *, script_name: str = "") -> None:
        self._handler = WSGIHandler()
        self._script_name = script_name
        self._environ = dict(environ or {})

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message["body"]
            if not message["more_body"]:
                break
        loop = asyncio.get_running_loop()

        def send_from_thread(message: dict[str, Any]) -> None:
            asyncio.run_coroutine_threadsafe(send(message), loop).result()

        is_gone = threading.Event()

        async def watch() -> None:
            await receive()
            is_gone.set()

        watching = loop.create_task(watch())
        serve = partial(self._serve, self._environ_of(scope, body), send_from_thread, is_gone)
        served: asyncio.Future[None] = loop.create_future()

        def run() -> None:
            try:
                serve()
            finally:
                loop.call_soon_threadsafe(served.set_result, None)

        # Of its own, as a server's: the loop's would run out while many requests wait.
        threading.Thread(target=run, name="gateway").start()
        await served
        watching.cancel()

    def _environ_of(self, scope: Mapping[str, Any], body: bytes) -> dict[str, Any]:
        environ: dict[str, Any] = {
            "REQUEST_METHOD": scope["method"],
            "SCRIPT_NAME": self._script_name,
            "PATH_INFO": scope["path"].removeprefix(self._script_name),
            "QUERY_STRING": scope["query_string"].decode(),
            "SERVER_NAME": scope["server"][0],
            "SERVER_PORT": str(scope["server"][1]),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": scope["client"][0],
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.version": (1, 0),
            "wsgi.multithread": True,
            "wsgi.url_scheme": scope["scheme"],
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
        }
        for raw_name, raw_value in scope["headers"]:
            name = raw_name.decode().upper().replace("-", "_")
            key = name if name == "CONTENT_TYPE" else f"HTTP_{name}"
            value = raw_value.decode("latin-1")
            environ[key] = f"{environ[key]},{value}" if key in environ else value
        return environ | self._environ

    def _serve(self, environ: dict[str, Any], send: Send, is_gone: threading.Event) -> None:
        def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
            send(
                {
                    "type": "http.response.start",
                    "status": int(status.split()[0]),
                    "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
                }
            )

        answer = self._handler(environ, start_response)
        try:
            for piece in answer:
                if is_gone.is_set():
                    return
                send({"type": "http.response.body", "body": piece, "more_body": True})
            send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            answer.close()
