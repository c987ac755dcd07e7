"""`python -m example_project.demo [--exit]`: prepare, serve, tour, and stay.

DEMO_PORT picks the port, DATABASE_URL the database, REDIS_URL what carries work to the worker;
otherwise all of that lives in `.demo/`, or the folder that DEMO_DIR names.
"""

import argparse
import asyncio
import io
import os
import shlex
import signal
import sys
from collections import Counter
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

import django
from django.apps import apps
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.db import connections
from django.utils import timezone

from example_project.demo import earlier_runs, invitation, terminal, tour
from example_project.demo.client import UnexpectedError
from example_project.demo.processes import ProcessError
from example_project.demo.server import DEFAULT_PORT, HOST, Server, choose_port
from example_project.demo.tokens import Tokens
from example_project.demo.worker import COMMAND, Worker

ROOT = Path(__file__).resolve().parents[2]
READ = "expense:read report:read deploy:read"
READ_AND_WRITE = f"{READ} expense:write deploy:write"
SHOWN_TOKEN_SECONDS = 30 * 24 * 3600


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m example_project.demo", description=__doc__)
    parser.add_argument("--exit", action="store_true", help="stop after the tour")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, _interrupt)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that lacks a character of the tour shows a question mark for it.
        sys.stdout.reconfigure(errors="replace")
    try:
        run(stays=not options.exit)
    except KeyboardInterrupt:
        terminal.say("Stopped.")
    except ProcessError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except UnexpectedError as error:
        print(f"\nNot as expected: {error}.", file=sys.stderr)
        if afresh := earlier_runs.how_to_start_afresh():
            print(f"If you have changed data or groups: {afresh}", file=sys.stderr)
        return 1
    return 0


def run(*, stays: bool) -> None:
    wanted = os.environ.get("DEMO_PORT", "").strip()
    port = choose_port(wanted)
    url = f"http://{HOST}:{port}/mcp"
    # Before the settings are read, here, in the server and in its worker: tokens are bound to this
    # URL.
    os.environ["DJANGO_MCP_URL"] = url
    os.environ["DJANGO_MCP_BACKGROUND_BACKEND"] = "celery"
    os.environ["IS_DEMO"] = "1"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "example_project.settings")
    django.setup()

    terminal.heading("The site is prepared")
    if not wanted and port != DEFAULT_PORT:
        terminal.say(f"Port {DEFAULT_PORT} is taken, so the demo uses {port}.")
    _manage("migrate", "--verbosity", "0")
    if kept := earlier_runs.describe():
        terminal.say(kept)
    terminal.say(_manage("seed_demo"))
    tokens = Tokens(
        demo=_token("demo", READ_AND_WRITE),
        demo_read_only=_token("demo", READ),
        auditor=_token("auditor", READ_AND_WRITE),
    )
    newest = _newest_record()
    if not os.environ.get("REDIS_URL"):  # which may hold more than what is ours
        # The calls and failures of an earlier run do not count in this one.
        cache.clear()
    connections.close_all()

    # mypy knows the settings of the tests alone.
    logs: Path = settings.STATE_DIR  # type: ignore[misc]
    logs.mkdir(parents=True, exist_ok=True)
    application = "example_project.asgi:application"
    with (
        Server(application, port=port, directory=ROOT, log=logs / "server.log") as server,
        Worker(directory=ROOT, log=logs / "worker.log") as worker,
    ):
        terminal.command(f"uvicorn {application} --port {port}")
        terminal.command(shlex.join(COMMAND))
        broker = os.environ.get("REDIS_URL") or "a folder, so there is no server to install"
        terminal.say(f"The worker's broker is {broker}.")
        server.wait_until_ready(urlsplit(url).path)
        worker.wait_until_ready()
        asyncio.run(tour.take(url, tokens, _operate, timezone.localdate()))
        _show_record(newest)
        if stays:
            token = _token("demo", READ_AND_WRITE, "--expires", str(SHOWN_TOKEN_SECONDS))
            invitation.show(url, token)
            server.wait()
    terminal.heading("The tour is over, and all went as expected")


def _manage(*arguments: str) -> str:
    """Run a management command, show how to type it, and return what it printed."""
    terminal.command(shlex.join(["manage.py", *arguments]))
    output = io.StringIO()
    call_command(*arguments, stdout=output)
    return output.getvalue().strip()


def _operate(*arguments: str) -> str:
    """Run a management command in a thread of the tour's."""
    try:
        return _manage(*arguments)
    finally:
        connections.close_all()


def _token(username: str, scopes: str, *more: str) -> str:
    return _manage("mcp_token", "--user", username, "--scopes", scopes, *more)


def _newest_record() -> int:
    newest = apps.get_model("django_mcp", "CallRecord").objects.order_by("-pk").first()
    return newest.pk if newest else 0


def _show_record(newest: int) -> None:
    """Show what the database says about the calls since, and compare it with the tour."""
    terminal.heading("Every call is on record, refused ones too")
    calls = list(
        apps.get_model("django_mcp", "CallRecord").objects.filter(pk__gt=newest).order_by("pk")
    )
    others = [call for call in calls if call.outcome not in ("ok", "repeated")]
    done = Counter(call.outcome for call in calls)
    terminal.good(
        f"{len(calls)} calls, of which {done['ok']} were ok, and {done['repeated']} repeated. The "
        "others:"
    )
    terminal.table(
        ["time", "user", "called", "outcome", "ms", "protocol", "client"],
        [
            [
                f"{timezone.localtime(call.started):%H:%M:%S}",
                call.username,
                call.name,
                call.outcome,
                str(call.duration_ms if call.duration_ms is not None else "").rjust(4),
                call.protocol_version,
                call.client_info,
            ]
            for call in others
        ],
    )
    found = [(call.name, call.username, call.outcome) for call in calls]
    once = [
        entry
        for before, entry in zip([None, *found], found, strict=False)
        if entry != before or entry[-1] != "repeated"
    ]
    if once != tour.RECORD:
        raise UnexpectedError(f"the record should be {tour.RECORD}")


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
