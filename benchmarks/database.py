"""A PostgreSQL database of the benchmarks' own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

DEFAULT_URL = "postgres://postgres@127.0.0.1:5432/postgres"


class Database:
    """A database that exists for one run; `url` is how Django is told of it."""

    def __init__(self, server_url: str, name: str) -> None:
        self._server_url = server_url
        self._name = name
        self.url = urlsplit(server_url)._replace(path=f"/{name}").geturl()

    def create(self) -> None:
        self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        self._execute("CREATE DATABASE {}")

    def drop(self) -> None:
        self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)")

    def keep_on(self, core: int) -> bool:
        """Keep the server processes behind this database on a core; whether that is allowed.

        Where it is not (another user's processes, another machine), the system places them.
        """
        with psycopg.connect(self._server_url, autocommit=True) as connection:
            backends = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = %s", [self._name]
            ).fetchall()
        try:
            for (pid,) in backends:
                with suppress(ProcessLookupError):
                    os.sched_setaffinity(pid, {core})
        except PermissionError:
            return False
        return True

    def empty(self, *tables: str) -> None:
        """Delete all rows, so that every measurement finds tables of the same size."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            for table in tables:
                connection.execute(sql.SQL("TRUNCATE {}").format(sql.Identifier(table)))

    def version(self) -> str:
        with psycopg.connect(self._server_url) as connection:
            number = connection.info.server_version
        return f"{number // 10000}.{number % 10000}"

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self._server_url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(self._name)))


@contextmanager
def temporary_database() -> Iterator[Database]:
    """A new database on the server that `DATABASE_URL` names, dropped in the end."""
    url = os.environ.get("DATABASE_URL") or DEFAULT_URL
    database = Database(url, f"django_mcp_benchmarks_{os.getpid()}")
    database.create()
    try:
        yield database
    finally:
        database.drop()
