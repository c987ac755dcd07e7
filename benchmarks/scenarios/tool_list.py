"""`tools/list` with 10, 200 and 1,000 tools."""

from benchmarks.bench import Bench
from benchmarks.report import CONTEST_HEADER, Section, contest_rows
from benchmarks.requests import list_tools
from benchmarks.rounds import Contestant, contest
from benchmarks.scenarios.many_tools import with_tools
from benchmarks.scenarios.trivial import OURS, SDK

COUNTS = (10, 200, 1000)
# One, so that long lists are answered within a round.
CONNECTIONS = 1


def run(bench: Bench) -> Section:
    rows = []
    for count in COUNTS:
        request = list_tools(expected='"name":"report"')
        ours, sdk = (
            Contestant(
                name=f"{name}, {count:,} tools",
                server=with_tools(server, count),
                request=request,
                connections=CONNECTIONS,
            )
            for name, server in (("django_mcp", OURS), ("MCPServer", SDK))
        )
        results = contest(bench, [sdk, ours])
        rows += contest_rows([results[sdk.name], results[ours.name]], results[sdk.name])
    return Section(
        title="Lists of tools",
        text="`tools/list`, 2026-07-28, anonymous. The ratio is to MCPServer, whose list is the "
        "same for every caller.",
        header=CONTEST_HEADER,
        rows=rows,
    )
