import asyncio
import logging
import re
from types import SimpleNamespace
from typing import Any

import pytest

from django_mcp import ToolContext, prompt, resource
from django_mcp.calls import log_messages
from django_mcp.calls.log_messages import LogMessage, LogThrottle
from django_mcp.models import CallRecord
from django_mcp.primitives.declaration import collecting
from tests.latch import Latch
from tests.wire import LOG_LEVEL, Answer, Client, serving

LEVELS = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"]

SYNC_AND_ASYNC = pytest.mark.parametrize("name", ["log_each", "alog_each"])


def call(client: Client, name: str, *, level: Any = "debug", **arguments: Any) -> Answer:
    async def scenario() -> Answer:
        async with client.calling(name, log_level=level, **arguments) as opened:
            return await opened.answer()

    return asyncio.run(scenario())


LOGGER = "django_mcp.context"


@pytest.fixture(autouse=True)
def _every_level(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger=LOGGER)


def lines(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """What has arrived at the logger of the functions."""
    return [line for line in caplog.records if line.name == LOGGER]


with collecting() as DOCUMENTS:

    @resource("shop://report/{name}")
    async def report(name: str, context: ToolContext) -> str:
        """Log, and read a report."""
        await context.alog("info", f"reading {name}")
        return name

    @prompt
    def review(context: ToolContext) -> str:
        """Log, and ask for a review."""
        context.log("info", "asking")
        return "Review it."


def texts(answer: Answer) -> list[str]:
    return [message["data"] for message in answer.logs]


@SYNC_AND_ASYNC
@pytest.mark.parametrize("level", LEVELS)
def test_request_receives_the_messages_of_its_level_and_above(
    modern: Client, name: str, level: str
) -> None:
    answer = call(modern, name, level=level, levels=LEVELS)

    assert answer.logs == [
        {"level": each, "logger": name, "data": f"at {each}"}
        for each in LEVELS[LEVELS.index(level) :]
    ]
    assert answer.result["structuredContent"] == {"result": 8}


@SYNC_AND_ASYNC
def test_request_that_asks_for_no_messages_receives_none(client: Client, name: str) -> None:
    answer = call(client, name, level=None, levels=LEVELS)

    assert [message.get("method") for message in answer.messages] == [None]
    assert answer.header("content-type") == ["application/json"]


@SYNC_AND_ASYNC
def test_client_of_a_2025_revision_cannot_ask_and_receives_none(legacy: Client, name: str) -> None:
    answer = call(legacy, name, levels=LEVELS)

    assert [message.get("method") for message in answer.messages] == [None]
    assert answer.result["structuredContent"] == {"result": 8}


def test_client_of_a_2025_revision_finds_no_method_to_ask_by(legacy: Client) -> None:
    answer = asyncio.run(legacy.asend("logging/setLevel", {"level": "debug"}))

    assert answer.error["code"] == -32601


@pytest.mark.parametrize("level", ["loud", "INFO", "", 5, True, [], {}], ids=repr)
def test_request_that_asks_for_an_unknown_level_is_invalid(modern: Client, level: Any) -> None:
    answer = call(modern, "log_each", level=level, levels=LEVELS)

    assert answer.error["code"] == -32602
    assert CallRecord.objects.count() == 0


def test_message_arrives_while_the_tool_is_still_at_work(modern: Client, latch: Latch) -> None:
    async def scenario() -> Answer:
        async with modern.calling("hold_and_log", log_level="info") as opened:
            first = await opened.arrival()
            assert first[0]["params"]["data"] == "before"
            latch.open()
            return await opened.answer()

    assert texts(asyncio.run(scenario())) == ["before", "after"]


def test_message_of_a_tool_that_fails_precedes_its_error(modern: Client) -> None:
    answer = call(modern, "log_and_fail")

    assert texts(answer) == ["about to refuse"]
    assert answer.result["isError"] is True


def test_messages_and_reports_arrive_in_the_order_in_which_they_were_made(modern: Client) -> None:
    async def scenario() -> Answer:
        async with modern.calling("log_and_report", token="tok", log_level="info") as opened:
            return await opened.answer()

    answer = asyncio.run(scenario())

    assert [
        message["params"].get("data") or message["params"]["progress"]
        for message in answer.messages[:-1]
    ] == [1, "step 1", 2, "step 2", 3, "step 3"]


def test_calls_at_the_same_time_receive_their_own_messages(modern: Client) -> None:
    async def one(level: str) -> Answer:
        async with modern.calling("alog_each", log_level="debug", levels=[level] * 20) as opened:
            return await opened.answer()

    async def scenario() -> list[Answer]:
        return await asyncio.gather(*map(one, LEVELS))

    for level, answer in zip(LEVELS, asyncio.run(scenario()), strict=True):
        assert texts(answer) == [f"at {level}"] * 20


def test_messages_beyond_a_hundred_at_once_are_counted_for_the_client(
    modern: Client, caplog: pytest.LogCaptureFixture
) -> None:
    answer = call(modern, "log_many", count=300)

    numbers = [re.match(r"(\d+) messages? .* left out here", each) for each in texts(answer)]
    left_out = [int(number[1]) for number in numbers if number]
    assert texts(answer)[:100] == [f"message {n}" for n in range(100)]
    # A slow machine may send some of the rest, between the numbers of what was left out.
    assert sum(left_out) + len(answer.logs) - len(left_out) == 300
    assert [message["level"] for message in answer.logs[100:]].count("error") == 1
    assert len(answer.logs) < 150
    assert len(lines(caplog)) == 300


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (0, "?"),
        (4095, "x" * 4095 + "?"),
        (4096, "x" * 4096 + " ... (1 more characters)"),
        (1_000_000, "x" * 4096 + " ... (995905 more characters)"),
    ],
    ids=str,
)
def test_text_is_cut_and_made_unicode(
    modern: Client, caplog: pytest.LogCaptureFixture, length: int, text: str
) -> None:
    answer = call(modern, "log_length", length=length)

    assert texts(answer) == [text]
    assert [line.getMessage().partition(" (tool ")[0] for line in lines(caplog)] == [text]


@SYNC_AND_ASYNC
def test_every_message_is_a_line_of_the_log_whatever_the_client_asks_for(
    client: Client, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    call(client, name, level=None, levels=LEVELS)

    record = CallRecord.objects.get()
    assert [line.getMessage() for line in lines(caplog)] == [
        f"at {level} (tool {name!r}, call {record.call_id})" for level in LEVELS
    ]
    assert [line.levelname for line in lines(caplog)] == [
        *("DEBUG", "INFO", "INFO", "WARNING", "ERROR", "CRITICAL", "CRITICAL", "CRITICAL")
    ]
    assert vars(lines(caplog)[2])["mcp_level"] == "notice"
    assert vars(lines(caplog)[2])["call_id"] == str(record.call_id)


@SYNC_AND_ASYNC
@pytest.mark.parametrize("level", ["", "warn", "WARNING", "emergenc"])
def test_unknown_level_is_an_error_of_the_author(
    modern: Client,
    caplog: pytest.LogCaptureFixture,
    name: str,
    level: str,
) -> None:
    answer = call(modern, name, levels=[level])

    assert answer.result["isError"] is True
    assert answer.logs == []
    assert f"ValueError: {level!r} is no log level; use one of debug, info, notice" in caplog.text


def test_message_of_a_background_tool_is_a_line_of_the_log_alone(
    modern: Client, caplog: pytest.LogCaptureFixture
) -> None:
    answer = call(modern, "log_in_background")

    assert answer.logs == []
    assert answer.result["structuredContent"] == {"result": "over"}
    assert [line.getMessage().partition(" (")[0] for line in lines(caplog)] == [
        "from the background"
    ]


@pytest.mark.parametrize(
    ("method", "params", "message"),
    [
        ("resources/read", {"uri": "shop://report/july"}, ("report", "reading july")),
        ("prompts/get", {"name": "review"}, ("review", "asking")),
    ],
)
def test_resources_and_prompts_log_as_tools_do(
    modern: Client,
    caplog: pytest.LogCaptureFixture,
    method: str,
    params: dict[str, Any],
    message: tuple[str, str],
) -> None:
    async def scenario(client: Client) -> Answer:
        headers, body = client.request(method, params, meta={LOG_LEVEL: "info"})
        async with client.opening(body, headers=headers) as opened:
            return await opened.answer()

    with serving(DOCUMENTS) as application:
        answer = asyncio.run(scenario(modern.having(application=application)))

    logger, text = message
    assert answer.logs == [{"level": "info", "logger": logger, "data": text}]
    assert answer.result["resultType"] == "complete"
    kind = method.partition("s/")[0]
    assert [line.getMessage().partition(", call")[0] for line in lines(caplog)] == [
        f"{text} ({kind} {logger!r}"
    ]


class Sink:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.messages: list[LogMessage] = []

    def send(self, message: LogMessage) -> None:
        self.messages.append(message)

    async def drain(self) -> None:
        """Nothing is under way."""


@pytest.mark.implementation
def test_throttle_lets_ten_a_second_through_after_a_burst(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 1000.0
    monkeypatch.setattr(log_messages, "time", SimpleNamespace(monotonic=lambda: now))
    sink = Sink()
    throttle = LogThrottle(sink, level="info")

    def log(count: int, level: Any = "info") -> list[str]:
        before = len(sink.messages)
        for number in range(count):
            throttle.log(LogMessage(level=level, text=str(number)))
        return [message.text for message in sink.messages[before:]]

    assert len(log(120)) == 100
    now += 0.25
    assert log(3) == ["20 messages were left out here: there were too many at once.", *"01"]
    assert log(1, "warning") == []
    assert log(1, "debug") == []
    now += 0.125
    assert log(1) == ["2 messages were left out here: there were too many at once.", "0"]
    assert [message.level for message in sink.messages[-2:]] == ["warning", "info"]
    now += 3600
    assert len(log(200)) == 100
    throttle.flush()
    throttle.flush()
    assert sink.messages[-1].text.startswith("100 messages were left out here")
    assert len(sink.messages) == 100 + 3 + 2 + 100 + 1
