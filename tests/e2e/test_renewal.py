"""Access tokens expire; what comes after that, and who else comes with an old token."""

import asyncio

import httpx
import pytest
from mcp.client.auth import OAuthClientProvider

from tests.e2e.front_door import SHELL, is_open, post
from tests.e2e.programs import Program, used_by
from tests.e2e.sdk import MODES
from tests.e2e.user import BrowserUser
from tests.hosts.process import Site

EXPIRE = (
    "from django.utils import timezone; "
    "from oauth2_provider.models import AccessToken; "
    "AccessToken.objects.filter(application__client_id={client_id!r})"
    ".update(expires=timezone.now())"
)
# As if the refresh tokens that were used had been used an hour ago.
AGE = (
    "import datetime; "
    "from django.db.models import F; "
    "from oauth2_provider.models import RefreshToken; "
    "RefreshToken.objects.filter(application__client_id={client_id!r}, revoked__isnull=False)"
    ".update(revoked=F('revoked') - datetime.timedelta(hours=1))"
)


def let_expire(site: Site, program: Program, *providers: OAuthClientProvider) -> None:
    """Let the hour pass for which access tokens are good, there and here."""
    site.manage(*SHELL, EXPIRE.format(client_id=program.client_id))
    for provider in providers:
        provider.context.token_expiry_time = 1.0


def refresh(site: Site, program: Program, token: str) -> httpx.Response:
    """Bring a refresh token to the server, as the program or whoever has stolen it does."""
    registration = program.memory.registration
    assert registration is not None
    form = {
        "grant_type": "refresh_token",
        "refresh_token": token,
        "client_id": registration.client_id,
        "client_secret": registration.client_secret or "",
    }
    return post(site, "/o/token/", form)


def refresh_token_of(program: Program) -> str:
    token = program.tokens.refresh_token
    assert token is not None
    return token


@pytest.mark.parametrize("mode", MODES)
async def test_program_goes_on_without_its_user_when_its_token_has_expired(
    front_door: Site, user: BrowserUser, mode: str
) -> None:
    program = used_by(user, front_door.url)
    provider = program.provider()
    async with program.running(mode=mode, provider=provider) as client:
        await client.call_tool("next_free_day", {})
        before = program.tokens
        let_expire(front_door, program, provider)
        result = await client.call_tool("next_free_day", {})

    assert result.is_error is False
    assert len(program.visits) == 1
    assert [status for status, _ in program.transport.seen] == [401]
    assert program.tokens.access_token != before.access_token
    assert program.tokens.refresh_token not in (None, before.refresh_token)
    assert not is_open(front_door, before.access_token)


async def test_program_that_stepped_up_keeps_its_scopes(
    front_door: Site, user: BrowserUser
) -> None:
    program = used_by(user, front_door.url)
    provider = program.provider()
    async with program.running(provider=provider) as client:
        await client.call_tool("file_note", {"text": "Order paper"})
        let_expire(front_door, program, provider)
        result = await client.call_tool("file_note", {"text": "Order ink"})

    assert result.is_error is False
    assert {"desk:write", "calendar:write"} <= program.scopes
    assert len(program.visits) == len(program.transport.seen)


async def test_two_runs_of_a_program_refresh_with_the_same_token(
    front_door: Site, user: BrowserUser
) -> None:
    program = used_by(user, front_door.url)
    first = program.provider()
    async with program.running(provider=first) as client:
        await client.call_tool("next_free_day", {})

    async def run() -> Program:
        other = used_by(user, front_door.url)
        other.memory.tokens, other.memory.registration = kept, program.memory.registration
        provider = other.provider()
        provider.context.oauth_metadata = first.context.oauth_metadata
        provider.context.token_expiry_time = 1.0
        result = await other.call("next_free_day", provider=provider)
        assert result.is_error is False
        return other

    kept = program.tokens
    let_expire(front_door, program)
    runs = await asyncio.gather(run(), run())

    assert [each.visits for each in runs] == [[], []]
    assert [each.transport.seen for each in runs] == [[], []]
    for each in runs:
        assert refresh(front_door, each, refresh_token_of(each)).status_code == 200


async def test_lost_answer_is_given_again_for_a_minute(front_door: Site, user: BrowserUser) -> None:
    program = used_by(user, front_door.url)
    await program.call("next_free_day")
    used = refresh_token_of(program)

    first = refresh(front_door, program, used)
    second = refresh(front_door, program, used)

    assert (first.status_code, second.status_code) == (200, 200)
    assert is_open(front_door, second.json()["access_token"])
    third = refresh(front_door, program, second.json()["refresh_token"])
    assert third.status_code == 200


async def test_stolen_refresh_token_ends_all_that_came_of_it(
    front_door: Site, user: BrowserUser
) -> None:
    program = used_by(user, front_door.url)
    await program.call("next_free_day")
    stolen = refresh_token_of(program)
    fresh = refresh(front_door, program, stolen).json()
    front_door.manage(*SHELL, AGE.format(client_id=program.client_id))
    was_open = is_open(front_door, fresh["access_token"])

    theft = refresh(front_door, program, stolen)
    later = refresh(front_door, program, fresh["refresh_token"])

    assert was_open
    assert (theft.status_code, theft.json()["error"]) == (400, "invalid_grant")
    assert (later.status_code, later.json()["error"]) == (400, "invalid_grant")
    assert not is_open(front_door, fresh["access_token"])


async def test_program_whose_tokens_are_all_gone_asks_its_user_again(
    front_door: Site, user: BrowserUser
) -> None:
    program = used_by(user, front_door.url)
    await program.call("next_free_day")
    let_expire(front_door, program)
    # It starts anew, and cannot know how old what it kept is.
    result = await program.call("next_free_day")

    assert result.is_error is False
    assert len(program.visits) == 2
    assert len(user.decided) == 2
