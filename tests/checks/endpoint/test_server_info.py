"""Checks of what clients are told of an endpoint."""

from pathlib import Path

import pytest
from pytest_django import Settings

from django_mcp import Endpoint, Icon
from django_mcp.endpoints import using_endpoints
from tests.checks.messages import found

# Django's own checks of the models ask SQLite once whether it has JSON.
pytestmark = pytest.mark.django_db

DEFAULT = Endpoint(url="http://testserver/mcp")


@pytest.fixture(autouse=True)
def _templates(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "good.txt").write_text("Sell.")
    (tmp_path / "bad.txt").write_text("{% nonsense %}")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("missing.txt", "does not exist."),
        ("bad.txt", "cannot be parsed: Invalid block tag on line 1: 'nonsense'"),
    ],
)
def test_e021_tells_of_a_template_that_cannot_be_rendered(
    settings: Settings, name: str, problem: str
) -> None:
    settings.DJANGO_MCP_INSTRUCTIONS_TEMPLATE = name
    (message,) = found()["E021"]

    assert message.startswith(f"DJANGO_MCP_INSTRUCTIONS_TEMPLATE names {name!r}, which {problem}")

    settings.DJANGO_MCP_INSTRUCTIONS_TEMPLATE = "good.txt"
    assert "E021" not in found()

    staff = Endpoint(name="staff", url="http://testserver/s/mcp", instructions_template=name)
    with using_endpoints(DEFAULT, staff):
        (message,) = found()["E021"]

    assert message.startswith(
        f"instructions_template of the endpoint 'staff' names {name!r}, which {problem}"
    )


@pytest.mark.parametrize(
    "src", ["", "icon.png", "/static/icon.png", "javascript:alert(1)", "file:///icon.png"]
)
def test_e022_tells_of_an_icon_that_clients_must_reject(settings: Settings, src: str) -> None:
    settings.DJANGO_MCP_SERVER_ICONS = [Icon(src=src), Icon(src="HTTPS://shop.example/icon.png")]
    staff = Endpoint(name="staff", url="http://testserver/s/mcp", icons=(Icon(src=src),))

    with using_endpoints(DEFAULT, staff):
        assert found()["E022"] == [
            f"DJANGO_MCP_SERVER_ICONS: {src!r} is no http(s) or data URL.",
            f"icons of the endpoint 'staff': {src!r} is no http(s) or data URL.",
        ]


@pytest.mark.parametrize("website", ["shop.example", "/about/", "javascript:alert(1)"])
def test_e023_tells_of_a_website_that_has_no_address(settings: Settings, website: str) -> None:
    settings.DJANGO_MCP_SERVER_WEBSITE = website
    staff = Endpoint(name="staff", url="http://testserver/s/mcp", website=website)

    with using_endpoints(DEFAULT, staff):
        assert found()["E023"] == [
            f"DJANGO_MCP_SERVER_WEBSITE: {website!r} is no http(s) URL.",
            f"website of the endpoint 'staff': {website!r} is no http(s) URL.",
        ]

    settings.DJANGO_MCP_SERVER_WEBSITE = "HTTPS://shop.example/"
    assert "E023" not in found()


def test_w043_tells_of_a_text_that_is_never_read(settings: Settings) -> None:
    settings.DJANGO_MCP_INSTRUCTIONS = "Sell."
    settings.DJANGO_MCP_INSTRUCTIONS_TEMPLATE = "good.txt"

    (message,) = found()["W043"]

    assert message == (
        "DJANGO_MCP_INSTRUCTIONS and DJANGO_MCP_INSTRUCTIONS_TEMPLATE are both set; the template "
        "counts."
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SERVER_WEBSITE", 5),
        ("SERVER_ICONS", ["icon.png"]),
        ("INSTRUCTIONS_TEMPLATE", 5),
        ("INSTRUCTIONS", None),
    ],
)
def test_wrong_settings_are_told_once(settings: Settings, name: str, value: object) -> None:
    setattr(settings, f"DJANGO_MCP_{name}", value)

    assert {"E003"} == found().keys() - {"W040"}
