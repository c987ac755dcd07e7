"""Guards: the checks and actions around the run of a call, in order.

    Record          finishes the record; it stands first, so its `ended` comes last
    Rates           the call is within the limits of its caller, its client, its tool, of all
    Visible         a call of a tool that its caller does not see reads as one that is missing
    Scopes          the caller holds the scopes of the tool
    Budgets         the caller takes out no more rows and bytes than it may in an hour and a day
    Concurrency     not too many calls of its user, client and tool run at once (`around`)
    (`around` of every guard is entered here)
    Arguments       the arguments are small enough and fit the schema, and are bound to parameters
    Overflow        a result that is too large is stored, if its tool says so, and linked to
    ...             the guards of DJANGO_MCP_GUARDS
    Cache           a read that was made before is answered from the cache
    IdempotencyKey  a repeated call of a tool that writes gets the answer of the first
    CircuitBreaker  what has failed repeatedly is not called for a while
    RecordBegin     a tool that writes, or is to become a task, is on record before it is run
    Prepare         a background tool asks its user before there is a task
    (the function is run in its transaction, its result rendered, and `after` called in reverse)
    (the transaction is committed, and `around` left)

`before` is called in this order, `after` and `ended` in reverse. Where each phase is called:

    phase    ordinary call          background call:   worker              recovery
                                    web process
    before   all                    all                those that repeat   -
    around   around the run         around the         around the run      -
                                    submission
    after    after the run          -                  after the run       -
    ended    at the end             when refused       at the end          when it ends a task

A call that is refused goes no further: `around` is left, and `ended` is called of the guards up to
the one that refused it. A call that a guard answers is neither run nor submitted: `after` of the
guards before that one is called, outside any transaction, and then `ended`. When `before` raises
`WaitFor`, `around` is left; it is entered anew later, and `before` goes on from the same guard.

The rows of `resources/list` are fetched, and the functions of completions are called, inside
`around` of every guard; no other phase is called for a list or a completion.

A call that is given up at its deadline, while its function runs, has `ended` called at once, and
`around` left when the function has really ended; `after` is not called.

A call without a row when it ends, such as one that only reads, gets its row then.
"""

from functools import cache

from django.utils.module_loading import import_string

from django_mcp.calls.call import Call
from django_mcp.calls.guard import Guard, WaitFor
from django_mcp.calls.pipeline import Guards
from django_mcp.conf import settings
from django_mcp.guards.arguments import Arguments
from django_mcp.guards.budgets import Budgets
from django_mcp.guards.circuit_breaker import CircuitBreaker
from django_mcp.guards.concurrency import Concurrency
from django_mcp.guards.idempotency_key import IdempotencyKey
from django_mcp.guards.overflow import Overflow
from django_mcp.guards.prepare import Prepare
from django_mcp.guards.rates import Rates
from django_mcp.guards.record import Record, RecordBegin
from django_mcp.guards.result_cache import Cache
from django_mcp.guards.scopes import Scopes
from django_mcp.guards.visible import Visible
from django_mcp.schemas.output.output import Rendered
from django_mcp.threads.notifications import publish

__all__ = ["Call", "Guard", "Rendered", "WaitFor", "all_guards", "publish"]


def all_guards() -> Guards:
    """Return the guards of this process, with those that `DJANGO_MCP_GUARDS` names now."""
    return _guards(tuple(settings.GUARDS))


@cache
def _guards(paths: tuple[str, ...]) -> Guards:
    own: tuple[Guard, ...] = tuple(import_string(path)() for path in paths)
    return Guards(
        first=(
            Record(),
            Rates(),
            Visible(),
            Scopes(),
            Budgets(),
            Concurrency(),
        ),
        inner=(
            Arguments(),
            Overflow(),
            *own,
            Cache(),
            IdempotencyKey(),
            CircuitBreaker(),
            RecordBegin(),
            Prepare(),
        ),
    )
