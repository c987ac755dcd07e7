"""Look-ups whose SQL is written once."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from django_mcp.prepared import PreparedLookup

by_codename = PreparedLookup(
    lambda codename: (
        Permission.objects.select_related("content_type")
        .filter(codename=codename)
        .order_by("content_type__app_label")
    )
)


def test_row_is_that_of_the_queryset_with_its_relations(
    db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for codename in ("add_user", "add_group", "add_user"):
        expected = Permission.objects.get(codename=codename)
        with django_assert_num_queries(1):
            found = by_codename.first(codename)
            assert found is not None
            assert found.content_type.app_label == "auth"
        assert (found, found.name) == (expected, expected.name)


def test_row_is_what_the_database_holds_now(db: None) -> None:
    assert by_codename.first("fly") is None
    added = Permission.objects.get(codename="add_user")
    added.pk, added.codename = None, "fly"
    added.save()

    assert by_codename.first("fly") == added

    Permission.objects.filter(pk=added.pk).update(name="Can fly")
    found = by_codename.first("fly")
    assert found is not None
    assert found.name == "Can fly"


def test_value_is_never_part_of_the_statement(db: None) -> None:
    with CaptureQueriesContext(connection) as queries:
        for hostile in ("' OR 1=1 --", "%s", "%(x)s", "\N{SNOWMAN}"):
            assert by_codename.first(hostile) is None

    assert len(queries) == 4


@pytest.mark.django_db(transaction=True)
def test_threads_ask_over_connections_of_their_own() -> None:
    def ask(codename: str) -> Any:
        try:
            found = by_codename.first(codename)
            return None if found is None else found.codename
        finally:
            connections.close_all()

    codenames = ["add_user", "add_group", "fly", "change_user"] * 5
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(ask, codenames))

    assert found == ["add_user", "add_group", None, "change_user"] * 5
