"""Views as tools ask them for their parameters, and requests with these parameters."""

from typing import Any
from urllib.parse import urlencode

import jsonschema_rs
from django.contrib.auth.models import AnonymousUser
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from django_mcp.contrib.drf.parameters.query_parameters import query_parameters

PATH = "/products/"


def prepared(cls: type[APIView], query: str = "") -> Any:
    """An instance as a request of nobody would have it."""
    view: Any = cls()
    request = APIRequestFactory().get(PATH, query_params=dict(parse(query)))
    request.user = AnonymousUser()
    view.request = Request(request)
    view.args, view.kwargs, view.format_kwarg = (), {}, None
    view.swagger_fake_view = True
    return view


def parse(query: str) -> list[tuple[str, str]]:
    pairs = (each.partition("=") for each in query.split("&") if each)
    return [(name, value) for name, _, value in pairs]


def schema_of(cls: type[APIView]) -> dict[str, Any]:
    """The schema of the arguments of a view."""
    parameters = query_parameters(prepared(cls))
    return {
        "type": "object",
        "properties": {each.name: each.schema for each in parameters},
        "required": [each.name for each in parameters if each.is_required],
        "additionalProperties": False,
    }


def query_of(cls: type[APIView], **arguments: Any) -> str:
    """The query that arguments become, after the schema took them."""
    jsonschema_rs.validate(schema_of(cls), arguments)
    parameters = {each.name: each for each in query_parameters(prepared(cls))}
    pairs = [
        (name, text) for name, value in arguments.items() for text in parameters[name].encode(value)
    ]
    return urlencode(pairs)


def get(cls: Any, query: str = "") -> Any:
    """The data of the view's response to a query."""
    response = cls.as_view()(APIRequestFactory().get(f"{PATH}?{query}"))
    return response.data


def call(cls: Any, **arguments: Any) -> Any:
    """The data of the view's response to arguments."""
    return get(cls, query_of(cls, **arguments))
