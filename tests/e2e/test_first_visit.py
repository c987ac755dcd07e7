"""Programs that were never set up get in, given the URL of the endpoint and a person."""

from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from mcp.client.client import Client
from pydantic import BaseModel

from tests.client_documents import CHAT, EDITOR, SITE, TERMINAL
from tests.e2e.errors import cause_of
from tests.e2e.programs import Program, used_by
from tests.e2e.sdk import MODES
from tests.e2e.user import BrowserUser, DeniedError
from tests.hosts.process import Site
from tests.hosts.users import USERNAME

READ = {"calendar:read", "desk:read"}


@pytest.mark.parametrize("mode", MODES)
async def test_program_registers_itself_and_calls_a_tool(
    front_door: Site, user: BrowserUser, mode: str
) -> None:
    program = used_by(user, front_door.url)
    result = await program.call("next_free_day", mode=mode)

    assert result.structured_content == {"result": "Friday"}
    assert program.scopes == READ
    assert len(program.visits) == 1
    (page,) = user.decided
    assert "Allow Desktop assistant?" in page
    assert "It registered itself." in page
    assert USERNAME in page


@pytest.mark.parametrize(
    ("document", "redirect_uri", "says"),
    [
        (TERMINAL, "http://localhost:51234/callback", "goes to a program on this device"),
        (TERMINAL, "http://127.0.0.1:51234/callback", "goes to a program on this device"),
        (SITE, "https://claude.ai/api/mcp/auth_callback", "to claude.ai"),
        (EDITOR, "http://127.0.0.1:33418/", "goes to a program on this device"),
        (EDITOR, "http://127.0.0.1:40001/", "goes to a program on this device"),
        (EDITOR, "https://vscode.dev/redirect", "to vscode.dev"),
        (CHAT, "https://chatgpt.com/connector_platform_oauth_redirect", "to chatgpt.com"),
    ],
)
async def test_program_with_a_document_is_known_by_it(
    front_door: Site, user: BrowserUser, document: str, redirect_uri: str, says: str
) -> None:
    program = used_by(user, front_door.url, document=document, redirect_uri=redirect_uri)
    result = await program.call("next_free_day")

    assert result.is_error is False
    assert program.client_id == document
    (page,) = user.decided
    assert says in page
    assert str(urlsplit(document).hostname) in page


@pytest.mark.parametrize("document", [None, SITE])
async def test_program_remembers_what_it_was_given(
    front_door: Site, user: BrowserUser, document: str | None
) -> None:
    program = used_by(
        user,
        front_door.url,
        document=document,
        redirect_uri="https://claude.ai/api/mcp/auth_callback",
    )
    await program.call("next_free_day")
    await program.call("next_free_day")

    assert len(program.visits) == 1
    assert [status for status, _ in program.transport.seen] == [401]


async def test_user_who_denies_is_heard(front_door: Site, user: BrowserUser) -> None:
    program = used_by(user.allowing(), front_door.url)
    with pytest.raises((ExceptionGroup, DeniedError)) as caught:
        await program.call("next_free_day")

    denied = cause_of(caught.value)
    assert isinstance(denied, DeniedError)
    assert denied.answer["error"] == "access_denied"
    assert denied.answer["iss"] == f"{front_door.home}/o"
    assert denied.answer["state"] == asked(program)["state"]
    assert program.memory.tokens is None


async def test_user_grants_less_than_was_asked_and_more_when_it_is_needed(
    front_door: Site, user: BrowserUser
) -> None:
    first = used_by(user.allowing("calendar:read"), front_door.url)
    await first.call("next_free_day")
    granted = first.scopes
    second = used_by(user, front_door.url, memory=first.memory)
    counted = await second.call("count_notes")

    assert asked(first)["scope"].split() == sorted(READ)
    assert granted == {"calendar:read"}
    assert counted.is_error is False
    assert second.scopes == READ


@pytest.mark.parametrize("mode", MODES)
async def test_program_steps_up_when_a_tool_needs_more(
    front_door: Site, user: BrowserUser, mode: str
) -> None:
    program = used_by(user, front_door.url)
    async with program.running(mode=mode) as client:
        await client.call_tool("next_free_day", {})
        before = program.scopes
        moved = await client.call_tool("file_note", {"text": "Call the printer"})
        await client.call_tool("next_free_day", {})

    assert moved.is_error is False
    assert before == READ
    (_, login), (status, step_up) = program.transport.seen
    assert f'scope="{" ".join(sorted(READ))}"' in login
    assert status == 403
    assert 'error="insufficient_scope"' in step_up
    assert 'scope="calendar:write desk:write"' in step_up
    assert program.scopes == READ | {"calendar:write", "desk:write"}
    assert set(asked(program)["scope"].split()) == program.scopes
    assert len(program.visits) == 2


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "get",
    [
        lambda client: client.read_resource("desk://hours"),
        lambda client: client.get_prompt("plan_the_day"),
    ],
    ids=["resource", "prompt"],
)
async def test_program_steps_up_when_a_resource_or_prompt_needs_more(
    front_door: Site, user: BrowserUser, mode: str, get: Callable[[Client], Awaitable[BaseModel]]
) -> None:
    first = used_by(user.allowing("calendar:read"), front_door.url)
    await first.call("next_free_day", mode=mode)
    before = first.scopes
    second = used_by(user, front_door.url, memory=first.memory)
    async with second.running(mode=mode) as client:
        got = await get(client)

    assert "to five" in got.model_dump_json()
    assert before == {"calendar:read"}
    ((status, step_up),) = second.transport.seen
    assert status == 403
    assert 'error="insufficient_scope"' in step_up
    assert 'scope="desk:read"' in step_up
    assert second.scopes == READ


def asked(program: Program) -> dict[str, str]:
    """What the program asked of its user the last time."""
    query = parse_qs(urlsplit(program.visits[-1]).query)
    return {name: value for name, [value] in query.items()}
