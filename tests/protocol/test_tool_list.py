import asyncio
import json

import pytest
from django.contrib.auth.models import User
from mcp_types.methods import serialize_server_result
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, MODERN_PROTOCOL_VERSIONS
from pytest_django import Settings

from django_mcp.models import ToolGroup
from django_mcp.policy.snapshot import forget_snapshot
from tests.protocol.tools import TOOLS
from tests.spec import LEGACY, MODERN
from tests.wire import TASKS, Client, serving

NAMES = sorted(each.key[1] for each in TOOLS if each.group != "closed")


def pages(client: Client) -> list[list[str]]:
    """The names on each page, read to the end as a client does."""
    found: list[list[str]] = []
    params: dict[str, str] = {}
    while len(found) < 100:
        result = asyncio.run(client.asend("tools/list", params)).result
        found.append([tool["name"] for tool in result["tools"]])
        if "nextCursor" not in result:
            return found
        params = {"cursor": result["nextCursor"]}
    raise AssertionError("the pages never end")


@pytest.mark.parametrize("size", [1, 3, len(NAMES) - 1, len(NAMES), len(NAMES) + 1])
def test_pages_hold_every_tool_once_in_a_fixed_order(
    client: Client, settings: Settings, size: int
) -> None:
    settings.DJANGO_MCP_LIST_PAGE_SIZE = size

    found = pages(client)

    assert [name for page in found for name in page] == NAMES
    assert all(len(page) == size for page in found[:-1])
    assert 0 < len(found[-1]) <= size


def test_page_after_a_tool_that_is_gone_goes_on_behind_it(
    client: Client, settings: Settings
) -> None:
    settings.DJANGO_MCP_LIST_PAGE_SIZE = 3
    cursor = asyncio.run(client.asend("tools/list")).result["nextCursor"]
    with serving([each for each in TOOLS if each.key[1] != NAMES[2]]) as application:
        rest = client.having(application=application)

        result = asyncio.run(rest.asend("tools/list", {"cursor": cursor})).result

    assert [tool["name"] for tool in result["tools"]] == NAMES[3:6]


def test_cursor_of_one_list_is_none_of_another(client: Client, settings: Settings) -> None:
    settings.DJANGO_MCP_LIST_PAGE_SIZE = 3
    cursor = asyncio.run(client.asend("tools/list")).result["nextCursor"]

    answer = asyncio.run(client.asend("prompts/list", {"cursor": cursor}))

    assert answer.error == {"code": -32602, "message": "Invalid cursor"}


@pytest.mark.parametrize("key", ["bob", "-"])
def test_cursor_of_another_user_is_invalid(
    client: Client, settings: Settings, ann: User, bob: User, key: str
) -> None:
    settings.DJANGO_MCP_LIST_PAGE_SIZE = 3
    cursor = asyncio.run(client.with_key("ann").asend("tools/list")).result["nextCursor"]

    answer = asyncio.run(client.with_key(key).asend("tools/list", {"cursor": cursor}))

    assert answer.error == {"code": -32602, "message": "Invalid cursor"}


@pytest.mark.parametrize(
    "cursor", ["???", "x", "é", "=", "////", "AA==\n", "gIA=", " ZWNobw==", "e" * 10_001]
)
def test_cursor_that_nobody_handed_out_is_invalid(client: Client, cursor: str) -> None:
    answer = asyncio.run(client.asend("tools/list", {"cursor": cursor}))

    assert answer.error == {"code": -32602, "message": "Invalid cursor"}
    assert answer.status == (400 if client.era == MODERN else 200)


def test_empty_cursor_is_the_start(client: Client) -> None:
    result = asyncio.run(client.asend("tools/list", {"cursor": ""})).result

    assert [tool["name"] for tool in result["tools"]] == NAMES


def test_server_introduces_itself_to_each_era(
    modern: Client, legacy: Client, settings: Settings
) -> None:
    discovered = asyncio.run(modern.asend("server/discover")).result
    greeted = legacy.initialize().result

    assert discovered["supportedVersions"] == [MODERN]
    assert discovered["capabilities"] == {
        "tools": {"listChanged": False},
        "prompts": {"listChanged": False},
        "completions": {},
        "logging": {},
        "extensions": {TASKS: {}},
    }
    assert greeted["protocolVersion"] == LEGACY
    assert greeted["capabilities"] == {
        "tools": {"listChanged": False},
        "prompts": {"listChanged": False},
        "completions": {},
    }
    assert greeted["serverInfo"]["name"] == "testserver"
    assert "resources" not in json.dumps([discovered, greeted])


def test_definitions_say_what_the_tools_are(client: Client) -> None:
    listed = asyncio.run(client.asend("tools/list")).result["tools"]
    echo = next(tool for tool in listed if tool["name"] == "echo")

    assert echo["description"] == "Say the same again."
    assert echo["annotations"] == {"readOnlyHint": True}
    assert echo["inputSchema"]["properties"] == {"text": {"type": "string"}}
    assert echo["inputSchema"]["required"] == ["text"]
    assert echo["inputSchema"]["additionalProperties"] is False
    assert echo["outputSchema"]["properties"] == {"result": {"type": "string"}}


@pytest.mark.parametrize("revision", HANDSHAKE_PROTOCOL_VERSIONS + MODERN_PROTOCOL_VERSIONS)
def test_definitions_are_what_the_sdk_would_send(
    modern: Client, legacy: Client, revision: str
) -> None:
    client = modern if revision in MODERN_PROTOCOL_VERSIONS else legacy

    listed = asyncio.run(client.asend("tools/list")).result

    # Whatever a definition may have, some tool has it.
    assert {key for tool in listed["tools"] for key in tool} == {
        "name",
        "title",
        "description",
        "inputSchema",
        "outputSchema",
        "annotations",
        "icons",
    }
    assert serialize_server_result("tools/list", revision, listed) == listed


def test_first_empty_list_is_explained_in_the_log_with_what_to_type(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    groups = sorted({each.group for each in TOOLS})
    for name in groups:
        ToolGroup.objects.update_or_create(name=name, defaults={"enabled": False})
    forget_snapshot()

    assert [pages(client), pages(client)] == [[[]], [[]]]
    (record,) = [each for each in caplog.records if "tools/list" in each.message]
    assert record.levelname == "WARNING"
    assert record.message == (
        "tools/list at /mcp is empty. "
        f"The tool groups {' and '.join(groups)} are closed, so that no client sees what is in "
        'them: open them in the admin under "Tool groups", or run '
        f"python manage.py mcp_catalog enable {' '.join(groups)}"
    )
