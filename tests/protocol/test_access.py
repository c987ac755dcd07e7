"""Streams and waiting calls end with the access of their caller, and deliver nothing after it."""

import asyncio
import datetime
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings

from django_mcp.asgi import Application
from django_mcp.endpoints import Endpoint, get_endpoints
from django_mcp.models import CallRecord, ToolTask
from django_mcp.peers import Peer
from django_mcp.principals import Principal
from django_mcp.threads.executors import run_in_control
from tests.background.rows import quiet, settled
from tests.keys import PATH
from tests.latch import Latch
from tests.polls import until
from tests.protocol.tasks import start
from tests.protocol.tools import SECRET
from tests.wire import Answer, Client, Conversation

pytest.importorskip("oauth2_provider")

from django_mcp.auth.oauth.authenticator import OAuthAuthenticator
from django_mcp.auth.tokens.revocation import revoke_of_user
from tests import applications, factories
from tests.applications import AccessToken

pytestmark = pytest.mark.oauth

Withdraw = Callable[[User], object]


def deactivate(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def delete_user(user: User) -> None:
    User.objects.filter(pk=user.pk).delete()


def disconnect(user: User) -> None:
    revoke_of_user(user, get_endpoints())


def revoke(user: User) -> None:
    AccessToken.objects.get(user=user).revoke()


def expire(user: User) -> None:
    AccessToken.objects.filter(user=user).update(
        expires=timezone.now() - datetime.timedelta(seconds=1)
    )


Login = Callable[[Any, User], Any]


def login_to_refresh(application: Any, user: User) -> Any:
    return factories.login(application, user, scope="numbers:add")


def token_alone(application: Any, user: User) -> Any:
    """No refresh token replaces it, as none does that of `mcp_token`."""
    return factories.token(application, user, scope="numbers:add")


LOGINS = pytest.mark.parametrize("login", [login_to_refresh, token_alone])

WITHDRAWALS = pytest.mark.parametrize(
    "withdraw", [deactivate, delete_user, disconnect, revoke, expire]
)


@pytest.fixture
def alice(application: Application, settings: Settings) -> User:
    settings.DJANGO_MCP_AUTHENTICATORS = [
        PATH,
        "django_mcp.auth.oauth.authenticator.OAuthAuthenticator",
    ]
    return User.objects.create_user("alice")


@pytest.fixture
def token(alice: User) -> str:
    held: str = login_to_refresh(factories.by_hand("Desk"), alice).token
    return held


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Access is renewed again and again, whether there is something to tell or not."""
    monkeypatch.setattr("django_mcp.background.access.RENEWAL_INTERVAL_SECONDS", 0.05)


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every message has a renewal of its own."""
    monkeypatch.setattr("django_mcp.background.access.MAX_AGE_SECONDS", 0.0)


def statuses(answer: Answer) -> list[str]:
    """What the stream has told, without its acknowledgement and its end."""
    return [message["params"]["status"] for message in answer.messages[1:-1]]


def assert_withheld(answer: Answer) -> None:
    assert answer.result["isError"] is True
    assert "its result is not delivered" in answer.result["content"][0]["text"]
    assert SECRET not in answer.text


# Streams of `subscriptions/listen`.


@asynccontextmanager
async def listening(client: Client, latch: Latch) -> AsyncIterator[Conversation]:
    """A stream that has told of a task which is at work."""
    task_id = await start(client, "work", to=1)
    await latch.arrival()
    wanted = {"notifications": {"taskIds": [task_id]}}
    async with client.sending("subscriptions/listen", wanted) as opened:
        await opened.arrival(2)
        yield opened


@WITHDRAWALS
def test_stream_ends_untold_when_access_was_withdrawn(
    modern: Client, latch: Latch, alice: User, token: str, withdraw: Withdraw
) -> None:
    client = modern.with_token(token).with_tasks()

    async def scenario() -> Answer:
        async with listening(client, latch) as opened:
            await run_in_control(withdraw, alice)
            latch.open()
            return await opened.answer()

    answer = asyncio.run(scenario())

    assert settled().status == "completed"
    assert statuses(answer) == ["working"]
    assert answer.result["resultType"] == "complete"
    assert answer.result["_meta"]["io.modelcontextprotocol/subscriptionId"] == 1


@pytest.mark.implementation
@pytest.mark.usefixtures("impatient", "strict")
@WITHDRAWALS
def test_silent_stream_ends_when_access_was_withdrawn(
    modern: Client, latch: Latch, alice: User, token: str, withdraw: Withdraw
) -> None:
    client = modern.with_token(token).with_tasks()

    async def scenario() -> Answer:
        async with listening(client, latch) as opened:
            await run_in_control(withdraw, alice)
            return await opened.answer()

    answer = asyncio.run(scenario())

    latch.open()
    settled()
    assert statuses(answer) == ["working"]
    assert answer.result["resultType"] == "complete"


def test_stream_of_a_user_who_was_deactivated_ends_whatever_the_authenticator(
    modern: Client, latch: Latch, alice: User
) -> None:
    """The authenticator of the tests cannot renew."""
    client = modern.with_key("alice").with_tasks()

    async def scenario() -> Answer:
        async with listening(client, latch) as opened:
            await run_in_control(deactivate, alice)
            latch.open()
            return await opened.answer()

    answer = asyncio.run(scenario())

    settled()
    assert statuses(answer) == ["working"]


@pytest.mark.implementation
@pytest.mark.usefixtures("impatient", "strict", "alice")
def test_authenticator_is_asked_about_its_own_principal_however_often(
    modern: Client, latch: Latch, settings: Settings
) -> None:
    """Not about the one that it returned last, which need not repeat everything."""
    settings.DJANGO_MCP_AUTHENTICATORS = ["tests.keys.TerseAuthenticator"]
    client = modern.with_key("alice").with_tasks()

    async def scenario() -> Answer:
        async with listening(client, latch) as opened:
            latch.open()
            return await opened.answer()

    answer = asyncio.run(scenario())

    settled()
    assert statuses(answer)[-1] == "completed"


def test_stream_goes_on_when_the_token_was_refreshed(
    modern: Client, latch: Latch, token: str
) -> None:
    client = modern.with_token(token).with_tasks()
    access = AccessToken.objects.get()

    async def scenario() -> Answer:
        async with listening(client, latch) as opened:
            await run_in_control(applications.refresh, access)
            latch.open()
            return await opened.answer()

    answer = asyncio.run(scenario())

    settled()
    assert statuses(answer)[-1] == "completed"


@pytest.mark.implementation
@pytest.mark.usefixtures("strict")
def test_stream_goes_on_however_often_the_token_was_refreshed(
    modern: Client, latch: Latch, token: str
) -> None:
    client = modern.with_token(token).with_tasks()
    access = AccessToken.objects.get()

    async def scenario() -> Answer:
        task_id = await start(client, "work", to=2)
        await latch.arrival()
        wanted = {"notifications": {"taskIds": [task_id]}}
        async with client.sending("subscriptions/listen", wanted) as opened:
            await opened.arrival(2)
            second = await run_in_control(applications.refresh, access)
            await ToolTask.objects.aupdate(progress=1.5, updated=timezone.now())
            await opened.arrival(3)
            await run_in_control(applications.refresh, second)
            latch.open()
            return await opened.answer()

    answer = asyncio.run(scenario())

    settled()
    assert statuses(answer)[-1] == "completed"


@LOGINS
def test_stream_ends_with_its_own_login_and_not_with_another_of_its_user(
    modern: Client, latch: Latch, alice: User, login: Login
) -> None:
    desk = factories.by_hand("Desk")
    lost, kept = login(desk, alice), login(desk, alice)
    first, second = (modern.with_token(each.token).with_tasks() for each in (lost, kept))

    async def scenario() -> tuple[Answer, Answer]:
        task_id = await start(first, "work", to=1)
        await latch.arrival()
        wanted = {"notifications": {"taskIds": [task_id]}}
        async with (
            first.sending("subscriptions/listen", wanted) as withdrawn,
            second.sending("subscriptions/listen", wanted) as open_still,
        ):
            await withdrawn.arrival(2)
            await open_still.arrival(2)
            await run_in_control(applications.revoke, lost)
            latch.open()
            return await withdrawn.answer(), await open_still.answer()

    ended, told = asyncio.run(scenario())

    settled()
    assert statuses(ended) == ["working"]
    assert statuses(told)[-1] == "completed"


@pytest.mark.implementation
@pytest.mark.usefixtures("impatient", "strict")
@LOGINS
def test_silent_stream_ends_with_its_own_login(
    modern: Client, latch: Latch, alice: User, login: Login
) -> None:
    desk = factories.by_hand("Desk")
    lost, _ = login(desk, alice), login(desk, alice)
    client = modern.with_token(lost.token).with_tasks()

    async def scenario() -> Answer:
        async with listening(client, latch) as opened:
            await run_in_control(applications.revoke, lost)
            return await opened.answer()

    answer = asyncio.run(scenario())

    latch.open()
    settled()
    assert statuses(answer) == ["working"]


def test_stream_ends_when_the_token_that_a_refresh_brought_is_revoked(
    modern: Client, latch: Latch, alice: User
) -> None:
    desk = factories.by_hand("Desk")
    lost, _ = login_to_refresh(desk, alice), login_to_refresh(desk, alice)
    client = modern.with_token(lost.token).with_tasks()

    def refresh_and_revoke() -> None:
        applications.revoke(applications.refresh(lost))

    async def scenario() -> Answer:
        async with listening(client, latch) as opened:
            await run_in_control(refresh_and_revoke)
            latch.open()
            return await opened.answer()

    answer = asyncio.run(scenario())

    settled()
    assert statuses(answer) == ["working"]


def test_task_is_not_told_of_when_the_scopes_of_its_tool_are_gone(
    modern: Client, latch: Latch, token: str
) -> None:
    client = modern.with_token(token).with_tasks()

    async def scenario() -> Answer:
        task_id = await start(client, "work_with_scope")
        await latch.arrival()
        wanted = {"notifications": {"taskIds": [task_id]}}
        async with client.sending("subscriptions/listen", wanted) as opened:
            await opened.arrival(2)
            await AccessToken.objects.aupdate(scope="another")
            latch.open()
            return await opened.answer()

    answer = asyncio.run(scenario())

    settled()
    assert statuses(answer) == ["working"]
    assert SECRET not in answer.text


# Calls that wait for their task.


@WITHDRAWALS
def test_result_of_a_waiting_call_is_withheld_when_access_was_withdrawn(
    client: Client, latch: Latch, alice: User, token: str, withdraw: Withdraw
) -> None:
    caller = client.with_token(token)

    async def scenario() -> Answer:
        async with caller.calling("work_on", token="tok") as opened:
            await latch.arrival()
            await opened.arrival()
            await run_in_control(withdraw, alice)
            latch.open()
            return await opened.answer()

    answer = asyncio.run(scenario())

    assert settled().status == "completed"
    assert answer.result["isError"] is True
    assert "its result is not delivered" in answer.result["content"][0]["text"]
    assert SECRET not in str(answer.messages[-1])
    record = CallRecord.objects.get()
    assert (record.outcome, record.delivered) == ("ok", False)


@LOGINS
def test_waiting_call_ends_with_its_own_login_and_not_with_another_of_its_user(
    client: Client, latch: Latch, alice: User, login: Login
) -> None:
    desk = factories.by_hand("Desk")
    lost, kept = login(desk, alice), login(desk, alice)

    async def scenario() -> tuple[Answer, Answer]:
        async with (
            client.with_token(lost.token).calling("work_on", token="tok") as withdrawn,
            client.with_token(kept.token).calling("work_on", token="tok") as open_still,
        ):
            await withdrawn.arrival()
            await open_still.arrival()
            await run_in_control(applications.revoke, lost)
            latch.open()
            return await withdrawn.answer(), await open_still.answer()

    ended, told = asyncio.run(scenario())

    quiet()
    assert ended.result["isError"] is True
    assert "its result is not delivered" in ended.result["content"][0]["text"]
    assert SECRET not in str(ended.messages[-1])
    assert told.result["structuredContent"] == {"result": SECRET}
    delivered = {each.credential: each.delivered for each in CallRecord.objects.all()}
    assert delivered == {str(lost.pk): False, str(kept.pk): True}


@pytest.mark.implementation
@pytest.mark.usefixtures("impatient", "strict")
@LOGINS
def test_call_that_waits_in_silence_ends_with_its_own_login(
    client: Client, latch: Latch, alice: User, login: Login
) -> None:
    desk = factories.by_hand("Desk")
    lost, _ = login(desk, alice), login(desk, alice)

    async def scenario() -> Answer:
        async with client.with_token(lost.token).calling("work_until_cancelled") as opened:
            await latch.arrival()
            await run_in_control(applications.revoke, lost)
            return await opened.answer()

    answer = asyncio.run(scenario())

    assert_withheld(answer)
    assert settled().status == "cancelled"


def test_waiting_call_goes_on_when_the_token_was_refreshed(
    client: Client, latch: Latch, token: str
) -> None:
    access = AccessToken.objects.get()

    async def scenario() -> Answer:
        async with client.with_token(token).calling("work_on", token="tok") as opened:
            await opened.arrival()
            await run_in_control(applications.refresh, access)
            latch.open()
            return await opened.answer()

    answer = asyncio.run(scenario())

    settled()
    assert answer.result["structuredContent"] == {"result": SECRET}


def test_call_that_has_told_of_no_progress_goes_on_when_the_token_was_refreshed(
    client: Client, latch: Latch, token: str
) -> None:
    access = AccessToken.objects.get()

    async def scenario() -> Answer:
        async with client.with_token(token).calling("work_with_scope") as opened:
            await latch.arrival()
            await run_in_control(applications.refresh, access)
            latch.open()
            return await opened.answer()

    answer = asyncio.run(scenario())

    settled()
    assert answer.result["structuredContent"] == {"result": SECRET}


class FleetingAuthenticator(OAuthAuthenticator):
    """A token is revoked as soon as it has been used."""

    def authenticate(self, peer: Peer, endpoint: Endpoint) -> Principal | None:
        found = super().authenticate(peer, endpoint)
        assert found is not None
        AccessToken.objects.get(pk=found.credential).revoke()
        return found


def test_call_whose_access_ends_before_it_has_a_task_gets_none(
    client: Client, alice: User, settings: Settings
) -> None:
    settings.DJANGO_MCP_AUTHENTICATORS = [f"{__name__}.FleetingAuthenticator"]
    desk = factories.by_hand("Desk")
    lost, _ = login_to_refresh(desk, alice), login_to_refresh(desk, alice)

    answer = asyncio.run(client.with_token(lost.token).acall("work_on"))

    assert answer.result["isError"] is True
    assert "withdrawn before it ran" in answer.result["content"][0]["text"]
    assert not ToolTask.objects.exists()
    assert CallRecord.objects.get().outcome == "revoked"


@pytest.mark.implementation
@pytest.mark.usefixtures("impatient", "strict")
@WITHDRAWALS
def test_task_of_a_waiting_call_ends_with_the_access_of_its_caller(
    client: Client, latch: Latch, alice: User, token: str, withdraw: Withdraw
) -> None:
    caller = client.with_token(token)

    async def scenario() -> Answer:
        async with caller.calling("work_until_cancelled") as opened:
            await latch.arrival()
            await run_in_control(withdraw, alice)
            return await opened.answer()

    answer = asyncio.run(scenario())

    assert_withheld(answer)
    assert settled().status == "cancelled"
    until(lambda: not CallRecord.objects.get().delivered)
    assert CallRecord.objects.get().outcome == "cancelled"


@pytest.mark.implementation
@pytest.mark.usefixtures("impatient", "strict")
def test_task_that_is_to_go_on_does_so_without_the_access_of_its_caller(
    client: Client, latch: Latch, alice: User, token: str
) -> None:
    caller = client.with_token(token)

    async def scenario() -> Answer:
        async with caller.calling("work_on") as opened:
            await latch.arrival()
            await run_in_control(disconnect, alice)
            return await opened.answer()

    answer = asyncio.run(scenario())

    assert_withheld(answer)
    assert ToolTask.objects.get().status == "working"
    latch.open()
    assert settled().status == "completed"
    record = CallRecord.objects.get()
    assert (record.outcome, record.delivered) == ("ok", False)


@pytest.mark.implementation
@pytest.mark.usefixtures("strict")
def test_progress_is_not_told_when_access_was_withdrawn(
    client: Client, latch: Latch, alice: User, token: str
) -> None:
    caller = client.with_token(token)

    async def scenario() -> Answer:
        async with caller.calling("work_on", token="tok") as opened:
            await latch.arrival()
            await opened.arrival()
            await run_in_control(disconnect, alice)
            await ToolTask.objects.aupdate(progress=1.5, updated=timezone.now())
            return await opened.answer()

    answer = asyncio.run(scenario())

    latch.open()
    quiet()
    assert [each["progress"] for each in answer.progress] == [1]
    assert answer.result["isError"] is True


def test_waiting_call_lacks_the_scopes_that_were_taken_from_its_token(
    client: Client, latch: Latch, token: str
) -> None:
    caller = client.with_token(token)

    async def scenario() -> Answer:
        async with caller.calling("work_with_scope") as opened:
            await latch.arrival()
            await AccessToken.objects.aupdate(scope="another")
            latch.open()
            return await opened.answer()

    answer = asyncio.run(scenario())

    quiet()
    assert_withheld(answer)


def test_caller_who_keeps_access_receives_the_result(
    client: Client, latch: Latch, token: str
) -> None:
    caller = client.with_token(token)

    async def scenario() -> Answer:
        async with caller.calling("work_on") as opened:
            await latch.arrival()
            latch.open()
            return await opened.answer()

    answer = asyncio.run(scenario())

    settled()
    assert answer.result["structuredContent"] == {"result": SECRET}
    assert CallRecord.objects.get().delivered is True
