"""What Python's garbage collector costs a call, and what is left when it skips what stays."""

from dataclasses import replace

from benchmarks.bench import Bench
from benchmarks.report import CONTEST_HEADER, Section, contest_rows
from benchmarks.requests import call_tool
from benchmarks.rounds import Contestant, contest
from benchmarks.scenarios import whole_job
from benchmarks.scenarios.trivial import OURS
from benchmarks.servers import Server


def frozen(server: Server) -> Server:
    """The server that calls `gc.freeze` when it has loaded everything."""
    return replace(server, environment={**server.environment, "BENCHMARK_FREEZE": "1"})


def run(bench: Bench) -> Section:
    trivial = call_tool("add", {"a": 2, "b": 40}, era="legacy", expected='"result":42')
    rows = []
    for case, server, request in (
        ("whole job", whole_job.OURS, whole_job.ours(bench.tokens).request),
        ("legacy, trivial", OURS, trivial),
    ):
        plain = Contestant(name=case, server=server, request=request)
        other = Contestant(name=f"{case}, gc.freeze", server=frozen(server), request=request)
        results = contest(bench, [plain, other])
        rows += contest_rows([results[plain.name], results[other.name]], results[plain.name])
    return Section(
        title="Without a look at what stays",
        text="`gc.collect()` and `gc.freeze()` at the end of `asgi.py`: the collector then passes "
        "over what was loaded by then. The ratio is to the same server without these two lines.",
        header=CONTEST_HEADER,
        rows=rows,
        aims=[],
    )
