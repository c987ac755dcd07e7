"""The registry of endpoints: which ones there are, and how each is found."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from django_mcp import Endpoint
from django_mcp.endpoints import EndpointRegistry, get_endpoints, using_endpoints

SHOP = Endpoint(url="https://shop.example/mcp")
STAFF = Endpoint(name="staff", url="https://shop.example/staff/mcp")
BOTH = EndpointRegistry(endpoints=(STAFF, SHOP))


def test_project_has_the_endpoint_at_its_url(settings: Settings) -> None:
    settings.DJANGO_MCP_URL = "https://shop.example/mcp/"

    assert list(get_endpoints()) == [SHOP]


def test_url_is_read_at_every_use(settings: Settings) -> None:
    before = get_endpoints().default
    settings.DJANGO_MCP_URL = SHOP.url

    assert (before.url, get_endpoints().default) == ("http://testserver/mcp", SHOP)


def test_endpoints_of_a_test_stand_for_the_project_s() -> None:
    before = get_endpoints()

    with using_endpoints(SHOP, STAFF):
        assert list(get_endpoints()) == [SHOP, STAFF]

    assert get_endpoints() == before


def test_default_endpoint_is_the_one_of_that_name() -> None:
    assert BOTH.default == SHOP


@pytest.mark.parametrize(("name", "found"), [("default", SHOP), ("staff", STAFF), ("", None)])
def test_endpoint_is_found_by_its_name(name: str, found: Endpoint | None) -> None:
    assert BOTH.by_name(name) == found


def test_endpoint_that_was_removed_is_remembered_as_one_that_serves_nothing() -> None:
    assert BOTH.recorded("staff") == STAFF
    assert BOTH.recorded("gone") == Endpoint(name="gone", url="", groups=frozenset())


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/mcp", SHOP),
        ("/mcp/", SHOP),
        ("/staff/mcp", STAFF),
        ("/staff/mcp/", STAFF),
        ("/staff", None),
        ("/staff/mcp//", None),
        ("/Staff/mcp", None),
        ("", None),
    ],
)
def test_endpoint_is_found_by_its_path(path: str, found: Endpoint | None) -> None:
    assert BOTH.by_path(path) == found


@pytest.mark.parametrize(
    ("uri", "found"),
    [
        ("https://shop.example/staff/mcp", STAFF),
        ("HTTPS://Shop.Example/staff/mcp/", STAFF),
        ("https://shop.example/STAFF/mcp", None),
        ("https://other.example/staff/mcp", None),
        ("https://shop.example/staff/mcp?x=1", None),
        ("https://[", None),
        ("", None),
    ],
)
def test_endpoint_is_found_by_a_resource_indicator(uri: str, found: Endpoint | None) -> None:
    assert BOTH.by_resource(uri) == found


@pytest.mark.parametrize(
    ("resource", "found"),
    [
        (None, ()),
        ([], ()),
        (["https://shop.example/mcp"], (SHOP,)),
        (["https://shop.example/staff/mcp/"], (STAFF,)),
        (["https://api.example", STAFF.url, SHOP.url], (STAFF, SHOP)),
        (["https://shop.example"], ()),
        (["https://Shop.example/mcp"], ()),
    ],
)
def test_endpoints_are_found_by_the_audience_of_a_token(
    resource: list[str] | None, found: tuple[Endpoint, ...]
) -> None:
    assert BOTH.by_audience(resource) == found


@pytest.mark.parametrize(
    ("endpoints", "problem"),
    [
        ((), "No endpoint is named 'default'"),
        ((STAFF,), "No endpoint is named 'default'"),
        ((SHOP, Endpoint(url="https://shop.example/x")), "the same name: default"),
        ((SHOP, Endpoint(name="b", url="https://b.example/mcp")), "the same path: /mcp"),
    ],
)
def test_endpoints_that_could_be_taken_for_each_other_are_refused(
    endpoints: tuple[Endpoint, ...], problem: str
) -> None:
    with pytest.raises(ImproperlyConfigured, match=problem):
        EndpointRegistry(endpoints=endpoints)
