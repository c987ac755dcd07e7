from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.servers import Site, make_site
from tests.e2e.user import BrowserUser, browser_user
from tests.hosts import process
from tests.hosts.databases import fresh_database
from tests.hosts.front_door.host import FRONT_DOOR
from tests.markers import mark_folder
from tests.ports import held_port

pytest_collection_modifyitems = mark_folder(__file__, "slow", "oauth")


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database with the tables of the conformance project, to be copied."""
    folder = tmp_path_factory.mktemp("migrated")
    with fresh_database(folder) as url:
        unserved = make_site(1, url, folder / "fixture.log")
        unserved.manage("migrate", "--verbosity", "0")
        yield url


@pytest.fixture
def site(migrated: str, tmp_path: Path) -> Iterator[Site]:
    """The conformance project, migrated and open to everybody, not yet served."""
    with held_port() as port, fresh_database(tmp_path, like=migrated) as database_url:
        yield make_site(port, database_url, tmp_path / "fixture.log")


@pytest.fixture(scope="session")
def front_door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[process.Site]:
    """A host at whose door programs arrive that nobody has set up."""
    with process.serving(FRONT_DOOR, tmp_path_factory.mktemp("front-door")) as site:
        yield site


@pytest.fixture
def user() -> Iterator[BrowserUser]:
    """The user of the programs, who is not signed in yet."""
    with browser_user() as somebody:
        yield somebody
