"""The routes of a host that has one folder of its domain."""

import runpy

import pytest
from django.test import override_settings

from django_mcp import urls


@pytest.mark.parametrize(
    ("script_name", "route"),
    [(None, "back/office/mcp"), ("/back", "office/mcp"), ("/back/office", "mcp")],
)
def test_route_of_the_endpoint_begins_below_the_script_name(
    script_name: str | None, route: str
) -> None:
    url = "https://shop.example/back/office/mcp"

    with override_settings(FORCE_SCRIPT_NAME=script_name, DJANGO_MCP_URL=url):
        routes = runpy.run_path(urls.__file__)["urlpatterns"]

    assert [str(each.pattern) for each in routes if each.name == "endpoint"] == [route]
