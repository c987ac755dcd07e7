"""Fixtures: an upstream that fails when a test says so, and a clock for the cache."""

import time
from collections.abc import Callable, Iterator

import pytest
from django.core.cache import caches
from pytest_django import Settings

from django_mcp import Breaker
from django_mcp.asgi import Application
from django_mcp.guards import circuit_breaker
from django_mcp.line_throttle import LineThrottle
from tests.clients import client as client
from tests.clients import era as era
from tests.clients import modern as modern
from tests.guards.circuit_breaker.counted_caches import requests
from tests.guards.circuit_breaker.upstream import RESET, WAYS, Upstream, tools_of, upstream
from tests.keys import PATH
from tests.latch import Latch
from tests.wire import serving

TOOLS = tools_of(Breaker(name="upstream", failures=2, reset=RESET))


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    vars(upstream).update(vars(Upstream()))
    caches["default"].clear()
    monkeypatch.setattr(circuit_breaker.outage, "_throttle", LineThrottle())
    yield
    caches["default"].clear()
    requests.clear()


@pytest.fixture
def open_to_all(db: None, settings: Settings) -> None:
    settings.DJANGO_MCP_AUTHENTICATORS = [PATH]
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True


@pytest.fixture
def application(open_to_all: None) -> Iterator[Application]:
    with serving(TOOLS) as application:
        yield application


@pytest.fixture
def latch() -> Iterator[Latch]:
    """Where whoever asks the upstream waits."""
    upstream.latch = Latch()
    with upstream.latch.closed():
        yield upstream.latch


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param).replace(" ", "_")


@pytest.fixture
def pass_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Moves the clock by which the cache expires."""
    ahead, now = [0.0], time.time
    monkeypatch.setattr(time, "time", lambda: now() + ahead[0])

    def move(seconds: float) -> None:
        ahead[0] += seconds

    return move
