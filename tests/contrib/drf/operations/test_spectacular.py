"""Annotations of views by drf-spectacular: what they say, and silence where they say nothing."""

from typing import Any

import pytest
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiRequest,
    OpenApiResponse,
    extend_schema,
    extend_schema_view,
)
from pytest_django import Settings
from rest_framework import serializers as s
from rest_framework.decorators import action, api_view
from rest_framework.schemas.openapi import AutoSchema as OtherSchema
from rest_framework.test import APIRequestFactory
from rest_framework.versioning import QueryParameterVersioning
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet

from django_mcp.contrib.drf.declaration import UNSET
from django_mcp.contrib.drf.operations.annotations import Annotations, annotations_of

STRING = {"type": "string"}


class NameSerializer(s.Serializer):
    name = s.CharField(help_text="What it is called.")
    nick = s.CharField(required=False)


class OwnSchema(AutoSchema):
    """What a project sets for all of its views."""

    def get_summary(self) -> str:
        return "Summed up."


@pytest.fixture(autouse=True)
def schema_class(settings: Settings) -> None:
    settings.REST_FRAMEWORK = {"DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema"}


def view_of(cls: Any, method: str = "post", action: str | None = None) -> Any:
    """An instance as a request of nobody would have it."""
    view = cls()
    view.action_map = {method: action}
    view.request = view.initialize_request(getattr(APIRequestFactory(), method)("/"))
    view.kwargs = {}
    return view


def said(**annotations: Any) -> Annotations | None:
    """What is read of a view whose `post` has these annotations."""

    class NameView(APIView):
        @extend_schema(**annotations)
        def post(self, request: Any) -> Any:
            """Say nothing to spectacular."""

    return annotations_of(view_of(NameView), "post")


def test_view_without_annotations_says_nothing() -> None:
    class PlainView(APIView):
        """Some view."""

        def post(self, request: Any) -> Any: ...

    class OtherView(PlainView):
        schema = OtherSchema()

    assert annotations_of(view_of(PlainView), "post") is None
    assert annotations_of(view_of(OtherView), "post") is None
    assert said(tags=["names"]) is None


def test_description_and_bodies_are_those_of_the_annotation() -> None:
    found = said(description="Name it.", request=NameSerializer, responses=None)

    assert found is not None
    assert isinstance(found.request, NameSerializer)
    assert (found.description, found.response, found.parameters) == ("Name it.", None, ())


def test_summary_stands_for_a_description() -> None:
    found = said(summary="Name it.")

    assert found == Annotations(
        description="Name it.", request=UNSET, response=UNSET, parameters=()
    )


@pytest.mark.parametrize(
    ("responses", "shown"),
    [
        (OpenApiTypes.OBJECT, {"type": "object", "additionalProperties": {}}),
        (int, {"type": "integer"}),
        (list[int], {"type": "array", "items": {"type": "integer"}}),
        ({201: NameSerializer(many=True), 200: str, 404: int}, STRING),
        ({("200", "application/json"): OpenApiResponse(str, description="It.")}, STRING),
        ({204: None}, None),
        ({"4XX": str}, UNSET),
        ({200: {"type": "string", "x-order": 1}}, STRING),
        ({200: {"$ref": "#/components/schemas/Name"}}, UNSET),
        (OpenApiTypes.NONE, None),
        (s.CharField(), UNSET),
    ],
)
def test_response_is_that_of_the_first_success(responses: Any, shown: Any) -> None:
    found = said(description="Name it.", responses=responses)

    assert found is not None
    assert found.response == shown


@pytest.mark.parametrize(
    ("request_", "shown"),
    [
        (None, None),
        ({"multipart/form-data": int, "application/json": str}, STRING),
        (OpenApiRequest(str), STRING),
        (
            {"application/json": {"type": "integer", "minimum": 0, "exclusiveMinimum": True}},
            {"type": "integer", "exclusiveMinimum": 0},
        ),
        (
            {
                "application/json": {
                    "type": "object",
                    "properties": {"a": {"type": "string", "nullable": True, "format": "byte"}},
                    "additionalProperties": False,
                }
            },
            {
                "type": "object",
                "properties": {"a": {"anyOf": [STRING, {"type": "null"}]}},
                "additionalProperties": False,
            },
        ),
        (
            {"application/json": {"anyOf": [{"type": "string"}, {"$ref": "#/components/x"}]}},
            UNSET,
        ),
    ],
)
def test_request_is_that_of_json(request_: Any, shown: Any) -> None:
    found = said(description="Name it.", request=request_)

    assert found is not None
    assert found.request == shown


def test_query_parameters_are_those_of_the_annotation() -> None:
    found = said(
        parameters=[
            OpenApiParameter("q", description="What to look for.", required=True),
            OpenApiParameter("size", int, enum=[1, 2]),
            OpenApiParameter("tag", many=True),
            OpenApiParameter("key", str, OpenApiParameter.PATH),
            OpenApiParameter("X-Key", str, OpenApiParameter.HEADER),
            OpenApiParameter("page", exclude=True),
            NameSerializer,
        ]
    )

    assert found is not None
    assert [(each.name, each.schema, each.is_required) for each in found.parameters] == [
        ("q", {**STRING, "description": "What to look for."}, True),
        ("size", {"type": "integer", "enum": [1, 2]}, False),
        ("tag", {"type": "array", "items": STRING}, False),
        ("name", {**STRING, "minLength": 1, "description": "What it is called."}, True),
        ("nick", {**STRING, "minLength": 1}, False),
    ]


def test_annotations_of_class_and_method_are_laid_over_each_other() -> None:
    @extend_schema(description="Of the class.", request=NameSerializer)
    class NameView(APIView):
        @extend_schema(description="Of the method.")
        def post(self, request: Any) -> Any: ...

        def get(self, request: Any) -> Any: ...

    method, other = (annotations_of(view_of(NameView), each) for each in ("post", "get"))

    assert method is not None
    assert other is not None
    assert (method.description, other.description) == ("Of the method.", "Of the class.")
    assert isinstance(method.request, NameSerializer)


def test_annotations_of_actions_are_found_by_their_names() -> None:
    @extend_schema_view(create=extend_schema(description="Made."))
    class NameViewSet(ViewSet):
        def create(self, request: Any) -> Any: ...

        @extend_schema(description="Archived.", methods=["POST"])
        @action(methods=["post", "delete"], detail=False)
        def archive(self, request: Any) -> Any: ...

    created = annotations_of(view_of(NameViewSet, action="create"), "post")
    archived = annotations_of(view_of(NameViewSet, action="archive"), "post")

    assert created is not None
    assert archived is not None
    assert (created.description, archived.description) == ("Made.", "Archived.")
    assert annotations_of(view_of(NameViewSet, "delete", "archive"), "delete") is None


def test_annotations_of_a_function_are_those_of_its_view() -> None:
    @extend_schema(description="Said.")
    @api_view(["POST"])
    def name(request: Any) -> Any: ...

    found = annotations_of(view_of(name.cls), "post")

    assert found is not None
    assert found.description == "Said."


def test_what_a_projects_own_schema_class_says_is_an_annotation(settings: Settings) -> None:
    settings.REST_FRAMEWORK = {"DEFAULT_SCHEMA_CLASS": f"{__name__}.OwnSchema"}

    found = said(tags=["names"])

    assert found is not None
    assert found.description == "Summed up."


def test_annotations_of_another_version_say_nothing() -> None:
    class NameView(APIView):
        versioning_class = QueryParameterVersioning

        @extend_schema(description="Old.", versions=["1"])
        def post(self, request: Any) -> Any: ...

    assert annotations_of(view_of(NameView), "post") is None
