"""The whole job's tool with the guard rails that `BENCHMARK_RAILS` names as its options."""

from typing import Any

from benchmarks.projects.ours.settings import RAILS
from django_mcp import Breaker, Retry, tool
from django_mcp.guards import Call
from example_project.expenses.services import EXPENSE_FIELDS, READ, list_expenses


def own(call: Call) -> str:
    """A value that no other call has, so that nothing is found in the cache."""
    return str(call.id)


OPTIONS: dict[str, dict[str, Any]] = {
    "retries": {"retry": Retry()},
    "breaker": {"breaker": Breaker()},
    "cache-hit": {"cache": 3600},
    "cache-miss": {"cache": 3600, "vary_on": ["user", own]},
}

options: dict[str, Any] = {}
for name in RAILS:
    options |= OPTIONS.get(name, {})
tool(
    name="guarded_expenses",
    group="expenses",
    scopes=READ,
    read_only=True,
    fields=EXPENSE_FIELDS,
    **options,
)(list_expenses)
