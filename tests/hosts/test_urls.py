"""The routes of a host that has one folder of its domain."""

import pytest
from django.urls.resolvers import RegexPattern, URLResolver

from tests.urlconfs import package_routes


@pytest.mark.parametrize(
    ("script_name", "route"),
    [(None, "back/office/mcp"), ("/back", "office/mcp"), ("/back/office", "mcp")],
)
def test_route_of_the_endpoint_begins_below_the_script_name(
    script_name: str | None, route: str
) -> None:
    url = "https://shop.example/back/office/mcp"

    routes = package_routes(FORCE_SCRIPT_NAME=script_name, DJANGO_MCP_URL=url)

    match = URLResolver(RegexPattern(r"^/"), routes).resolve(f"/{route}")
    assert match.view_name == "django_mcp:endpoint"
