"""Tour of the site by a real client, with calls that succeed and calls that are refused."""

from datetime import date

from example_project.demo import (
    deployments,
    expenses,
    limits,
    newcomer,
    prompts,
    reports,
    resources,
    rest_api,
)
from example_project.demo.operator import Operator
from example_project.demo.tokens import Tokens

TOOLS = expenses.TOOLS | rest_api.TOOLS | resources.TOOLS | reports.TOOLS | deployments.TOOLS
RECORD = [
    *newcomer.RECORD,
    *expenses.RECORD,
    *rest_api.RECORD,
    *resources.RECORD,
    *prompts.RECORD,
    *reports.RECORD,
    *limits.RECORD,
    *deployments.RECORD,
]
"""Expected records of the tour's calls: what was called, the user, the outcome.

Of repeats in a row there is one: how many fit in a rate is up to the time when its window ends.
"""


async def take(url: str, tokens: Tokens, operator: Operator, today: date) -> None:
    """Walk through everything; raises `UnexpectedError` where the server disappoints."""
    try:
        await newcomer.walk(url, TOOLS)
        await expenses.walk(url, tokens, today)
        await rest_api.walk(url, tokens)
        await resources.walk(url, tokens)
        await prompts.walk(url, tokens, today)
        await reports.walk(url, tokens, operator, today)
        await limits.walk(url, tokens)
        await deployments.walk(url, tokens, operator)
    except ExceptionGroup as group:
        # The client's task groups wrap what is raised inside them.
        raise _first_of(group) from group


def _first_of(group: ExceptionGroup[Exception]) -> Exception:
    error = group.exceptions[0]
    return _first_of(error) if isinstance(error, ExceptionGroup) else error
