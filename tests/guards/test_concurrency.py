"""Concurrency: no more calls run at once than may, and each gives its place back when it ends."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.cache.backends.locmem import LocMemCache
from pytest_django import Settings

from django_mcp import dispatch, prompt, resource, tool
from django_mcp.asgi import Application
from django_mcp.audit import refused_calls
from django_mcp.audit.windows import Windows
from django_mcp.background.cancellation import cancel
from django_mcp.background.worker import run_task
from django_mcp.guards import Call, Guard, Rendered, WaitFor, concurrency, publish
from django_mcp.line_throttle import LineThrottle
from django_mcp.models import CallRecord, ToolTask
from django_mcp.primitives.declaration import Declaration, collecting
from tests.background import backends
from tests.calls import in_thread
from tests.clients import client as client
from tests.clients import era as era
from tests.clients import modern as modern
from tests.keys import PATH
from tests.latch import Latch
from tests.polls import PATIENCE, until
from tests.wire import Answer, Client, Conversation, serving

HERE = "tests.guards.test_concurrency"

gate = Latch()


def declared() -> list[Declaration]:
    with collecting() as found:

        @tool(read_only=True)
        def hold(name: str = "") -> str:
            """Wait at the gate."""
            gate.wait(name)
            return name

        @tool(read_only=True)
        async def ahold(name: str = "") -> str:
            """Wait at the gate."""
            await gate.pause(name)
            return name

        @tool(read_only=True, max_concurrent=1)
        def hold_alone(name: str = "") -> str:
            """Wait at the gate."""
            gate.wait(name)
            return name

        @resource("shop://hold", max_concurrent=1)
        def hold_resource() -> str:
            """Wait at the gate."""
            gate.wait()
            return "opened"

        @prompt(max_concurrent=1)
        def hold_prompt() -> str:
            """Wait at the gate."""
            gate.wait()
            return "opened"

        @tool(read_only=True)
        def look() -> str:
            """Return at once."""
            return "seen"

        @tool
        def change() -> str:
            """Return at once."""
            return "changed"

        @tool(background=True, atomic=False, max_concurrent=1)
        def work(name: str = "") -> str:
            """Wait at the gate."""
            gate.wait(name)
            return name

    return found


TOOLS = declared()


@pytest.fixture
def application(transactional_db: None, settings: Settings) -> Iterator[Application]:
    settings.DJANGO_MCP_AUTHENTICATORS = [PATH]
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
    settings.DJANGO_MCP_LIST_PAGE_SIZE = 100
    cache.clear()
    with serving(TOOLS) as application, gate.closed():
        yield application
    cache.clear()


@asynccontextmanager
async def held(client: Client, name: str) -> AsyncIterator[Conversation]:
    """A call that waits at the gate."""
    async with client.calling(name, name=name) as opened:
        await gate.arrival()
        yield opened


async def finished(opened: Conversation) -> Answer:
    gate.open()
    return await opened.answer()


def scenario(work: Callable[[], Any]) -> Any:
    async def within_patience() -> Any:
        async with asyncio.timeout(PATIENCE):
            return await work()

    return asyncio.run(within_patience())


def refusal_of(answer: Answer) -> tuple[str, bool, float | None]:
    """The words of a call that was refused as busy, whether it may be repeated, and when."""
    result = answer.result
    facts = result["_meta"]["django-mcp/error"]
    assert result["isError"]
    assert facts["kind"] == "busy"
    return facts["error"], facts["retryable"], facts["retry_after"]


@pytest.mark.parametrize("name", ["hold", "ahold"])
def test_user_has_no_more_calls_running_than_the_limit(
    client: Client, name: str, settings: Settings, ada: User, bob: User
) -> None:
    settings.DJANGO_MCP_MAX_CALLS_PER_USER = 1
    hers, his = client.with_key("ada"), client.with_key("bob")

    async def work() -> tuple[Answer, Answer, Answer, Answer]:
        async with held(hers, name) as first:
            second = await hers.acall("look")
            other = await his.acall("look")
            return second, other, await finished(first), await hers.acall("look")

    second, other, first, third = scenario(work)

    words = "You have 1 call running, and may have no more at once."
    assert refusal_of(second) == (words, True, 1)
    assert other.result["structuredContent"] == {"result": "seen"}
    assert first.result["structuredContent"] == {"result": name}
    assert third.result["structuredContent"] == {"result": "seen"}
    record = CallRecord.objects.get(outcome="busy")
    assert (record.name, record.error_class) == ("look", "TooManyCallsError")


def test_anonymous_callers_of_one_address_count_together(
    client: Client, settings: Settings
) -> None:
    settings.DJANGO_MCP_MAX_CALLS_PER_USER = 1
    elsewhere = client.having(scope={"client": ("203.0.113.77", 40000)})

    async def work() -> tuple[Answer, Answer]:
        async with held(client, "ahold"):
            return await client.acall("look"), await elsewhere.acall("look")

    second, other = scenario(work)

    words = "Your address has 1 call running, and may have no more at once."
    assert refusal_of(second) == (words, True, 1)
    assert other.result["structuredContent"] == {"result": "seen"}


def test_client_has_no_more_calls_running_than_the_limit_for_all_its_users(
    client: Client, settings: Settings, ada: User, bob: User
) -> None:
    settings.DJANGO_MCP_MAX_CALLS_PER_CLIENT = 2
    hers, his = client.with_key("ada"), client.with_key("bob")

    async def work() -> tuple[Answer, Answer]:
        async with held(hers, "hold"), held(his, "ahold"):
            return await his.acall("look"), await client.acall("look")

    third, anonymous = scenario(work)

    words = (
        "Your client has 2 calls running, those of all its users together, "
        "and may have no more at once."
    )
    assert refusal_of(third) == (words, True, 1)
    assert anonymous.result["structuredContent"] == {"result": "seen"}


@pytest.mark.parametrize("name", ["hold", "hold_alone"])
def test_tool_runs_no_more_often_at_once_than_its_limit_for_all_callers(
    client: Client, name: str, settings: Settings, ada: User, bob: User
) -> None:
    settings.DJANGO_MCP_MAX_CALLS_PER_TOOL = 1 if name == "hold" else 5

    async def work() -> tuple[Answer, Answer]:
        async with held(client.with_key("ada"), name):
            his = client.with_key("bob")
            return await his.acall(name), await his.acall("look")

    second, other = scenario(work)

    words = (
        "This tool has 1 call running, those of all callers together, and may have no more at once."
    )
    assert refusal_of(second) == (words, True, 1)
    assert other.result["structuredContent"] == {"result": "seen"}


@pytest.mark.parametrize(
    ("method", "params", "kind"),
    [
        ("resources/read", {"uri": "shop://hold"}, "resource"),
        ("prompts/get", {"name": "hold_prompt"}, "prompt"),
    ],
)
def test_resources_and_prompts_have_limits_of_their_own(
    client: Client, method: str, params: dict[str, str], kind: str
) -> None:
    async def work() -> Answer:
        async with client.sending(method, params):
            await gate.arrival()
            return await client.asend(method, params)

    error = scenario(work).error

    words = (
        f"This {kind} has 1 call running, those of all callers together, "
        "and may have no more at once."
    )
    facts = error["data"]["django-mcp/error"]
    assert (facts["kind"], facts["error"], facts["retry_after"]) == ("busy", words, 1)


def test_call_that_one_limit_refuses_takes_no_place_under_another(
    client: Client, settings: Settings, ada: User
) -> None:
    settings.DJANGO_MCP_MAX_CALLS_PER_USER = 2
    settings.DJANGO_MCP_MAX_CALLS_PER_TOOL = 1
    hers = client.with_key("ada")

    async def work() -> tuple[Answer, ...]:
        async with held(hers, "ahold"):
            refused = [await hers.acall("ahold") for _ in range(2)]
            return *refused, await hers.acall("look")

    *refused, other = scenario(work)

    assert {refusal_of(each)[0][:9] for each in refused} == {"This tool"}
    assert other.result["structuredContent"] == {"result": "seen"}


def test_agent_that_calls_again_and_again_does_not_fill_the_record(
    client: Client, settings: Settings, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    windows = Windows(limit=3, seconds=refused_calls.REFUSED_SECONDS, capacity=5)
    monkeypatch.setattr(refused_calls, "refused_calls", windows)
    settings.DJANGO_MCP_MAX_CALLS_PER_USER = 1
    hers = client.with_key("ada")

    async def work() -> list[Answer]:
        async with held(hers, "ahold"):
            return [await hers.acall("look") for _ in range(6)]

    kinds = {refusal_of(each)[1:] for each in scenario(work)}

    assert kinds == {(True, 1)}
    assert CallRecord.objects.filter(outcome="busy").count() == 4


def test_cancelled_call_gives_its_place_back(modern: Client, settings: Settings, ada: User) -> None:
    settings.DJANGO_MCP_MAX_CALLS_PER_USER = 1
    hers = modern.with_key("ada")

    async def work() -> Answer:
        async with held(hers, "ahold") as opened:
            opened.leave()
            await opened.task
        return await until_served(hers, "look")

    assert scenario(work).result["structuredContent"] == {"result": "seen"}


def test_sync_call_whose_client_has_left_keeps_its_place_until_it_has_ended(
    client: Client, settings: Settings, ada: User
) -> None:
    settings.DJANGO_MCP_MAX_CALLS_PER_USER = 1
    hers = client.with_key("ada")

    async def work() -> tuple[Answer, Answer]:
        async with held(hers, "hold") as opened:
            opened.leave()
            second = await hers.acall("look")
            gate.open()
            await opened.task
        return second, await until_served(hers, "look")

    second, third = scenario(work)

    assert refusal_of(second)[1:] == (True, 1)
    assert third.result["structuredContent"] == {"result": "seen"}


def test_async_calls_that_hold_places_hold_no_threads(
    client: Client, settings: Settings, ada: User
) -> None:
    settings.DJANGO_MCP_MAX_CALLS_PER_USER = 100
    settings.DJANGO_MCP_BUSY_AFTER = 0.01
    hers = client.with_key("ada")

    async def work() -> Answer:
        async with AsyncExitStack() as stack:
            for _ in range(9):
                await stack.enter_async_context(held(hers, "ahold"))
            return await hers.acall("look")

    assert scenario(work).result["structuredContent"] == {"result": "seen"}


def test_failed_call_gives_its_place_back(client: Client, settings: Settings, ada: User) -> None:
    settings.DJANGO_MCP_MAX_CALLS_PER_USER = 1
    hers = client.with_key("ada")

    async def work() -> tuple[Answer, Answer]:
        return await hers.acall("look", wrong="argument"), await hers.acall("look")

    first, second = scenario(work)

    assert first.result["isError"]
    assert second.result["structuredContent"] == {"result": "seen"}


class Waiting(Guard):
    """Lets calls of `look` wait until `is_open`."""

    is_open = False
    asked = 0

    def before(self, call: Call) -> Rendered | None:
        if call.invocation.name == "look" and not Waiting.is_open:
            Waiting.asked += 1
            gate.note("waiting")
            raise WaitFor("opened", timeout=PATIENCE)
        return None


def test_call_that_waits_for_a_guard_holds_no_place(
    client: Client, settings: Settings, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DJANGO_MCP_MAX_CALLS_PER_USER = 1
    settings.DJANGO_MCP_GUARDS = [f"{HERE}.Waiting"]
    monkeypatch.setattr(Waiting, "is_open", False)
    hers = client.with_key("ada")

    async def work() -> tuple[Answer, Answer]:
        async with hers.calling("look") as waiting:
            await gate.arrival()
            other = await until_served(hers, "change")
            monkeypatch.setattr(Waiting, "is_open", True)
            publish("opened")
            return other, await waiting.answer()

    other, waited = scenario(work)

    assert other.result["structuredContent"] == {"result": "changed"}
    assert waited.result["structuredContent"] == {"result": "seen"}


def test_calls_that_wait_do_not_keep_the_threads_from_others(
    modern: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DJANGO_MCP_GUARDS = [f"{HERE}.Waiting"]
    monkeypatch.setattr(Waiting, "is_open", False)
    monkeypatch.setattr(Waiting, "asked", 0)
    monkeypatch.setattr(dispatch, "RECHECK_INTERVAL_SECONDS", 0.001)
    monkeypatch.setattr(dispatch, "RECHECKS_PER_SECOND", 1 / PATIENCE)

    async def work() -> list[Answer]:
        async with modern.calling("look") as first, modern.calling("look") as second:
            for _ in range(2):
                await gate.arrival()
            for _ in range(3):
                await until_served(modern, "change")
            assert Waiting.asked == 2
            monkeypatch.setattr(Waiting, "is_open", True)
            publish("opened")
            return [await first.answer(), await second.answer()]

    assert [each.result["isError"] for each in scenario(work)] == [False, False]


class NotingCache(LocMemCache):
    """Tells of those that find a place taken."""

    def add(self, *arguments: Any, **options: Any) -> bool:
        if is_added := super().add(*arguments, **options):
            return is_added
        gate.note("full")
        return False


def test_call_that_has_waited_for_a_guard_waits_for_a_place_as_well(
    client: Client, settings: Settings, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = f"{HERE}.NotingCache"
    settings.CACHES = {**settings.CACHES, "noting": {"BACKEND": backend, "LOCATION": "noting"}}
    settings.DJANGO_MCP_CACHE = "noting"
    settings.DJANGO_MCP_MAX_CALLS_PER_USER = 1
    settings.DJANGO_MCP_GUARDS = [f"{HERE}.Waiting"]
    monkeypatch.setattr(Waiting, "is_open", False)
    hers = client.with_key("ada")

    async def work() -> Answer:
        monkeypatch.setattr(dispatch, "RECHECK_INTERVAL_SECONDS", PATIENCE)
        async with hers.calling("look") as waiting:
            await gate.arrival()
            async with held(hers, "ahold") as holder:
                monkeypatch.setattr(dispatch, "RECHECK_INTERVAL_SECONDS", 0.01)
                monkeypatch.setattr(Waiting, "is_open", True)
                publish("opened")
                assert await gate.arrival() == "full"
                await finished(holder)
            return await waiting.answer()

    assert scenario(work).result["structuredContent"] == {"result": "seen"}


async def until_served(client: Client, name: str) -> Answer:
    """The answer to the first call that is served: others end on their own, or are asked again."""
    while True:
        answer = await client.acall(name)
        if not answer.result.get("isError"):
            return answer


def test_lists_count_for_no_limit(client: Client, settings: Settings, ada: User) -> None:
    settings.DJANGO_MCP_MAX_CALLS_PER_USER = 1
    hers = client.with_key("ada")

    async def work() -> Answer:
        async with held(hers, "ahold"):
            return await hers.asend("resources/list")

    assert scenario(work).result["resources"]


@pytest.fixture
def away(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache that counts for limits is away."""
    settings.CACHES = {**settings.CACHES, "away": {"BACKEND": "tests.guards.caches.BrokenCache"}}
    settings.DJANGO_MCP_CACHE = "away"
    monkeypatch.setattr(concurrency.outage, "_throttle", LineThrottle())


@pytest.mark.usefixtures("away")
@pytest.mark.parametrize(
    ("policy", "passing"),
    [("reads", {"look"}), ("all", {"look", "change"}), ("none", set())],
)
def test_without_the_cache_reads_pass_and_the_rest_is_refused(
    client: Client,
    settings: Settings,
    policy: str,
    passing: set[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings.DJANGO_MCP_MAX_CALLS_PER_USER = 1
    settings.DJANGO_MCP_RATES_FAIL_OPEN = policy

    answers = {name: client.call(name) for name in ("look", "change")}

    refused = {name: each for name, each in answers.items() if each.result.get("isError")}
    words = "The limits of this call cannot be counted at the moment, so it was not run."
    assert answers.keys() - refused.keys() == passing
    assert {refusal_of(each) for each in refused.values()} <= {(words, True, 10)}
    lines = [each for each in caplog.records if each.name == "django_mcp.guards.concurrency"]
    assert [each.getMessage() for each in lines] == [
        "The cache of leases is away: the calls that run cannot be counted"
    ]


@pytest.mark.usefixtures("away")
def test_without_limits_the_cache_is_not_asked(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        answers = [client.call(name) for name in ("look", "change")]

    assert not any(each.result.get("isError") for each in answers)
    assert caplog.messages == []


@pytest.fixture
def workers(settings: Settings) -> Iterator[None]:
    settings.DJANGO_MCP_BACKGROUND_BACKEND = backends.PATH
    backends.held.clear()
    yield
    backends.held.clear()


def run(key: Any) -> None:
    """Be the worker of a task."""
    in_thread(lambda: run_task(key, worker="a worker"))


@pytest.mark.usefixtures("workers")
def test_background_call_holds_its_place_while_its_worker_runs_it(client: Client) -> None:
    """As many as like are queued. One whose worker finds no place is queued again."""

    async def work() -> tuple[list[Any], Answer, Answer]:
        async with client.calling("work", name="one") as one, client.calling("work") as two:
            await asyncio.to_thread(until, lambda: len(backends.held) == 2)
            (first, _), (second, _) = backends.held
            running = asyncio.create_task(asyncio.to_thread(run, first))
            await gate.arrival()
            await asyncio.to_thread(run, second)
            postponed = await asyncio.to_thread(in_thread, lambda: facts_of(second))
            gate.open()
            await running
            await asyncio.to_thread(run, second)
            return postponed, await one.answer(), await two.answer()

    postponed, one, two = scenario(work)

    status, attempts, delay = postponed
    assert (status, attempts) == ("queued", 0)
    assert 2.5 <= delay <= 7.5
    assert [each.result["structuredContent"]["result"] for each in (one, two)] == ["one", ""]
    assert {task.attempts for task in ToolTask.objects.all()} == {1}


@pytest.mark.usefixtures("away")
def test_background_call_that_cannot_be_counted_ends_where_nothing_can_run_it_later(
    client: Client, settings: Settings
) -> None:
    """The inline backend of tests would run it again at once, for ever."""
    settings.DJANGO_MCP_RATES_FAIL_OPEN = "none"

    answer = client.call("work")

    assert refusal_of(answer)[1:] == (True, 10)
    assert [task.status for task in ToolTask.objects.all()] == ["failed"]


@pytest.mark.usefixtures("workers", "away")
def test_background_call_that_finds_no_place_can_be_cancelled(
    client: Client, settings: Settings
) -> None:
    settings.DJANGO_MCP_RATES_FAIL_OPEN = "none"

    async def work() -> Answer:
        async with client.calling("work") as opened:
            await asyncio.to_thread(until, lambda: bool(backends.held))
            ((key, _),) = backends.held
            await asyncio.to_thread(run, key)
            await asyncio.to_thread(in_thread, lambda: cancel(key))
            await asyncio.to_thread(run, key)
            return await opened.answer()

    facts = scenario(work).result["_meta"]["django-mcp/error"]

    assert facts["kind"] == "cancelled"


def facts_of(key: Any) -> tuple[str, int, float]:
    task = ToolTask.objects.get(pk=key)
    (_, delay) = backends.held[-1]
    return task.status, task.attempts, delay
