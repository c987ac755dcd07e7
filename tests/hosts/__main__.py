"""Serve one host until SIGTERM, on the listening socket whose descriptor is the only argument.

The databases are migrated first. One line on stdout is the value of an Authorization header that
opens everything to `USERNAME`, who may also sign in to the admin.
"""

import io
import os
import socket
import sys
from typing import Any

import django
import uvicorn
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connections

from tests.hosts.users import PASSWORD, SCOPES, USERNAME


def prepare() -> str:
    """Fill the databases; return the credentials. A warning of the system checks ends it."""
    aliases = list(connections)
    for alias in aliases:
        call_command("migrate", database=alias, verbosity=0, interactive=False)
    call_command("check", databases=aliases, fail_level="INFO", stdout=sys.stderr)
    users: Any = get_user_model()
    users.objects.create_superuser(**{users.USERNAME_FIELD: USERNAME, "password": PASSWORD})
    if not apps.is_installed("oauth2_provider"):
        return f"Key {USERNAME} {SCOPES}"
    token = io.StringIO()
    call_command("mcp_token", user=USERNAME, scopes=SCOPES, stdout=token)
    return f"Bearer {token.getvalue().strip()}"


def main(descriptor: int) -> None:
    django.setup()
    credentials = prepare()
    connections.close_all()
    print(credentials, flush=True)
    config = uvicorn.Config(
        "tests.hosts.asgi:application",
        root_path=os.environ.get("HOST_ROOT_PATH", ""),
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=3,
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=descriptor)])


if __name__ == "__main__":
    main(int(sys.argv[1]))
