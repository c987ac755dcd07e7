"""The tour: what a real client sees and does, and what it is refused."""

from example_project.demo import deployments, expenses, reports, terminal
from example_project.demo.client import connect, expect
from example_project.demo.operator import Operator
from example_project.demo.tokens import Tokens

TOOLS = expenses.TOOLS | reports.TOOLS | deployments.TOOLS
RECORD = [*expenses.RECORD, *reports.RECORD, *deployments.RECORD]
"""What the record must say of the tour's calls: the tool, the user, the outcome."""


async def take(url: str, tokens: Tokens, operator: Operator) -> None:
    """Walk through everything; raises `UnexpectedError` where the server disappoints."""
    try:
        await _list_tools(url, tokens.demo)
        await expenses.walk(url, tokens)
        await reports.walk(url, tokens, operator)
        await deployments.walk(url, tokens, operator)
    except ExceptionGroup as group:
        # The client's task groups wrap what is raised inside them.
        raise _first_of(group) from group


async def _list_tools(url: str, token: str) -> None:
    terminal.heading("The client connects and lists the tools")
    async with connect(url, token) as client:
        tools = sorted((await client.list_tools()).tools, key=lambda tool: tool.name)
        server = client.server_info.name if client.server_info else "a server without a name"
        terminal.good(f"Connected to {server}, protocol {client.protocol_version}. User demo sees:")
    rows = []
    for tool in tools:
        hints = tool.annotations
        kind = "reads" if hints and hints.read_only_hint else "writes"
        if hints and hints.destructive_hint and not hints.read_only_hint:
            kind = "destroys"
        rows.append([tool.name, kind, (tool.description or "").splitlines()[0]])
    terminal.table(["tool", "it", "description"], rows)
    expect({tool.name for tool in tools} == TOOLS, f"the tools should be {sorted(TOOLS)}")


def _first_of(group: ExceptionGroup[Exception]) -> Exception:
    error = group.exceptions[0]
    return _first_of(error) if isinstance(error, ExceptionGroup) else error
