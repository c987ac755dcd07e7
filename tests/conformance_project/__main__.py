"""Serve the project until SIGTERM: `python -m tests.conformance_project --port 8204 [--auth]`."""

import argparse
import http.client
import json
import os
import signal
import socket
import sys
import tempfile
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import django
import uvicorn
from django.core.management import call_command
from django.db import connections
from uvicorn.supervisors import Multiprocess

from django_mcp.endpoints import get_endpoints
from tests.conformance_project.options import Options


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.conformance_project",
        description="Serve the conformance project. One JSON line on stdout says when and where. "
        "The database is a temporary SQLite file, or the one that DATABASE_URL names, which is "
        "emptied first.",
    )
    parser.add_argument("--port", type=int, default=8204, help="0 takes a free one")
    parser.add_argument("--auth", action="store_true", help="scopes on the tools, nobody anonymous")
    parser.add_argument("--no-audit", action="store_true", help="keep no record of calls")
    parser.add_argument("--workers", type=int, default=1)
    return parser.parse_args()


def listen(port: int) -> socket.socket:
    """Bind and listen at once, so that whoever connects early waits for the server to start."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(2048)
    listener.set_inheritable(True)
    return listener


def announce(options: Options, tokens: dict[str, str]) -> None:
    """Print where the server is as soon as it has answered a request."""
    parts = urlsplit(options.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
    try:
        connection.request("GET", parts.path)
        connection.getresponse().read()
    except OSError:
        return  # the server ended before it was ready, and has said why itself
    finally:
        connection.close()
    print(json.dumps({"url": options.url, "tokens": tokens}), flush=True)


def main() -> None:
    arguments = parse_arguments()
    # Uvicorn ends gracefully on SIGTERM and then raises it again: leave through `finally` then.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with tempfile.TemporaryDirectory() as directory, listen(arguments.port) as listener:
        database_url = os.environ.get("DATABASE_URL", "")
        options = Options(
            url=f"http://127.0.0.1:{listener.getsockname()[1]}/mcp",
            database_url=database_url or f"sqlite:///{Path(directory, 'db.sqlite3')}",
            auth=arguments.auth,
            record=not arguments.no_audit,
        )
        os.environ.update(options.to_environment())
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.conformance_project.settings"
        django.setup()
        call_command("migrate", interactive=False, verbosity=0)
        if database_url:
            call_command("flush", interactive=False, verbosity=0)
        serve(listener, options, workers=arguments.workers)


def serve(listener: socket.socket, options: Options, *, workers: int) -> None:
    tokens: dict[str, str] = {}
    if options.auth:
        # What it imports needs the models, which exist only after django.setup().
        from tests.conformance_project.tokens import make_tokens

        tokens = make_tokens(get_endpoints().default)
    connections.close_all()
    config = uvicorn.Config(
        "tests.conformance_project.asgi:application",
        workers=workers,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=3,
    )
    Thread(target=announce, args=(options, tokens), daemon=True).start()
    if workers == 1:
        uvicorn.Server(config).run(sockets=[listener])
    else:
        Multiprocess(config, sockets=[listener]).run()


if __name__ == "__main__":
    main()
