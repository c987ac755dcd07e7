"""Texts with whitespace around them, which REST removes before it counts."""

import pytest
from rest_framework.generics import CreateAPIView
from rest_framework.serializers import CharField, ModelSerializer, Serializer

from django_mcp.testing import MCPClient
from tests.contrib.drf.exposure import exposing
from tests.shop.models import Tag

pytestmark = pytest.mark.django_db


class TagSerializer(ModelSerializer):
    name = CharField(min_length=2, max_length=5)

    class Meta:
        model = Tag
        fields = ("name",)


class TagView(CreateAPIView):
    """Add a tag."""

    permission_classes = ()
    serializer_class: type[Serializer] = TagSerializer


@pytest.mark.parametrize(
    ("sent", "kept", "hint"),
    [
        ("  12345  ", "12345", None),
        ("  123456  ", None, "- name: must have at most 5 characters"),
        ("  1  ", None, "- name: Ensure this field has at least 2 characters."),
        ("1", None, "- name: must have at least 2 characters"),
    ],
)
def test_view_counts_the_characters_of_what_it_keeps(
    sent: str, kept: str | None, hint: str | None
) -> None:
    with exposing(TagView, ["post"], name="add_tag"):
        result = MCPClient().call("add_tag", name=sent)

    assert (result.data["name"] if hint is None else None) == kept
    assert (None if hint is None else result.error["hint"]) == hint
