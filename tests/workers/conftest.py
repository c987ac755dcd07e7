"""One site for each module, and its rows."""

import os
from collections.abc import Iterator

import pytest
from django.db import connections
from django.db.utils import ConnectionHandler
from pytest_django import DjangoDbBlocker

from tests.e2e.servers import Site, running
from tests.hosts.databases import database_settings, fresh_database
from tests.markers import mark_folder
from tests.ports import held_port
from tests.workers.processes import make_site, server
from tests.workers.traces import ALIAS

pytest_collection_modifyitems = mark_folder(__file__, "brokers")

BROKER_URL = os.environ.get("BROKER_URL", "redis://127.0.0.1:6379/7")


@pytest.fixture(scope="module")
def broker_url() -> str:
    """The broker of the leg; a module that ends its broker has one of its own."""
    return BROKER_URL


@pytest.fixture(scope="module")
def backend() -> str:
    """What carries background calls."""
    return "celery"


@pytest.fixture(scope="module")
def site_options() -> dict[str, str]:
    """More of the environment of the site's processes; see its settings."""
    return {}


@pytest.fixture(scope="module")
def site(
    broker_url: str,
    backend: str,
    site_options: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Site]:
    """The project, served, without a worker yet."""
    folder = tmp_path_factory.mktemp("site")
    with held_port() as port, fresh_database(folder) as database_url:
        site = make_site(
            database_url, broker_url, folder, port=port, BACKEND=backend, **site_options
        )
        handler = ConnectionHandler({"default": {}, ALIAS: database_settings(database_url)})
        connections.settings[ALIAS] = handler.settings[ALIAS]
        connections[ALIAS] = handler[ALIAS]
        with django_db_blocker.unblock(), running(site, server(site)):
            try:
                yield site
            finally:
                connections[ALIAS].close()
                del connections[ALIAS]
                del connections.settings[ALIAS]
