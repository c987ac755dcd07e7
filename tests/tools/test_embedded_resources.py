"""Links to resources of the project, and resources that are embedded by their URI."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.http import Http404
from pytest_django import Settings

from django_mcp import (
    EmbeddedResource,
    ResourceLink,
    Text,
    ToolError,
    resource,
    resource_link,
    tool,
)
from django_mcp.exceptions import ToolFailedError
from django_mcp.models import CallRecord, ToolGroup
from django_mcp.policy.groups import sync_groups
from django_mcp.primitives.declaration import collecting
from django_mcp.testing import MCPClient
from tests.calls import call_of, caller, serve, serving_declared

pytestmark = pytest.mark.django_db

read: list[int] = []
"""Parts that were read."""

with collecting() as DECLARED:

    @resource("box://{number}", title="Box", mime_type="text/html", scopes=["boxes:read"])
    def box(number: int, user: User) -> str:
        """A box of the caller's own."""
        return f"<b>{number} of {user.get_username()}</b>"

    @resource("abox://{number}")
    async def abox(number: int, user: User) -> bytes:
        """A box of the caller's own, on the loop."""
        return f"{number} of {user.get_username()}".encode()

    @resource("group://{name}", fields=["name"])
    def group(name: str) -> Group:
        """A group."""
        return Group.objects.get(name=name)

    @resource("attic://box", group="attic")
    def attic_box() -> str:
        """A box in a group that may be closed."""
        return "dusty"

    @resource("loop://a")
    def loop_a() -> EmbeddedResource:
        """Embeds another one that embeds it."""
        return EmbeddedResource(uri="loop://b")

    @resource("loop://b")
    def loop_b() -> EmbeddedResource:
        """Embeds another one that embeds it."""
        return EmbeddedResource(uri="loop://a")

    @resource("safe://{name}", raises={LookupError: "The safe is locked."})
    def safe(name: str) -> str:
        """Refuse everybody, each for another reason."""
        raise {
            "denied": PermissionDenied("not yours"),
            "missing": Http404("nobody's"),
            "error": ToolError("not for you", outcome="permission_denied"),
            "locked": LookupError("under the mat"),
        }[name]

    @resource("asafe://{name}")
    async def asafe(name: str) -> str:
        """Refuse everybody, on the loop."""
        raise PermissionDenied("not yours")

    @resource("exit://{name}")
    def leaving(name: str) -> str:
        """Raise what must not end the server."""
        raise {"exit": SystemExit, "stop": StopIteration}[name]

    @resource("aexit://{name}")
    async def aleaving(name: str) -> str:
        """Raise what must not end the server, on the loop."""
        raise {"exit": SystemExit, "stop": StopIteration}[name]

    @tool(read_only=True)
    def link(uri: str) -> ResourceLink:
        """Return a link."""
        return resource_link(uri)

    @tool(read_only=True)
    async def alink(uri: str) -> list[ResourceLink | Text]:
        """Return a link beside text, on the loop."""
        return [Text(text="see"), resource_link(uri)]

    @tool(read_only=True)
    def link_with_words(uri: str) -> ResourceLink:
        """Return a link with words of its own."""
        return resource_link(uri, title="Box 5", description="The fifth box.")

    @resource("part://{number}")
    def part(number: int) -> str:
        """A part of a whole."""
        read.append(number)
        return "1234567890"

    @tool(read_only=True)
    def embed_all() -> list[EmbeddedResource]:
        """Embed several parts."""
        return [EmbeddedResource(uri=f"part://{each}") for each in range(5)]

    @tool
    def embed(uri: str) -> EmbeddedResource:
        """Embed a resource, after having written something."""
        Group.objects.create(name="written")
        return EmbeddedResource(uri=uri)

    @tool
    async def aembed(uri: str) -> EmbeddedResource:
        """Embed a resource, on the loop."""
        return EmbeddedResource(uri=uri)

    @tool(background=True)
    def embed_slowly(uri: str) -> EmbeddedResource:
        """Embed a resource, in a worker."""
        return EmbeddedResource(uri=uri)


EMBEDDING = pytest.mark.parametrize("name", ["embed", "aembed", "embed_slowly"])


@pytest.fixture(autouse=True)
def served() -> Iterator[None]:
    with serving_declared(DECLARED):
        sync_groups()
        yield


@pytest.fixture
def client() -> MCPClient:
    return MCPClient(User.objects.create_user("ann"))


def blocks(client: MCPClient, name: str, uri: str) -> list[dict[str, Any]]:
    result = client.call(name, uri=uri)
    assert not result.is_error, result.text
    return [each.model_dump(by_alias=True, exclude_none=True) for each in result.content]


LINK = {
    "type": "resource_link",
    "uri": "box://5",
    "name": "box",
    "title": "Box",
    "description": "A box of the caller's own.",
    "mimeType": "text/html",
}


def test_link_has_what_the_resource_says_of_itself(client: MCPClient) -> None:
    assert blocks(client, "link", "box://5") == [LINK]
    assert blocks(client, "alink", "box://5") == [{"type": "text", "text": "see"}, LINK]


def test_link_may_have_words_of_its_own(client: MCPClient) -> None:
    words = {"title": "Box 5", "description": "The fifth box."}
    unseen = {"type": "resource_link", "uri": "nowhere://5", "name": "nowhere://5", **words}

    assert blocks(client, "link_with_words", "box://5") == [{**LINK, **words}]
    assert blocks(client, "link_with_words", "nowhere://5") == [unseen]


@pytest.mark.parametrize("uri", ["attic://box", "nowhere://5"])
def test_link_to_what_the_caller_does_not_see_has_the_uri_alone(
    client: MCPClient, uri: str
) -> None:
    ToolGroup.objects.filter(name="attic").update(enabled=False)

    assert blocks(client, "link", uri) == [{"type": "resource_link", "uri": uri, "name": uri}]


@EMBEDDING
@pytest.mark.parametrize(
    ("uri", "contents"),
    [
        ("box://5", {"mimeType": "text/html", "text": "<b>5 of ann</b>"}),
        ("abox://5", {"mimeType": "application/octet-stream", "blob": "NSBvZiBhbm4="}),
        ("group://staff", {"mimeType": "application/json", "text": '{"name":"staff"}'}),
    ],
)
def test_embedded_resource_is_read_for_the_caller(
    client: MCPClient, name: str, uri: str, contents: dict[str, str]
) -> None:
    Group.objects.create(name="staff")

    assert blocks(client, name, uri) == [{"type": "resource", "resource": {"uri": uri, **contents}}]


@EMBEDDING
@pytest.mark.parametrize(
    ("uri", "kind"),
    [
        ("attic://box", "not_found"),
        ("nowhere://5", "not_found"),
        ("group://missing", "not_found"),
        ("box://../5", "not_found"),
        ("box://x", "not_found"),
    ],
)
def test_what_cannot_be_read_fails_the_call(
    client: MCPClient, name: str, uri: str, kind: str
) -> None:
    ToolGroup.objects.filter(name="attic").update(enabled=False)

    result = client.call(name, uri=uri)

    assert (result.is_error, result.error["kind"]) == (True, kind)
    assert not Group.objects.filter(name="written").exists()
    assert CallRecord.objects.get().outcome == kind


@EMBEDDING
@pytest.mark.parametrize(
    "uri",
    [
        "",
        "part://..",
        "part://%2e%2e",
        "part://1%00",
        "part:///etc/passwd",
        "part://%2Fetc%2Fpasswd",
        "part://" + "1" * 10_000,
        "file:///etc/passwd",
        "http://169.254.169.254/",
        "javascript:alert(1)",
    ],
)
def test_hostile_uri_is_not_found_and_reads_nothing(client: MCPClient, name: str, uri: str) -> None:
    read.clear()

    error = client.call(name, uri=uri).error

    assert (error["kind"], read) == ("not_found", [])
    assert not Group.objects.filter(name="written").exists()


@EMBEDDING
@pytest.mark.parametrize(
    "uri",
    [
        "safe://denied",
        "safe://missing",
        "safe://error",
        "asafe://denied",
        "group://missing",
        "attic://box",
        "nowhere://5",
    ],
)
def test_what_is_missing_hidden_or_denied_is_answered_alike(
    client: MCPClient, name: str, uri: str
) -> None:
    ToolGroup.objects.filter(name="attic").update(enabled=False)

    assert client.call(name, uri=uri).error == {
        "kind": "not_found",
        "error": f"Resource not found: {uri}",
        "retryable": False,
        "hint": "",
        "retry_after": None,
    }


@EMBEDDING
def test_exceptions_of_the_embedded_resource_are_those_that_it_declares(
    client: MCPClient, name: str
) -> None:
    error = client.call(name, uri="safe://locked").error

    assert (error["kind"], error["error"]) == ("tool_error", "The safe is locked.")


@EMBEDDING
def test_scopes_of_the_embedded_resource_are_needed(name: str) -> None:
    client = MCPClient(User.objects.create_user("ann"), scopes=[])

    result = client.call(name, uri="box://5")

    assert result.error["kind"] == "permission_denied"
    assert result.error["error"] == "The resource box://5 needs the scopes: boxes:read"


@EMBEDDING
def test_resources_that_embed_each_other_fail_the_call(client: MCPClient, name: str) -> None:
    assert client.call(name, uri="loop://a").error["kind"] == "failed"


@EMBEDDING
@pytest.mark.parametrize("uri", ["exit://exit", "aexit://exit", "exit://stop", "aexit://stop"])
@pytest.mark.django_db(transaction=True)
def test_resource_that_leaves_fails_the_call_that_embeds_it_and_nothing_else(
    name: str, uri: str
) -> None:
    user = User.objects.create_user("ann")

    with pytest.raises(ToolFailedError):
        serve(call_of(name, principal=caller(user), arguments={"uri": uri}))

    assert CallRecord.objects.get().outcome == "failed"


@EMBEDDING
def test_embedded_resource_counts_for_the_size_of_the_result(
    client: MCPClient, name: str, settings: Settings
) -> None:
    settings.DJANGO_MCP_MAX_RESULT_BYTES = 10

    assert client.call(name, uri="box://5").error["kind"] == "too_large"


def test_no_more_is_read_than_a_result_may_hold(client: MCPClient, settings: Settings) -> None:
    settings.DJANGO_MCP_MAX_RESULT_BYTES = 60
    read.clear()

    assert client.call("embed_all").error["kind"] == "too_large"
    assert read == [0, 1, 2, 3]
