"""A reverse proxy that gives an application one folder of its domain."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

HOP_BY_HOP = ("connection", "keep-alive", "transfer-encoding")
WELL_KNOWN = "/.well-known/"
PATIENCE = 60.0


class FolderProxy(ThreadingHTTPServer):
    """Passes on what is asked for in its folder, and what stands where clients look by RFC 8615.

    Anything else is 404, as another tenant of the domain would answer. With `strips_folder` the
    application sees paths that begin below the folder.
    """

    daemon_threads = True

    def __init__(self, folder: str, *, strips_folder: bool) -> None:
        super().__init__(("127.0.0.1", 0), _Passing)
        self.folder = folder
        self.strips_folder = strips_folder
        self.application_port = 0

    @contextmanager
    def running(self) -> Iterator[None]:
        thread = Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield
        finally:
            self.shutdown()
            thread.join()
            self.server_close()


class _Passing(BaseHTTPRequestHandler):
    server: FolderProxy

    def _pass(self) -> None:
        path = self._path_of_application()
        if path is None:
            self.send_error(404)
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        application = HTTPConnection("127.0.0.1", self.server.application_port, timeout=PATIENCE)
        try:
            application.putrequest(self.command, path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in HOP_BY_HOP:
                    application.putheader(name, value)
            application.putheader("X-Forwarded-For", self.client_address[0])
            application.endheaders(body)
            answer = application.getresponse()
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in HOP_BY_HOP:
                    self.send_header(name, value)
            self.end_headers()
            while piece := answer.read1():
                self.wfile.write(piece)
                self.wfile.flush()
        finally:
            application.close()

    do_GET = do_POST = _pass  # noqa: N815  (http.server looks them up)

    def _path_of_application(self) -> str | None:
        if self.path.startswith(WELL_KNOWN):
            return self.path
        if not self.path.startswith(f"{self.server.folder}/"):
            return None
        return (
            self.path.removeprefix(self.server.folder) if self.server.strips_folder else self.path
        )

    def log_message(self, format: str, *args: object) -> None:
        """Write no log."""
