"""`overflow="link"`: results that are stored, and read by their caller alone until they expire."""

import base64
import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import jsonschema
import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from mcp_types import ResourceLink
from pydantic import BaseModel
from pytest_django import Settings

from django_mcp import EmbeddedResource, Image, Text, tool
from django_mcp.background.recovery import recover_tasks
from django_mcp.exceptions import ResourceNotFoundError, ToolRegistrationError
from django_mcp.guards import Call, Guard, Rendered
from django_mcp.models import CallRecord, StoredResult, ToolGroup, ToolSwitch
from django_mcp.policy.snapshot import forget_snapshot
from django_mcp.primitives.declaration import collecting
from django_mcp.primitives.registry import build
from django_mcp.testing import MCPClient, ToolResult
from tests.calls import offering, serving_declared
from tests.resources.errors import not_found
from tests.sizes.tools import TOOLS
from tests.spec import ERAS
from tests.tools.single_tools import returning
from tests.wire import Answer, Client

LINKING = pytest.mark.parametrize("name", ["link", "alink", "link_slowly"])

STORED = "django-mcp/stored"
LIMIT = 700


@pytest.fixture(autouse=True)
def _limits(settings: Settings) -> None:
    settings.DJANGO_MCP_MAX_ROWS = 50
    settings.DJANGO_MCP_MAX_RESULT_BYTES = LIMIT


@pytest.fixture
def caller(client: Client, alice: User) -> Client:
    return client.with_key("alice reports:read")


def links_in(answer: Answer) -> list[dict[str, Any]]:
    assert not answer.result["isError"], answer.text
    return [each for each in answer.result["content"] if each["type"] == "resource_link"]


def read(client: Client, uri: str) -> Answer:
    return client.send("resources/read", {"uri": uri})


def is_missing(answer: Answer, uri: str) -> bool:
    """Whether it is the answer to a URI that names nothing."""
    return answer.error in [not_found(era, uri) for era in ERAS]


@LINKING
def test_result_that_is_too_large_is_stored_and_read_in_parts_of_whole_rows(
    caller: Client, name: str
) -> None:
    answer = caller.call(name, number=40)
    links = links_in(answer)
    parts = [read(caller, each["uri"]).result["contents"] for each in links]

    rows = [{"number": each, "owner": "alice"} for each in range(40)]
    assert len(links) > 1
    assert all(len(contents) == 1 for contents in parts)
    assert [row for (each,) in parts for row in json.loads(each["text"])] == rows
    for link, (each,) in zip(links, parts, strict=True):
        assert each["uri"] == link["uri"]
        assert each["mimeType"] == link["mimeType"] == "application/json"
        assert len(each["text"].encode()) == link["size"] <= LIMIT
    assert [each["title"] for each in links[:2]] == [
        f"Result of {name}, part {n} of {len(links)}" for n in (1, 2)
    ]
    assert [each.outcome for each in CallRecord.objects.order_by("pk")] == ["ok"] * (1 + len(links))
    assert set(CallRecord.objects.filter(kind="resource").values_list("name", flat=True)) == {
        f"{name}_results"
    }


@LINKING
def test_answer_says_what_was_stored_and_until_when(caller: Client, name: str) -> None:
    answer = caller.call(name, number=40).result

    facts = answer["_meta"][STORED]
    assert facts["parts"] == StoredResult.objects.count()
    assert facts["bytes"] == sum(StoredResult.objects.values_list("size", flat=True)) - (
        facts["parts"] - 1
    )
    assert facts["expires"] == StoredResult.objects.latest("expires").expires.isoformat()
    first = answer["content"][0]["text"]
    assert first.startswith(
        f"The result is too large to be sent: it has 40 rows and {facts['bytes']}"
    )
    assert answer["structuredContent"] == {
        STORED: [
            {"uri": each["uri"], "media_type": each["mimeType"], "size": each["size"]}
            for each in answer["content"][1:]
        ]
    }


@LINKING
def test_result_that_fits_is_sent(caller: Client, name: str) -> None:
    answer = caller.call(name, number=2)

    rows = [{"number": each, "owner": "alice"} for each in range(2)]
    assert answer.result["structuredContent"] == {"result": rows}
    assert STORED not in answer.result["_meta"]
    assert not StoredResult.objects.exists()


def test_result_with_too_many_rows_is_stored_however_small_they_are(
    caller: Client, settings: Settings
) -> None:
    settings.DJANGO_MCP_MAX_RESULT_BYTES = 10_000

    (link,) = links_in(caller.call("link", number=51))

    assert len(json.loads(read(caller, link["uri"]).result["contents"][0]["text"])) == 51


def test_schema_allows_for_the_parts_in_place_of_the_result(caller: Client) -> None:
    tools = {each["name"]: each for each in caller.send("tools/list").result["tools"]}

    schema = tools["link"]["outputSchema"]
    assert schema["type"] == "object"
    assert set(schema["properties"]) == {"result", STORED}
    assert schema["anyOf"] == [{"required": ["result"]}, {"required": [STORED]}]


@pytest.mark.parametrize("number", [2, 40])
def test_answer_fits_the_schema_whether_it_is_stored_or_not(caller: Client, number: int) -> None:
    tools = {each["name"]: each for each in caller.send("tools/list").result["tools"]}

    structured = caller.call("link", number=number).result["structuredContent"]

    jsonschema.validate(structured, tools["link"]["outputSchema"])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({}, tools["link"]["outputSchema"])


def test_template_of_the_results_is_listed_for_those_who_see_the_tool(
    caller: Client, client: Client
) -> None:
    def uris(asking: Client) -> list[str]:
        answer = asking.send("resources/templates/list")
        return [each["uriTemplate"] for each in answer.result["resourceTemplates"]]

    assert "django-mcp://results/link/{result}" in uris(caller)
    ToolGroup.objects.update_or_create(name="reports", defaults={"enabled": False})
    forget_snapshot()

    assert uris(caller) == ["django-mcp://results/write/{result}"]


# Who may not read it.


@pytest.fixture
def uri(caller: Client) -> str:
    return str(links_in(caller.call("link", number=40))[0]["uri"])


def test_other_user_finds_nothing(client: Client, uri: str, bob: User) -> None:
    assert is_missing(read(client.with_key("bob reports:read"), uri), uri)


def test_other_client_of_the_same_user_finds_nothing(caller: Client, uri: str) -> None:
    StoredResult.objects.update(client="another-client")

    assert is_missing(read(caller, uri), uri)


def test_two_clients_of_one_user_read_each_its_own(alice: User) -> None:
    with serving_declared(TOOLS):
        one, other = (MCPClient(alice, client_id=name) for name in ("one", "other"))
        link = next(b for b in one.call("link", number=51).content if isinstance(b, ResourceLink))

        assert "owner" in one.read(str(link.uri)).text
        with pytest.raises(ResourceNotFoundError):
            other.read(str(link.uri))


def test_other_endpoint_finds_nothing(caller: Client, uri: str) -> None:
    StoredResult.objects.update(endpoint="another")

    assert is_missing(read(caller, uri), uri)


def test_result_of_another_tool_is_not_read_by_the_uri_of_one(caller: Client, uri: str) -> None:
    other = uri.replace("/link/", "/alink/")

    assert is_missing(read(caller, other), other)


def test_expired_result_is_gone(caller: Client, uri: str) -> None:
    StoredResult.objects.update(expires=timezone.now() - timedelta(seconds=1))

    assert is_missing(read(caller, uri), uri)


def test_result_expires_after_the_time_of_the_setting(caller: Client, settings: Settings) -> None:
    settings.DJANGO_MCP_KEEP_STORED_RESULT = 60.0
    caller.call("link", number=40)

    row = StoredResult.objects.earliest("expires")
    assert timedelta(seconds=59) < row.expires - row.created <= timedelta(seconds=61)


@pytest.mark.parametrize(
    "guess", ["8a7ff2c4-4d1d-4b83-a6c2-0d3c1f0a8d11", "1", "x" * 300, "%00", "..", "null"]
)
def test_guessed_key_finds_nothing(caller: Client, uri: str, guess: str) -> None:
    guessed = f"django-mcp://results/link/{guess}"

    assert is_missing(read(caller, guessed), guessed)


def close_group() -> None:
    ToolGroup.objects.update_or_create(name="reports", defaults={"enabled": False})


def switch_tool_off() -> None:
    group, _ = ToolGroup.objects.update_or_create(name="reports", defaults={"enabled": True})
    ToolSwitch.objects.update_or_create(
        group=group, kind="tool", name="link", defaults={"enabled": False}
    )


def allow_only_others() -> None:
    group, _ = ToolGroup.objects.update_or_create(name="reports", defaults={"enabled": True})
    group.allowed_groups.add(Group.objects.create(name="others"))


@pytest.mark.parametrize("close", [close_group, switch_tool_off, allow_only_others])
def test_caller_who_does_not_see_the_tool_any_more_finds_nothing(
    caller: Client, uri: str, close: Any
) -> None:
    close()
    forget_snapshot()
    unknown = uri[:-4] + "0000"
    first = read(caller, unknown)  # it reads the snapshot
    with CaptureQueriesContext(connection) as of_unknown:
        missing = read(caller, unknown)
    with CaptureQueriesContext(connection) as of_stored:
        stored = read(caller, uri)

    assert is_missing(first, unknown)
    assert is_missing(missing, unknown)
    assert is_missing(stored, uri)
    assert len(of_stored) == len(of_unknown)


def test_caller_without_the_scopes_is_asked_for_them_whatever_the_key(
    client: Client, uri: str, alice: User
) -> None:
    bare = client.with_key("alice")

    assert read(bare, uri).status == 403
    assert read(bare, f"django-mcp://results/link/{uuid4()}").status == 403


def test_anonymous_caller_finds_nothing_of_a_user(client: Client, uri: str) -> None:
    answer = read(client, uri)

    assert answer.status == 401 or is_missing(answer, uri)


# Bounds.


@pytest.mark.usefixtures("counts")
@LINKING
def test_rows_of_a_stored_result_count_for_the_budget_when_it_is_stored(
    caller: Client, name: str, settings: Settings
) -> None:
    settings.DJANGO_MCP_EXPORT_ROWS_PER_HOUR = 60
    links_in(caller.call(name, number=40))

    error = caller.call(name, number=40).result["_meta"]["django-mcp/error"]

    assert error["kind"] == "over_budget"


@pytest.mark.usefixtures("counts")
@pytest.mark.parametrize("name", ["link", "alink"])
def test_result_that_is_not_delivered_is_not_left_in_store(
    caller: Client, name: str, settings: Settings
) -> None:
    settings.DJANGO_MCP_EXPORT_ROWS_PER_HOUR = 60
    links_in(caller.call(name, number=40))
    stored = StoredResult.objects.count()

    error = caller.call(name, number=40).result["_meta"]["django-mcp/error"]

    assert error["kind"] == "over_budget"
    assert StoredResult.objects.count() == stored


@pytest.mark.usefixtures("counts")
def test_bytes_of_a_stored_result_count_for_the_budget_when_they_are_read(
    caller: Client, settings: Settings
) -> None:
    settings.DJANGO_MCP_EXPORT_BYTES_PER_HOUR = 3_000
    links = links_in(caller.call("link", number=40))

    answers = [read(caller, links[0]["uri"]) for _ in range(5)]

    kinds = [
        "" if "result" in each.messages[-1] else each.error["data"]["django-mcp/error"]["kind"]
        for each in answers
    ]
    assert kinds[0] == ""
    assert kinds[-1] == "over_budget"


@LINKING
def test_result_with_more_rows_than_are_stored_is_refused(
    caller: Client, name: str, settings: Settings
) -> None:
    settings.DJANGO_MCP_MAX_STORED_ROWS = 60

    error = caller.call(name, number=61).result["_meta"]["django-mcp/error"]

    assert (error["kind"], error["error"]) == ("too_large", "The result has more than 60 rows.")
    assert not StoredResult.objects.exists()


@LINKING
def test_result_with_more_bytes_than_are_stored_is_refused(
    caller: Client, name: str, settings: Settings
) -> None:
    settings.DJANGO_MCP_MAX_STORED_RESULT_BYTES = 1000

    error = caller.call(name, number=40).result["_meta"]["django-mcp/error"]

    assert error["kind"] == "too_large"
    assert error["error"] == "The result is larger than 1000 bytes."
    assert not StoredResult.objects.exists()


def test_stored_results_of_one_caller_are_bounded_together(
    caller: Client, client: Client, settings: Settings, bob: User
) -> None:
    settings.DJANGO_MCP_MAX_STORED_BYTES_PER_CALLER = 2_000
    links_in(caller.call("link", number=40))

    error = caller.call("link", number=40).result["_meta"]["django-mcp/error"]

    assert (error["kind"], error["retryable"]) == ("too_large", True)
    assert 0 < error["retry_after"] <= 3600
    assert links_in(client.with_key("bob reports:read").call("link", number=40))
    StoredResult.objects.filter(username="alice").update(expires=timezone.now())
    assert links_in(caller.call("link", number=40))


def test_links_that_are_too_many_themselves_are_refused(caller: Client, settings: Settings) -> None:
    settings.DJANGO_MCP_MAX_RESULT_BYTES = 100

    answer = caller.call("write", number=200)

    assert answer.result["_meta"]["django-mcp/error"]["kind"] == "too_large"
    assert not StoredResult.objects.exists()
    assert not Group.objects.filter(name="written").exists()


def test_what_has_expired_is_deleted_at_the_next_store_and_by_the_sweep(caller: Client) -> None:
    past = timezone.now() - timedelta(seconds=1)
    caller.call("link", number=40)
    old = StoredResult.objects.count()
    StoredResult.objects.update(expires=past)
    caller.call("link", number=40)
    kept = StoredResult.objects.count()
    StoredResult.objects.update(expires=past)
    recover_tasks()

    assert kept == old
    assert not StoredResult.objects.exists()


def test_tool_that_stores_nothing_costs_no_query_more(caller: Client) -> None:
    caller.call("link", number=1)
    with CaptureQueriesContext(connection) as queries:
        caller.call("link", number=1)

    assert not any("storedresult" in each["sql"] for each in queries)


# Results of every kind.


class Report(BaseModel):
    title: str
    lines: list[str]


def parts_of(annotation: Any, value: Any, **options: Any) -> tuple[ToolResult, list[Any]]:
    """The answer of a tool that returns this, and what the parts hold that it links to."""
    with offering(returning(annotation, value), overflow="link", **options):
        client = MCPClient()
        result = client.call("give")
        assert not result.is_error, result.text
        links = [each for each in result.content if isinstance(each, ResourceLink)]
        contents = [client.read(str(each.uri)).contents[0] for each in links]
    found: list[Any] = []
    for link, each in zip(links, contents, strict=True):
        assert each.mime_type == link.mime_type
        data = base64.b64decode(each.blob) if hasattr(each, "blob") else each.text.encode()
        assert link.size == len(data) <= LIMIT
        found.append((each.mime_type, data))
    return result, found


def joined(parts: list[Any]) -> tuple[set[str], bytes]:
    return {kind for kind, _ in parts}, b"".join(data for _, data in parts)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("annotation", "value", "media_type", "whole"),
    [
        (str, "\u00e9" * 1000, "text/plain", ("\u00e9" * 1000).encode()),
        (Text, Text(text="\u20ac" * 1000), "text/plain", ("\u20ac" * 1000).encode()),
        (
            Image,
            Image(data=bytes(range(256)) * 8, mime_type="image/png"),
            "image/png",
            bytes(range(256)) * 8,
        ),
        (
            EmbeddedResource,
            EmbeddedResource(uri="a:b", text="c,d\n" * 500, mime_type="text/csv"),
            "text/csv",
            b"c,d\n" * 500,
        ),
        (dict[str, str], {"a": "x" * 900}, "application/json", b'{"a":"' + b"x" * 900 + b'"}'),
        (list[str], ["x" * 900], "application/json", b'["' + b"x" * 900 + b'"]'),
        (..., {"a": "x" * 900}, "application/json", b'{"a":"' + b"x" * 900 + b'"}'),
        (..., "x" * 900, "text/plain", b"x" * 900),
    ],
    ids=[
        "string",
        "text",
        "image",
        "document",
        "object",
        "large row",
        "undeclared object",
        "undeclared text",
    ],
)
def test_result_of_any_kind_is_read_as_it_was(
    annotation: Any, value: Any, media_type: str, whole: bytes
) -> None:
    result, parts = parts_of(annotation, value)

    assert joined(parts) == ({media_type}, whole)
    assert len(parts) > 1
    assert result.meta[STORED]["parts"] == len(parts)


@pytest.mark.django_db
@pytest.mark.parametrize("annotation", [list[str], ...])
def test_list_is_parted_into_whole_rows_whether_it_is_declared_or_not(annotation: Any) -> None:
    rows = [str(n) * 150 for n in range(8)]

    result, parts = parts_of(annotation, rows)

    assert [row for _, data in parts for row in json.loads(data)] == rows
    assert {kind for kind, _ in parts} == {"application/json"}
    assert (result.structured is None) is (annotation is ...)


@pytest.mark.django_db
def test_undeclared_result_that_fits_is_text_as_ever() -> None:
    result, parts = parts_of(..., ["x"])

    assert (result.text, result.structured, parts) == ('["x"]', None, [])


@pytest.mark.django_db
def test_text_is_parted_at_the_ends_of_lines() -> None:
    _, parts = parts_of(str, "a line of text\n" * 100)

    assert all(data.endswith(b"\n") for _, data in parts)


@pytest.mark.django_db
def test_object_with_a_long_list_inside_is_stored_as_a_whole() -> None:
    Group.objects.bulk_create(Group(name=f"g{n}") for n in range(51))
    result, parts = parts_of(dict[str, Any], lambda: {"rows": Group.objects.values("name")})

    assert len(json.loads(joined(parts)[1])["rows"]) == 51
    assert set(result.structured) == {STORED}


@pytest.mark.django_db
def test_small_blocks_beside_a_large_one_are_sent() -> None:
    blocks = [Text(text="see"), Image(data=b"x" * 1000, mime_type="image/png"), Text(text="end")]

    result, parts = parts_of(list[Text | Image], lambda: blocks)

    assert [each.type for each in result.content] == [
        "text",
        "text",
        "resource_link",
        "resource_link",
        "text",
    ]
    assert joined(parts) == ({"image/png"}, b"x" * 1000)


class Mask(Guard):
    """Guard of a project that leaves out what strangers must not read."""

    def after(self, call: Call, result: Rendered) -> Rendered:
        if call.invocation.kind != "tool":
            return result
        texts = (each.text for each in result.content if isinstance(each, Text))
        return Rendered(content=tuple(Text(text=t.replace("secret", "******")) for t in texts))


@pytest.mark.django_db
def test_what_a_guard_of_the_project_leaves_out_is_not_stored(settings: Settings) -> None:
    settings.DJANGO_MCP_GUARDS = [f"{__name__}.Mask"]

    _, parts = parts_of(Text, Text(text="secret " * 200))

    assert joined(parts)[1] == b"****** " * 200


@pytest.mark.django_db
def test_record_has_the_size_of_what_was_sent(caller: Client) -> None:
    caller.call("link", number=40)

    assert (CallRecord.objects.get().result_size or 0) < LIMIT


@pytest.mark.parametrize(
    ("options", "annotation", "problem"),
    [
        ({"page_size": 5}, list[Report], "is not for pages"),
        ({"name": "x" * 60}, list[Report], "is not 1 to 64 of the characters"),
    ],
)
def test_declaration_that_cannot_store_is_refused(
    options: dict[str, Any], annotation: Any, problem: str
) -> None:
    with collecting() as declared:
        tool(overflow="link", **options)(returning(annotation, []))

    with pytest.raises(ToolRegistrationError, match=problem) as refused:
        build(declared)
    assert "single_tools.py" in str(refused.value)
