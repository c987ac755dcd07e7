"""Guard of concurrency: no more calls run at once than may, of a user, a client or a tool."""

import logging
import math
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import NamedTuple

from django_mcp.cache_outages import CacheOutage
from django_mcp.calls.call import Call
from django_mcp.calls.guard import Guard, WaitFor
from django_mcp.conf import settings
from django_mcp.exceptions import RatesUnavailableError, TooManyCallsError
from django_mcp.kinds import Kind
from django_mcp.policy.callers import caller_key, digest
from django_mcp.policy.leases import Lease, Wanted, leases
from django_mcp.policy.uncounted_calls import passes_uncounted

logger = logging.getLogger(__name__)

outage = CacheOutage(logger, "The cache of leases is away: the calls that run cannot be counted")

NO_LIMIT = nullcontext()


class Limit(NamedTuple):
    """Number of calls that may run at once: of whom, for the caller, and under which name."""

    holder: str
    name: str
    calls: int


class Concurrency(Guard):
    """Guard that holds a lease for each limit of a call, for as long as its function runs.

    A background call holds none while it is queued, and its worker does while it runs. One that
    another guard has had wait holds none meanwhile, and waits for one then. What is listed or
    completed is no call.
    """

    around_needs_thread_of_tool = False

    def may_block(self, call: Call) -> bool:
        """See `Guard`: for the cache, where there is a limit."""
        return next(_limits(call), None) is not None

    def around(self, call: Call) -> AbstractContextManager[None]:
        """See `Guard`. Raises `TooManyCallsError`, or `RatesUnavailableError`."""
        limits = tuple(_limits(call))
        return _holding(call, limits) if limits else NO_LIMIT


@contextmanager
def _holding(call: Call, limits: Sequence[Limit]) -> Iterator[None]:
    held: list[Lease] = []
    try:
        _take(call, limits, held)
        yield
    finally:
        if held:
            _give_back(held)


def _take(call: Call, limits: Sequence[Limit], held: list[Lease]) -> None:
    wanted = {Wanted(each.name, each.calls): each for each in limits}
    try:
        refusing = leases().take_each(tuple(wanted), held)
    except Exception as error:  # noqa: BLE001  (every cache has its own)
        outage.log(error)
        if passes_uncounted(call.primitive):
            return
        raise RatesUnavailableError from None
    if refusing is not None:
        limit = wanted[refusing]
        if call.has_waited and not call.is_repeated:  # a worker takes another task meanwhile
            raise WaitFor(limit.name, timeout=math.inf)  # to its deadline at most
        raise TooManyCallsError(limit.calls, holder=limit.holder)


def _give_back(held: Sequence[Lease]) -> None:
    try:
        leases().give_back(held)
    except Exception as error:  # noqa: BLE001  (every cache has its own)
        outage.log(error)  # they expire


def _limits(call: Call) -> Iterator[Limit]:
    is_call = call.passed > 0  # by the guards before: those of what is listed are not called
    if not is_call or (call.task_id is not None and not call.is_repeated):
        return
    principal, primitive = call.principal, call.primitive
    if (calls := settings.MAX_CALLS_PER_USER) is not None:
        user = caller_key(principal, call.invocation.address)
        anonymous = "client" if principal.client_id else "address"
        holder = anonymous if principal.user is None else "user"
        yield Limit(holder, digest("user", user), calls)
    if (calls := settings.MAX_CALLS_PER_CLIENT) is not None and principal.client_id:
        yield Limit("client", digest("client", principal.client_id), calls)
    calls = primitive.max_concurrent
    if calls is None and primitive.kind == Kind.TOOL:
        calls = settings.MAX_CALLS_PER_TOOL
    if calls is not None:
        yield Limit(str(primitive.kind), digest(primitive.kind, primitive.name), calls)
