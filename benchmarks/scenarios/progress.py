"""Progress at ten reports a second to each of 100 clients."""

import asyncio
import json
import time
from dataclasses import dataclass, field

from benchmarks.bench import Bench
from benchmarks.projects.functions import REPORTS_PER_SECOND
from benchmarks.report import Section, middle
from benchmarks.requests import Request, call_tool
from benchmarks.scenarios.trivial import OURS, SDK
from benchmarks.servers import RunningServer, Server, ServerError, running

CLIENTS = 100
START_UP = 10.0
"""Seconds that a server may take beyond the length of the calls."""


@dataclass(slots=True, kw_only=True)
class Delivery:
    """What reached the clients; `late_ms` is from the tool's report to its arrival."""

    expected: int
    late_ms: list[float] = field(default_factory=list)
    ends: int = 0
    cpu_us: float = 0.0

    @property
    def share(self) -> float:
        return len(self.late_ms) / self.expected


def run(bench: Bench) -> Section:
    count = round(max(2.0, bench.pace.seconds) * REPORTS_PER_SECOND)
    found = {
        name: _deliver(bench, server, count)
        for name, server in (("MCPServer", SDK), ("django_mcp", OURS))
    }
    reference = found["MCPServer"].cpu_us
    return Section(
        title=f"Progress to {CLIENTS} clients",
        text=(
            f"Each calls an async tool that reports {REPORTS_PER_SECOND} times a second, {count} "
            "times in all. The ratio is of processor time per report, to MCPServer's."
        ),
        header=(
            "Server",
            "Ratio",
            "Delivered",
            "Server CPU per report, us",
            "Median late, ms",
            "99 %, ms",
        ),
        rows=[
            [
                name,
                f"{delivery.cpu_us / reference:.2f}",
                f"{delivery.share:.1%}",
                f"{delivery.cpu_us:.0f}",
                f"{middle(delivery.late_ms):.1f}",
                f"{sorted(delivery.late_ms)[int(len(delivery.late_ms) * 0.99)]:.1f}",
            ]
            for name, delivery in found.items()
        ],
    )


def _deliver(bench: Bench, server: Server, count: int) -> Delivery:
    request = call_tool(
        "report", {"count": count}, expected=f"{count} reports", progress_token="here"
    )
    with running(server, cores=bench.cores.of_workers(1)) as started:
        asyncio.run(_serve_all(started, request, Delivery(expected=CLIENTS), count=1))
        delivery = Delivery(expected=CLIENTS * count)
        before = started.cpu_seconds()
        asyncio.run(_serve_all(started, request, delivery, count=count))
        delivery.cpu_us = (started.cpu_seconds() - before) / (CLIENTS * count) * 1e6
    return delivery


async def _serve_all(
    server: RunningServer, request: Request, delivery: Delivery, *, count: int
) -> None:
    async with asyncio.timeout(count / REPORTS_PER_SECOND + START_UP):
        await asyncio.gather(*(_listen(server, request, delivery) for _ in range(CLIENTS)))
    if delivery.ends != CLIENTS:
        raise ServerError(
            f"{CLIENTS - delivery.ends} of {CLIENTS} calls did not end well\n{server.tail()}"
        )


async def _listen(server: RunningServer, request: Request, delivery: Delivery) -> None:
    """Send one call and read its stream until the result."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(request.to_bytes())
    try:
        while line := await reader.readline():
            now = time.monotonic()
            if not line.startswith(b"data: "):
                continue
            message = json.loads(line[len(b"data: ") :])
            if message.get("method") == "notifications/progress":
                sent = float(message["params"]["message"])
                delivery.late_ms.append((now - sent) * 1000)
            elif "id" in message:
                delivery.ends += request.is_good(200, line.decode())
                return
    finally:
        writer.close()
