import asyncio
import time
from typing import Any

import pytest

from django_mcp.calls.progress import PROGRESS_INTERVAL_SECONDS, ProgressReport
from django_mcp.protocol.notifications import NotificationChannel
from tests.latch import Latch
from tests.wire import PATIENCE, Answer, Client

SYNC_AND_ASYNC = pytest.mark.parametrize("name", ["count", "acount", "count_behind_decorator"])


def call(client: Client, name: str, *, token: Any = "tok", **arguments: Any) -> Answer:
    async def scenario() -> Answer:
        async with client.calling(name, token=token, **arguments) as opened:
            return await opened.answer()

    return asyncio.run(scenario())


@SYNC_AND_ASYNC
@pytest.mark.parametrize("token", ["tok", 7, 0, ""])
def test_reports_increase_carry_the_token_and_precede_the_result(
    client: Client, name: str, token: str | int
) -> None:
    answer = call(client, name, token=token, to=2000)

    done = [report["progress"] for report in answer.progress]
    assert done == sorted(set(done))
    assert done[0] == 1
    assert done[-1] == 2000
    assert {report["progressToken"] for report in answer.progress} == {token}
    assert answer.progress[-1] == {
        "progressToken": token,
        "progress": 2000,
        "total": 2000,
        "message": "step 2000",
    }
    assert answer.result["structuredContent"] == {"result": 2000}


@SYNC_AND_ASYNC
def test_reports_are_thinned_to_about_ten_a_second(client: Client, name: str) -> None:
    started = time.monotonic()
    answer = call(client, name, to=5000)
    elapsed = time.monotonic() - started

    assert len(answer.progress) <= elapsed / PROGRESS_INTERVAL_SECONDS + 2


@SYNC_AND_ASYNC
def test_client_that_gave_no_token_receives_no_reports(client: Client, name: str) -> None:
    answer = call(client, name, token=None, to=50)

    assert answer.progress == []
    assert answer.result["structuredContent"] == {"result": 50}


@SYNC_AND_ASYNC
def test_single_report_is_sent(client: Client, name: str) -> None:
    answer = call(client, name, to=1)

    assert [report["progress"] for report in answer.progress] == [1]


def test_last_report_of_a_tool_that_fails_is_sent_before_its_error(client: Client) -> None:
    answer = call(client, "count_and_fail")

    assert [report["progress"] for report in answer.progress] == [1, 2]
    assert answer.result["isError"] is True


def test_reports_that_do_not_increase_are_dropped(client: Client) -> None:
    answer = call(client, "count_down")

    assert [report["progress"] for report in answer.progress] == [1, 2]
    assert all("total" not in report and "message" not in report for report in answer.progress)


@pytest.mark.usefixtures("unthrottled")
@pytest.mark.parametrize("name", ["hold_and_report", "ahold_and_report"])
def test_report_arrives_while_the_tool_is_still_at_work(
    client: Client, latch: Latch, name: str
) -> None:
    async def scenario() -> Answer:
        async with client.calling(name, token="tok") as opened:
            first = await opened.arrival()
            assert first[0]["params"]["message"] == "before"
            latch.open()
            return await opened.answer()

    answer = asyncio.run(scenario())

    assert [report["message"] for report in answer.progress] == ["before", "after"]


def test_calls_at_the_same_time_receive_their_own_reports(client: Client) -> None:
    async def one(token: int) -> Answer:
        async with client.calling("acount", token=token, to=100 + token) as opened:
            return await opened.answer()

    async def scenario() -> list[Answer]:
        return await asyncio.gather(*(one(token) for token in range(5)))

    for token, answer in enumerate(asyncio.run(scenario())):
        assert {report["progressToken"] for report in answer.progress} == {token}
        assert answer.progress[-1]["progress"] == 100 + token


def test_tool_does_not_wait_for_reports_that_nobody_will_read() -> None:
    """The client has stopped reading, so reports pile up; then it leaves."""

    class StalledSession:
        async def report_progress(self, *report: object) -> None:
            await asyncio.Event().wait()

    async def scenario() -> None:
        session: Any = StalledSession()
        channel = NotificationChannel(session, 1)
        for done in (1, 2, 3):
            channel.send(ProgressReport(done=done))
        waiting = asyncio.create_task(channel.drain())
        await asyncio.wait([waiting], timeout=0.01)
        assert not waiting.done()

        channel.close()
        channel.send(ProgressReport(done=4))

        await asyncio.wait_for(waiting, PATIENCE)
        await asyncio.wait_for(channel.drain(), PATIENCE)

    asyncio.run(scenario())
