"""Stored results in the admin: operators see whose they are, delete them, and read none."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from django_mcp.models import StoredResult

LIST = "/admin/django_mcp/storedresult/"
SECRET = b"what only its caller may read"


@pytest.fixture
def stored(db: None) -> StoredResult:
    return StoredResult.objects.create(
        call_id=uuid4(),
        tool="export_all",
        endpoint="default",
        user="7",
        username="olga\u202e",
        client="client-id",
        client_name="Assistant",
        media_type="text/plain",
        is_text=True,
        data=SECRET,
        size=len(SECRET),
        expires=timezone.now() + timedelta(hours=1),
    )


def test_operators_see_whose_a_result_is_and_not_what_it_holds(
    superuser: Client, stored: StoredResult
) -> None:
    page = reverse("admin:django_mcp_storedresult_change", args=[stored.pk])
    listed, shown = (superuser.get(address).content for address in (LIST, page))

    for content in (listed, shown):
        assert b"export_all" in content
        assert b"olga\\u202e" in content
        assert b"Assistant" in content
        assert SECRET not in content


def test_operators_delete_a_result(superuser: Client, stored: StoredResult) -> None:
    address = reverse("admin:django_mcp_storedresult_delete", args=[stored.pk])

    assert superuser.post(address, {"post": "yes"}).status_code == 302
    assert not StoredResult.objects.exists()


def test_nothing_is_added_or_changed(superuser: Client, stored: StoredResult) -> None:
    page = reverse("admin:django_mcp_storedresult_change", args=[stored.pk])

    assert superuser.get(f"{LIST}add/").status_code == 403
    assert superuser.post(page, {"tool": "another"}).status_code == 403
