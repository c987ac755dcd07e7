from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.servers import Site, make_site
from tests.hosts.databases import fresh_database
from tests.ports import held_port


@pytest.fixture
def database_url(tmp_path: Path) -> Iterator[str]:
    """A fresh database for other processes, of the kind that the tests run on."""
    with fresh_database(tmp_path) as url:
        yield url


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Site]:
    """The conformance project, migrated and open to everybody, not yet served."""
    with held_port() as port:
        site = make_site(port, database_url, tmp_path / "fixture.log")
        site.manage("migrate", "--verbosity", "0")
        yield site
