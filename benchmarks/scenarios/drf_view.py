"""A view of REST framework, asked over HTTP and as a tool: what exposing it costs."""

from collections.abc import Mapping
from dataclasses import replace

from benchmarks.bench import Bench
from benchmarks.report import Section, at_most, middle
from benchmarks.requests import call_tool, get
from benchmarks.rounds import Contestant, Result, contest
from benchmarks.scenarios.whole_job import LAST_ROW
from benchmarks.servers import Server

LIMIT = 1.5
HEADER = ("Server", "CPU ratio", "Server CPU, us", "Requests/s", "Median, ms", "99 %, ms")
ARGUMENTS = {"page_size": 20}

TOOL = Server(
    module="benchmarks.projects.exposed.asgi",
    environment={"DJANGO_SETTINGS_MODULE": "benchmarks.projects.exposed.settings"},
)
# Under ASGI Django gives each request a thread of its own, and a view costs more than here.
VIEW = replace(TOOL, module="benchmarks.projects.exposed.wsgi", kind="gunicorn")
RECORDED = replace(TOOL, environment={**TOOL.environment, "BENCHMARK_RECORD": "1"})


def run(bench: Bench) -> Section:
    contestants = _contestants(bench.tokens)
    results = contest(bench, contestants)
    view, tool = results["the view"], results["the tool"]
    return Section(
        title="A view as a tool",
        text="A page of 20 rows of the example project's viewset (a token and its scope, filters, "
        "a count, the serializer), asked over HTTP and as the tool that `expose` makes of it: the "
        "same view. The ratio is of the server's processor time for a request, to the "
        "view under gunicorn. The last one also writes the row of the record.",
        header=HEADER,
        rows=[_row(results[each.name], view) for each in contestants],
        aims=[
            at_most(f"The tool: at most {LIMIT} times the view", tool.cpu_ratio_to(view), LIMIT),
        ],
    )


def _contestants(tokens: Mapping[str, str]) -> list[Contestant]:
    token = tokens["toolkit"]
    query = "&".join(f"{name}={value}" for name, value in ARGUMENTS.items())
    view = get(f"/api/expenses?{query}", token=token, expected=LAST_ROW)
    tool = call_tool("page_of_expenses", ARGUMENTS, token=token, expected=LAST_ROW)
    return [
        Contestant(name="the view", server=VIEW, request=view),
        Contestant(name="the tool", server=TOOL, request=tool),
        Contestant(name="the tool, recorded", server=RECORDED, request=tool),
    ]


def _row(result: Result, view: Result) -> list[str]:
    return [
        result.name,
        f"{result.cpu_ratio_to(view):.2f}",
        f"{middle(result.cpu_us):.0f}",
        f"{result.rate:.0f}",
        f"{middle(result.median_ms):.1f}",
        f"{middle(result.slowest_percent_ms):.1f}",
    ]
