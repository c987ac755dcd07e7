"""An upstream that fails when a test says so, and what calls it behind a circuit breaker."""

from collections.abc import Sequence
from typing import Any

from django_mcp import Breaker, prompt, resource, tool
from django_mcp.primitives.declaration import Declaration, collecting
from tests.latch import Latch
from tests.wire import Answer, Client

RESET = 20


class UpstreamError(Exception):
    """The upstream does not work."""


class Upstream:
    """Raises `error` where there is one, and counts who asks."""

    def __init__(self) -> None:
        self.error: BaseException | None = None
        self.asked = 0
        self.latch: Latch | None = None

    def ask(self) -> str:
        self.asked += 1
        if self.latch is not None:
            self.latch.wait()
        return self._answer()

    async def aask(self) -> str:
        self.asked += 1
        if self.latch is not None:
            await self.latch.pause()
        return self._answer()

    def _answer(self) -> str:
        if self.error is not None:
            raise self.error
        return "fine"


upstream = Upstream()


def ask(word: str = "") -> str:
    """Ask the upstream."""
    return upstream.ask()


async def aask(word: str = "") -> str:
    """Ask the upstream."""
    return await upstream.aask()


# Without transactions, which would lock SQLite while they wait at the latch.
WAYS: dict[str, tuple[Any, dict[str, Any]]] = {
    "sync": (ask, {"atomic": False}),
    "async": (aask, {}),
    "background": (ask, {"background": True, "atomic": False}),
    "async background": (aask, {"background": True}),
}


def tools_of(breaker: Breaker) -> Sequence[Declaration]:
    """A tool of each way of running, all behind this breaker, and one of its own beside it."""
    with collecting() as declared:
        for way, (function, options) in WAYS.items():
            tool(name=way.replace(" ", "_"), breaker=breaker, **options)(function)
        tool(name="apart", breaker=Breaker(failures=2))(ask)
        tool(name="unguarded")(ask)
        tool(name="unguarded_async")(aask)
        tool(name="hurried", timeout=0.2, atomic=False, breaker=breaker)(ask)
        tool(name="hurried_async", timeout=0.2, breaker=breaker)(aask)
        prompt(name="asking", breaker=breaker)(ask)
        resource("upstream://state", name="state", breaker=breaker)(_state)
    return declared


def _state() -> str:
    """State of the upstream."""
    return upstream.ask()


def facts(answer: Answer) -> Any:
    """What the answer tells of its error."""
    return answer.result["_meta"]["django-mcp/error"]


def kind(answer: Answer) -> str:
    """`ok`, or the kind of the failure of any method."""
    if "error" in answer.messages[-1]:
        return str(answer.error["data"]["django-mcp/error"]["kind"])
    return str(facts(answer)["kind"]) if answer.result.get("isError") else "ok"


def fail(client: Client, way: str, times: int) -> None:
    """Let calls fail, and the upstream work again."""
    upstream.error = UpstreamError("secret")
    for _ in range(times):
        client.call(way)
    upstream.error = None
