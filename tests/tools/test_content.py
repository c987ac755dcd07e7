"""Content blocks: text, images, sounds, resources and links."""

from base64 import b64encode
from typing import Any

import pytest
from django.utils.translation import gettext_lazy, override

from django_mcp import Audio, Content, EmbeddedResource, Icon, Image, ResourceLink, Text
from django_mcp.testing import MCPClient
from tests.calls import offering
from tests.tools.single_tools import receive

pytestmark = pytest.mark.django_db

DATA = b"\x89PNG\xff\x00"
BASE64 = b64encode(DATA).decode()

BLOCKS: list[tuple[Content, dict[str, Any]]] = [
    (Text(text="caf\u00e9"), {"type": "text", "text": "caf\u00e9"}),
    (
        Image(data=DATA, mime_type="image/png"),
        {"type": "image", "data": BASE64, "mimeType": "image/png"},
    ),
    (
        Audio(data=DATA, mime_type="audio/wav"),
        {"type": "audio", "data": BASE64, "mimeType": "audio/wav"},
    ),
    (
        EmbeddedResource(uri="shop://terms", text="Terms", mime_type="text/plain"),
        {
            "type": "resource",
            "resource": {"uri": "shop://terms", "text": "Terms", "mimeType": "text/plain"},
        },
    ),
    (
        EmbeddedResource(uri="shop://logo", data=DATA),
        {"type": "resource", "resource": {"uri": "shop://logo", "blob": BASE64}},
    ),
    (
        ResourceLink(uri="shop://a b", name="a", title="A", description="An a.", mime_type="a/b"),
        {
            "type": "resource_link",
            "uri": "shop://a%20b",
            "name": "a",
            "title": "A",
            "description": "An a.",
            "mimeType": "a/b",
        },
    ),
]


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize(("block", "wire"), BLOCKS)
def test_block_of_every_kind_reaches_the_client(
    block: Content, wire: dict[str, Any], is_async: bool
) -> None:
    result = receive(type(block), block, is_async=is_async)

    assert [each.model_dump(by_alias=True, exclude_none=True) for each in result.content] == [wire]
    assert result.structured is None
    assert not result.is_error


@pytest.mark.parametrize(
    "annotation", [list[Content], tuple[Content, ...], list[Text | Image], ...]
)
def test_several_blocks_keep_their_order(annotation: Any) -> None:
    blocks = [Text(text="a"), Image(data=DATA, mime_type="image/png"), Text(text="b")]
    result = receive(annotation, blocks)

    assert [block.type for block in result.content] == ["text", "image", "text"]
    assert result.text == "a\nb"


def test_no_blocks_are_an_empty_result() -> None:
    result = receive(list[Text], [])

    assert (result.content, result.is_error) == ((), False)


@pytest.mark.parametrize("value", [None, "hunter2", 5, ["hunter2"], {"text": "hunter2"}])
@pytest.mark.parametrize("annotation", [Text, list[Text]])
def test_data_where_content_is_declared_is_our_failure(annotation: Any, value: Any) -> None:
    result = receive(annotation, value)

    assert result.is_error
    assert "hunter2" not in result.text


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        (Text, {"text": 5}, "text must be str, not int"),
        (Text, {"text": None}, "text must be str, not NoneType"),
        (Image, {"data": BASE64, "mime_type": "a/b"}, "data must be bytes, not str"),
        (Audio, {"data": DATA, "mime_type": None}, "mime_type must be str, not NoneType"),
        (EmbeddedResource, {"uri": "a:b", "data": "x"}, "data must be bytes, not str"),
        (ResourceLink, {"uri": "a:b", "name": "a", "title": 5}, "title must be str, not int"),
    ],
)
def test_what_no_client_could_be_sent_is_refused_where_it_is_made(
    kind: Any, values: dict[str, Any], message: str
) -> None:
    with pytest.raises(TypeError, match=message):
        kind(**values)


def test_lazy_text_of_a_block_is_in_the_active_language() -> None:
    label: Any = gettext_lazy("Yes")
    with override("de"):
        blocks = [
            Text(text=label),
            EmbeddedResource(uri="shop://a", text=label),
            ResourceLink(uri="shop://a", name=label, title=label, description=label),
        ]

    assert blocks == [
        Text(text="Ja"),
        EmbeddedResource(uri="shop://a", text="Ja"),
        ResourceLink(uri="shop://a", name="Ja", title="Ja", description="Ja"),
    ]


def test_resource_holds_either_text_or_data() -> None:
    with pytest.raises(ValueError, match=r"A resource holds either text or data\."):
        EmbeddedResource(uri="shop://a", text="a", data=b"a")


def test_text_that_is_no_unicode_is_refused_where_it_is_made() -> None:
    with pytest.raises(UnicodeEncodeError):
        Text(text="\ud800")


def test_icon_of_no_theme_that_clients_know_is_refused() -> None:
    with pytest.raises(ValueError, match="theme must be one of light, dark"):
        Icon(src="https://shop.example/a.png", theme="blue")  # type: ignore[arg-type]


def test_icons_and_annotations_are_listed() -> None:
    def act() -> Text:
        """Act."""
        return Text(text="done")

    icon = Icon(
        src="https://shop.example/a.png", mime_type="image/png", sizes=("48x48",), theme="dark"
    )
    with offering(act, title="Act", destructive=True, open_world=False, icons=[icon]):
        (listed,) = MCPClient().list_tools()

    assert listed.model_dump(by_alias=True, exclude_none=True) == {
        "name": "act",
        "title": "Act",
        "description": "Act.",
        "inputSchema": {"type": "object", "properties": {}, "additionalProperties": False},
        "annotations": {"readOnlyHint": False, "destructiveHint": True, "openWorldHint": False},
        "icons": [{"src": icon.src, "mimeType": "image/png", "sizes": ["48x48"], "theme": "dark"}],
    }
