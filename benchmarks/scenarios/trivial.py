"""A trivial tool, anonymous and not recorded: what a call costs before it does anything."""

from dataclasses import replace

from benchmarks.bench import Bench
from benchmarks.report import CONTEST_HEADER, Section, at_least, contest_rows
from benchmarks.requests import Era, call_tool
from benchmarks.rounds import Contestant, contest
from benchmarks.servers import Server

OURS = Server(
    module="benchmarks.projects.ours.asgi",
    environment={"DJANGO_SETTINGS_MODULE": "benchmarks.projects.ours.settings"},
)
SDK = Server(module="benchmarks.projects.sdk.asgi")
SDK_JSON = replace(SDK, environment={"BENCHMARK_JSON": "1"})
CASES: tuple[tuple[Era, str], ...] = (
    ("modern", "add_async"),
    ("modern", "add"),
    ("legacy", "add_async"),
    ("legacy", "add"),
)


def run(bench: Bench) -> Section:
    rows, aims = [], []
    for era, tool in CASES:
        request = call_tool(tool, {"a": 2, "b": 40}, era=era, expected='"result":42')
        kind = f"{era}, {'async' if tool == 'add_async' else 'sync'} tool"
        ours = Contestant(name=f"django_mcp, {kind}", server=OURS, request=request)
        sdk = Contestant(name=f"MCPServer, {kind}", server=SDK, request=request)
        json = Contestant(name=f"MCPServer, JSON alone, {kind}", server=SDK_JSON, request=request)
        contestants = [sdk, json, ours]
        results = contest(bench, contestants)
        rows += contest_rows([results[each.name] for each in contestants], results[sdk.name])
        ratio = results[ours.name].ratio_to(results[sdk.name])
        aims.append(at_least(f"No slower than MCPServer ({kind})", ratio, 1.0))
    return Section(
        title="A trivial tool",
        text="Anonymous, nothing recorded, uvicorn. The ratio is to `MCPServer` in its default "
        "response mode, which can stream, as django_mcp can; with JSON alone it sends no progress, "
        "and goes on when its client has left.",
        header=CONTEST_HEADER,
        rows=rows,
        aims=aims,
    )
