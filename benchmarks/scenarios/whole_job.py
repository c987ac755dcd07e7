"""The whole job: a bearer token, the policy, 20 rows by the ORM, one audit row."""

from collections.abc import Mapping
from typing import Any

from benchmarks.bench import Bench
from benchmarks.report import CONTEST_HEADER, Section, at_least, contest_rows
from benchmarks.requests import call_tool, get
from benchmarks.rounds import Contestant, Result, contest
from benchmarks.servers import Kind, Server

ARGUMENTS = {"limit": 20}
LAST_ROW = "Shop 19"
OURS = Server(
    module="benchmarks.projects.ours.asgi",
    environment={
        "DJANGO_SETTINGS_MODULE": "benchmarks.projects.ours.settings",
        "BENCHMARK_JOB": "whole",
    },
)


def run(bench: Bench) -> Section:
    contestants = [ours(bench.tokens), *others(bench.tokens)]
    results = contest(bench, contestants)
    mine = results["django_mcp"]
    drf, mcpz = _best(results, "REST framework"), _best(results, "django-mcpz")
    return Section(
        title="The whole job",
        text=(
            "`list_expenses` of the example project: token, scope, 20 rows by the ORM with their "
            "categories, one audit row. Persistent connections everywhere: CONN_MAX_AGE, or "
            "Django's pool where each request has its own thread (the others under uvicorn). The "
            "ratio is to django_mcp; each of the others is judged by its best server."
        ),
        header=CONTEST_HEADER,
        rows=contest_rows([results[each.name] for each in contestants], mine),
        aims=[
            at_least(f"No slower than {mcpz.name}", mine.ratio_to(mcpz), 1.0),
            at_least(f"1.5 times {drf.name}", mine.ratio_to(drf), 1.5),
        ],
    )


def ours(
    tokens: Mapping[str, str], *, server: Server = OURS, name: str = "django_mcp"
) -> Contestant:
    """The job as a call of our tool."""
    request = call_tool("list_expenses", ARGUMENTS, token=tokens["toolkit"], expected=LAST_ROW)
    return Contestant(name=name, server=server, request=request)


def others(tokens: Mapping[str, str]) -> list[Contestant]:
    """The job as the others do it, under either kind of server."""
    query = "&".join(f"{name}={value}" for name, value in ARGUMENTS.items())
    view = get(f"/api/expenses?{query}", token=tokens["toolkit"], expected=LAST_ROW)
    own, toolkit = (
        call_tool("list_expenses", ARGUMENTS, path=path, token=tokens[kind], expected=LAST_ROW)
        for path, kind in (("/mcp", "mcpz"), ("/mcp-dot", "toolkit"))
    )
    kinds: tuple[Kind, ...] = ("gunicorn", "uvicorn")
    return [
        Contestant(name=f"{name}, {kind}", server=_server(project, kind), request=request)
        for name, project, request in (
            ("REST framework", "drf", view),
            ("django-mcpz, own token", "mcpz", own),
            ("django-mcpz, toolkit's token", "mcpz", toolkit),
        )
        for kind in kinds
    ]


def _server(project: str, kind: Kind) -> Server:
    environment: dict[str, Any] = {
        "DJANGO_SETTINGS_MODULE": f"benchmarks.projects.{project}.settings"
    }
    if kind == "uvicorn":
        environment["BENCHMARK_POOL"] = "1"
    gateway = "asgi" if kind == "uvicorn" else "wsgi"
    return Server(
        module=f"benchmarks.projects.{project}.{gateway}", kind=kind, environment=environment
    )


def _best(results: Mapping[str, Result], name: str) -> Result:
    return max(
        (result for key, result in results.items() if key.startswith(name)),
        key=lambda result: result.rate,
    )
