"""An upstream that fails when a test says so, and what calls it behind a circuit breaker."""

from collections.abc import Sequence
from typing import Any

from django_mcp import Breaker, prompt, resource, tool
from django_mcp.primitives.declaration import Declaration, collecting


class UpstreamError(Exception):
    """The upstream does not work."""


class Upstream:
    """Raises `error` where there is one, and counts who asks."""

    def __init__(self) -> None:
        self.error: BaseException | None = None
        self.asked = 0

    def ask(self) -> str:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return "fine"


upstream = Upstream()


def ask(word: str = "") -> str:
    """Ask the upstream."""
    return upstream.ask()


async def aask(word: str = "") -> str:
    """Ask the upstream."""
    return upstream.ask()


WAYS: dict[str, tuple[Any, dict[str, Any]]] = {
    "sync": (ask, {}),
    "async": (aask, {}),
    "background": (ask, {"background": True}),
    "async background": (aask, {"background": True}),
}


def tools_of(breaker: Breaker) -> Sequence[Declaration]:
    """A tool of each way of running, all behind this breaker, and one of its own beside it."""
    with collecting() as declared:
        for way, (function, options) in WAYS.items():
            tool(name=way.replace(" ", "_"), breaker=breaker, **options)(function)
        tool(name="apart", breaker=Breaker(failures=2))(ask)
        tool(name="unguarded")(ask)
        prompt(name="asking", breaker=breaker)(ask)
        resource("upstream://state", name="state", breaker=breaker)(_state)
    return declared


def _state() -> str:
    """State of the upstream."""
    return upstream.ask()
