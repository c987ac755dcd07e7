"""Versions of an API, by each scheme of REST framework."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import include, path, re_path
from rest_framework import versioning
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from django_mcp.testing import MCPClient
from tests.contrib.drf.exposure import exposing, problem_of, routed, tool_of

pytestmark = pytest.mark.django_db


class ShowVersion(APIView):
    """Show the version."""

    permission_classes = ()

    def get(self, request: Request, **kwargs: Any) -> Response:
        return Response({"version": request.version, "path": request.get_full_path(), **kwargs})


class InPath(versioning.URLPathVersioning):
    allowed_versions = ("v1", "v2")


class InPathWithDefault(InPath):
    default_version = "v1"


class InHeader(versioning.AcceptHeaderVersioning):
    allowed_versions = ("1", "2")
    default_version = "1"


class InQuery(versioning.QueryParameterVersioning):
    allowed_versions = ("1", "2")
    default_version = "1"


class InNamespace(versioning.NamespaceVersioning):
    allowed_versions = ("v1", "v2")


def call(user: User, url: Any, **options: Any) -> Any:
    with routed(url), exposing(ShowVersion, ["get"], name="show", **options):
        return MCPClient(user).call("show").data


@pytest.mark.parametrize(
    ("scheme", "version", "expected"),
    [
        (InPath, "v2", {"version": "v2", "path": "/v2/"}),
        (InPathWithDefault, None, {"version": "v1", "path": "/v1/"}),
    ],
)
def test_a_version_in_the_path_is_no_parameter(
    ada: User, scheme: Any, version: str | None, expected: dict[str, str]
) -> None:
    url = re_path(r"^(?P<version>v\d)/$", ShowVersion.as_view(versioning_class=scheme))

    assert call(ada, url, version=version) == {**expected, "version": expected["version"]}
    with routed(url):
        assert tool_of(ShowVersion, "get", version=version).input_schema["properties"] == {}


@pytest.mark.parametrize(("version", "found"), [(None, "1"), ("2", "2")])
@pytest.mark.parametrize("scheme", [InHeader, InQuery])
def test_a_version_in_a_header_or_the_query_is_sent(
    ada: User, scheme: Any, version: str | None, found: str
) -> None:
    url = path("", ShowVersion.as_view(versioning_class=scheme))

    assert call(ada, url, version=version)["version"] == found


def namespaced(*names: str) -> list[Any]:
    view = ShowVersion.as_view(versioning_class=InNamespace)
    return [path(f"{n}/", include(([path("", view, name="show")], n), namespace=n)) for n in names]


def test_a_version_in_the_namespace_chooses_the_route(ada: User) -> None:
    url = path("", include(namespaced("v1", "v2")))

    assert call(ada, url, version="v2") == {"version": "v2", "path": "/v2/"}
    assert call(ada, url, route="v1:show") == {"version": "v1", "path": "/v1/"}
    with routed(url):
        problem = problem_of(ShowVersion, "get")
    assert problem == "several URLs lead to the action: pass route='v1:show' or route='v2:show'"


@pytest.mark.parametrize(
    ("scheme", "route", "version", "problem"),
    [
        (InPath, r"^(?P<version>v\d)/$", None, "its URL has a version: pass version=..."),
        (InPath, r"^(?P<version>v\d)/$", "v9", "the view has no version 'v9'"),
        (None, "^$", "v1", "version is given, and the view has no versioning_class"),
        (
            versioning.HostNameVersioning,
            "^$",
            None,
            "its versions are told by the name of the host, which no call has",
        ),
        (InPath, "^$", "v1", "version is given, and its URL has none"),
    ],
)
def test_versions_that_no_call_can_have_are_refused(
    scheme: Any, route: str, version: str | None, problem: str
) -> None:
    with routed(re_path(route, ShowVersion.as_view(versioning_class=scheme))):
        assert problem_of(ShowVersion, "get", version=version) == problem
