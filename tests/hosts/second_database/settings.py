"""The record of calls stands in a database of its own."""

import os

from tests.hosts import base
from tests.hosts.base import *  # noqa: F403
from tests.hosts.databases import database_settings

DATABASES = {
    **base.DATABASES,
    "records": database_settings(os.environ["HOST_RECORDS_URL"]),
}
DATABASE_ROUTERS = ["tests.hosts.second_database.router.RecordRouter"]
