import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.e2e.servers import Site, make_site


@pytest.fixture
def database_url(tmp_path: Path) -> Iterator[str]:
    """A fresh database for other processes, of the kind that the tests run on."""
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        yield f"sqlite:///{tmp_path / 'site.sqlite3'}"
        return
    import psycopg  # only there where it is needed

    name = f"django_mcp_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Site:
    """The conformance project, migrated and open to everybody, not yet served."""
    site = make_site(database_url, tmp_path / "fixture.log")
    site.manage("migrate", "--verbosity", "0")
    return site
