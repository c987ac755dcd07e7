"""Functions that fail a few times, each in several kinds."""

import threading
from typing import Any

from django.contrib.auth.models import Group

from django_mcp import Retry, ToolContext, ToolError, prompt, resource, tool
from django_mcp.primitives.declaration import collecting
from tests.polls import until

failures: list[BaseException] = []
"""What the next runs raise, in order."""

runs: list[int] = []
"""The thread of each run so far."""


class HungUpError(ConnectionError):
    """The upstream hung up."""


def run() -> str:
    runs.append(threading.get_ident())
    if failures:
        raise failures.pop(0)
    return f"run {len(runs)}"


PROMPTLY: dict[str, Any] = {"times": 2, "backoff": 0}

with collecting() as TOOLS:

    @tool(read_only=True, retry=Retry(**PROMPTLY))
    def read() -> str:
        """Only read."""
        return run()

    @tool(read_only=True, retry=Retry(**PROMPTLY))
    async def aread() -> str:
        """Only read, on the loop."""
        return run()

    @tool(idempotent=True, retry=Retry(**PROMPTLY))
    def write() -> str:
        """Write in a transaction."""
        Group.objects.create(name=f"run {len(runs) + 1}")
        return run()

    @tool(read_only=True, retry=Retry(times=2, backoff=0, on=(ConnectionError,)))
    def read_upstream() -> str:
        """Retry on what an upstream does."""
        return run()

    @tool(read_only=True, retry=Retry(backoff=3600, jitter=False))
    def read_patiently() -> str:
        """Wait for an hour before the second run."""
        return run()

    @tool(read_only=True, retry=Retry(times=1, backoff=0.02, jitter=False))
    def read_later() -> str:
        """Wait a little before the second run."""
        return run()

    @tool(read_only=True, retry=Retry(times=1, backoff=0.02, jitter=False))
    async def aread_later() -> str:
        """Wait a little before the second run, on the loop."""
        return run()

    @tool(read_only=True, timeout=0.2, retry=Retry(**PROMPTLY))
    def overrun(context: ToolContext) -> str:
        """Take too long."""
        run()
        until(lambda: context.is_cancelled)
        raise ConnectionError

    @tool(read_only=True)
    def once() -> str:
        """Have no policy."""
        return run()

    @resource("flaky://thing", retry=Retry(**PROMPTLY))
    def thing() -> str:
        """Read."""
        return run()

    @prompt(retry=Retry(**PROMPTLY))
    async def asking() -> str:
        """Ask."""
        return run()


def transient() -> ToolError:
    return ToolError("The upstream is away.", retryable=True)
