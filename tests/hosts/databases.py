"""Fresh databases for other processes, of the kind that the tests run on."""

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import dj_database_url


def database_settings(url: str) -> dict[str, Any]:
    """One entry of DATABASES; SQLite as the check `django_mcp.W003` wants it."""
    found: dict[str, Any] = {**dj_database_url.parse(url)}
    if found["ENGINE"] == "django.db.backends.sqlite3":
        found["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        }
    return found


@contextmanager
def fresh_database(folder: Path, *, like: str = "") -> Iterator[str]:
    """The URL of an empty database, which is dropped when the block ends.

    With `like`, the URL of a database that nobody uses, it is a copy of that one.
    """
    name = f"django_mcp_{uuid.uuid4().hex[:12]}"
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        file = folder / f"{name}.sqlite3"
        if like:
            shutil.copyfile(_name_in(like), file)
        yield f"sqlite:///{file}"
        return
    import psycopg  # only there where it is needed

    with psycopg.connect(server, autocommit=True) as connection:
        template = _name_in(like) if like else "template1"
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        try:
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _name_in(url: str) -> str:
    name: str = database_settings(url)["NAME"]
    return name
