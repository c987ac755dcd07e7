"""What other tools cost a call: the same with 10 and with 1,000 registered."""

from dataclasses import replace

from benchmarks.bench import Bench
from benchmarks.report import CONTEST_HEADER, Aim, Section, contest_rows
from benchmarks.requests import Era, call_tool
from benchmarks.rounds import Contestant, contest
from benchmarks.scenarios import whole_job
from benchmarks.scenarios.trivial import OURS
from benchmarks.servers import Server

FEW, MANY = 10, 1000
TOLERANCE = 0.10
ERAS: tuple[Era, ...] = ("modern", "legacy")


def with_tools(server: Server, count: int) -> Server:
    """The server with so many tools."""
    return replace(server, environment={**server.environment, "BENCHMARK_TOOLS": str(count)})


def run(bench: Bench) -> Section:
    cases = [("whole job", whole_job.OURS, whole_job.ours(bench.tokens).request)]
    for era in ERAS:
        request = call_tool("add", {"a": 2, "b": 40}, era=era, expected='"result":42')
        cases.append((f"{era}, trivial", OURS, request))
    rows, aims = [], []
    for case, server, request in cases:
        few, many = (
            Contestant(
                name=f"{case}, {count:,} tools", server=with_tools(server, count), request=request
            )
            for count in (FEW, MANY)
        )
        results = contest(bench, [few, many])
        rows += contest_rows([results[few.name], results[many.name]], results[few.name])
        more = 1 / results[many.name].ratio_to(results[few.name]) - 1
        aims.append(
            Aim(
                wanted=f"At most {TOLERANCE:.0%} more for a call with {MANY:,} tools ({case})",
                measured=f"{more:+.1%}",
                is_met=more <= TOLERANCE,
            )
        )
    return Section(
        title=f"Calls with {FEW} and {MANY:,} tools",
        text="The whole job, and a trivial sync tool that is anonymous and not recorded. The ratio "
        "is to the few.",
        header=CONTEST_HEADER,
        rows=rows,
        aims=aims,
    )
