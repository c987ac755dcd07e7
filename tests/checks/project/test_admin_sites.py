"""The admin sites that the project serves: whether operators find the tool groups there."""

import pytest
from django.contrib import admin
from django.urls import include, path
from pytest_django import Settings

from django_mcp.admin import register
from tests.checks.messages import found, hints
from tests.urlconfs import package_routes, site

# Django's own checks of the models ask SQLite once whether it has JSON.
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _login(settings: Settings) -> None:
    settings.LOGIN_URL = "https://id.example/login"


def test_w040_tells_of_an_admin_without_tool_groups(settings: Settings) -> None:
    control = admin.AdminSite(name="control")
    settings.ROOT_URLCONF = site(
        path("shop/", include([path("control/", control.urls)])), *package_routes()
    )

    assert set(found()) == {"W040"}
    (message,) = found()["W040"]
    assert message.endswith("the project serves another, AdminSite(name='control').")
    assert "from django_mcp.admin import register; register(site)" in hints()["W040"][0]

    register(control)
    assert found() == {}


def test_w040_is_silent_where_one_of_two_sites_has_them_or_none_is_served(
    settings: Settings,
) -> None:
    partners = path("partners/", admin.AdminSite(name="partners").urls)

    settings.ROOT_URLCONF = site(path("admin/", admin.site.urls), partners, *package_routes())
    assert found() == {}

    settings.ROOT_URLCONF = site(*package_routes())
    assert found() == {}
