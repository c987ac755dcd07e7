"""Markers that tests get from their folder or from their fixtures, and what an absent need does.

`pyproject.toml` declares every marker; `tests/README.md` says what each of them needs.
"""

import os
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

import pytest
from django.db import connection
from django.test import SimpleTestCase

Hook = Callable[[Sequence[pytest.Item]], None]

DATABASE_FIXTURES = frozenset({"db", "transactional_db", "live_server"})


def mark_folder(conftest: str, *names: str) -> Hook:
    """A hook for the conftest of a folder: every test in the folder gets these markers."""
    folder = Path(conftest).parent

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
        for item in items:
            if folder in item.path.parents:
                for name in names:
                    item.add_marker(name)

    return pytest_collection_modifyitems


def mark_need(item: pytest.Item) -> None:
    """Mark a test that may query the database, and skip one whose need is not met here.

    pytest-django blocks the database for every other test: for one that has neither its mark nor
    its fixtures, and is in no test case of Django's.
    """
    fixtures: Sequence[str] = getattr(item, "fixturenames", ())
    if (
        item.get_closest_marker("django_db")
        or not DATABASE_FIXTURES.isdisjoint(fixtures)
        or issubclass(getattr(item, "cls", None) or object, SimpleTestCase)
    ):
        item.add_marker("database")
    if item.get_closest_marker("oauth") and find_spec("oauth2_provider") is None:
        item.add_marker(pytest.mark.skip(reason="needs django-oauth-toolkit"))
    if item.get_closest_marker("postgres") and connection.vendor != "postgresql":
        item.add_marker(pytest.mark.skip(reason="needs PostgreSQL"))


def parameter(value: object, *, id: str, needs_oauth: bool) -> Any:
    """A parameter of a test, marked `oauth` if it needs that."""
    return pytest.param(value, id=id, marks=[pytest.mark.oauth] if needs_oauth else [])


def unavailable(reason: str) -> NoReturn:
    """Skip the test, or fail it where every leg is required."""
    if os.environ.get("REQUIRE_ALL_LEGS") == "1":
        pytest.fail(f"required: {reason}")
    pytest.skip(reason)
