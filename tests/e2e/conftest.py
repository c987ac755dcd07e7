from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.e2e.person import Person, person
from tests.e2e.servers import Site, make_site
from tests.hosts import running
from tests.hosts.databases import fresh_database
from tests.hosts.front_door.host import FRONT_DOOR
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


@pytest.fixture(scope="session")
def front_door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[running.Site]:
    """A host at whose door programs arrive that nobody has set up."""
    if find_spec("oauth2_provider") is None:
        pytest.skip("this host needs django-oauth-toolkit")
    with running.serving(FRONT_DOOR, tmp_path_factory.mktemp("front-door")) as site:
        yield site


@pytest.fixture
def user() -> Iterator[Person]:
    """The user of the programs, who is not signed in yet."""
    with person() as somebody:
        yield somebody
