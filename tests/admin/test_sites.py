"""The pages on an admin site of the project's own."""

from urllib.parse import urljoin, urlsplit

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import path
from pytest_django import Settings

from django_mcp.admin import ToolGroupAdmin, register
from django_mcp.models import CallRecord, ToolGroup, ToolTask
from django_mcp.primitives.registry import Registry
from tests.admin.pages import links_of
from tests.factories import recent, task
from tests.urlconfs import package_routes, site


@pytest.fixture
def control(settings: Settings) -> admin.AdminSite:
    """Is served beside the default site, to which links go that do not say where they belong."""
    control = admin.AdminSite(name="control")
    register(control)
    control.register(User)
    settings.ROOT_URLCONF = site(
        *package_routes(), path("admin/", admin.site.urls), path("control/", control.urls)
    )
    return control


def reached_from(client: Client, start: str) -> dict[str, int]:
    """The status of each page that links lead to from here, by its path."""
    found: dict[str, int] = {}
    left = [start]
    while left:
        address = left.pop()
        if (path := urlsplit(address).path) in found:
            continue
        page = client.get(address)
        found[path] = page.status_code
        if page.status_code == 200 and "html" in page["Content-Type"]:
            links = (urljoin(address, link) for _, link in links_of(page))
            left += [link for link in links if link.startswith(("/admin/", "/control/"))]
    return found


def test_every_page_works_on_another_site_and_leads_to_no_other(
    control: admin.AdminSite, registry: Registry, superuser: Client
) -> None:
    user = User.objects.get()
    record = recent(name="report", user=str(user.pk), username="olga")
    waiting = task(name="report", user=str(user.pk), call_id=record.call_id)
    group = ToolGroup.objects.get(name="stock")

    found = reached_from(superuser, "/control/")

    assert set(found.values()) == {200}
    assert {
        f"/control/django_mcp/toolgroup/{group.pk}/change/",
        f"/control/django_mcp/callrecord/{record.pk}/change/",
        f"/control/django_mcp/tooltask/{waiting.pk}/cancel/",
        f"/control/auth/user/{user.pk}/change/",
        "/control/django_mcp/toolgroup/visibility/",
    } <= set(found)
    assert [path for path in found if path.startswith("/admin/")] == []


def test_page_that_a_site_has_already_is_kept() -> None:
    class Page(ToolGroupAdmin):
        """A page of the project's own."""

    control = admin.AdminSite(name="control")
    control.register(ToolGroup, Page)

    register(control)

    assert isinstance(control.get_model_admin(ToolGroup), Page)
    assert control.is_registered(CallRecord)
    assert control.is_registered(ToolTask)
