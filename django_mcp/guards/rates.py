"""Guard of rates: so many calls in a time, of a caller, a client, a tool, a group or all."""

import logging
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from django_mcp.cache_outages import CacheOutage
from django_mcp.calls.call import Call
from django_mcp.calls.guard import Guard
from django_mcp.exceptions import EndpointRateLimitedError, RateLimitedError, RatesUnavailableError
from django_mcp.meta_keys import RATE_LIMITS_META_KEY
from django_mcp.policy.rate_limits import RateLimit, limits_of
from django_mcp.policy.snapshot import latest_snapshot
from django_mcp.policy.uncounted_calls import passes_uncounted
from django_mcp.primitives.primitive import Primitive
from django_mcp.schemas.output.output import Rendered

logger = logging.getLogger(__name__)

outage = CacheOutage(logger, "The cache of rates is away: calls cannot be counted")

Keyed = tuple[RateLimit, str]
"""Limit with the key by which it counts a call."""


class Rates(Guard):
    """Guard that counts calls, and refuses those beyond a limit.

    It stands before the guards that refuse what is hidden: calls of unknown names count as well,
    against the limits that do not depend on what is called. A background call counts once, where it
    is submitted.
    """

    def may_block(self, call: Call) -> bool:
        """See `Guard`: for the cache, where a limit concerns the call and was not counted yet."""
        return not call.is_repeated and Rates not in call.state and bool(_limits(call))

    def before(self, call: Call) -> Rendered | None:
        """See `Guard`. Raises `RateLimitedError` and `RatesUnavailableError`.

        Every limit is judged before any is counted, so that what one refuses takes nothing from
        the others. The count itself is the last judgment: of calls at the same time only as many
        pass as the limit has left, and one that loses this race stays counted by the limit that
        refuses it and those before.
        """
        limits = _limits(call)
        if not limits:
            return None
        primitive, address = call.target, call.invocation.address
        keyed = [(each, each.key(primitive, call.principal, address)) for each in limits]
        try:
            call.state[Rates] = _counted(keyed, primitive)
        except RateLimitedError:
            raise
        except Exception as error:  # noqa: BLE001  (every cache has its own)
            outage.log(error)
            if not passes_uncounted(primitive):
                raise RatesUnavailableError from None
            call.state[Rates] = []
        return None

    def after(self, call: Call, result: Rendered) -> Rendered:
        """See `Guard`: what is left of the caller's own limits, unless a worker ran it."""
        left = None if call.is_repeated else call.state.get(Rates)
        return result.with_meta(RATE_LIMITS_META_KEY, left) if left else result


def _limits(call: Call) -> list[RateLimit]:
    return limits_of(call.target, call.principal, latest_snapshot())


def _counted(keyed: Sequence[Keyed], primitive: Primitive | None) -> list[dict[str, Any]]:
    """Count a call; return what is left of the caller's own limits, as clients are told it.

    Raises `RateLimitedError`, and whatever the cache raises.
    """
    # By its name, because django-ratelimit is optional.
    rates: Any = import_module("django_mcp.policy.rates")
    if not rates.is_enabled():
        return []
    limits = [limit for limit, key in keyed]
    counters = [rates.Counter(limit.name, key, limit.rate) for limit, key in keyed]
    if len(limits) > 1:
        usages = rates.usages_in(counters)
        used_up = [
            (usage.seconds_left, limit)
            for limit, usage in zip(limits, usages, strict=True)
            if usage.count >= limit.rate.limit
        ]
        if used_up:
            seconds, limit = max(used_up, key=lambda each: each[0])
            raise _refusal(limit, seconds, primitive)
    left = []
    usages = rates.count(counters)
    for number, (limit, usage) in enumerate(zip(limits, usages, strict=True), start=1):
        if usage.count > limit.rate.limit:
            if later := counters[number:]:
                rates.count(later, -1)
            raise _refusal(limit, usage.seconds_left, primitive)
        if limit.is_own and primitive is not None:
            remaining = limit.rate.limit - usage.count
            shown = {"remaining": remaining, "resets_in": usage.seconds_left}
            left.append({**limit.as_json(primitive.kind), **shown})
    return left


def _refusal(limit: RateLimit, seconds: int, primitive: Primitive | None) -> RateLimitedError:
    kind = "" if primitive is None else str(primitive.kind)
    error = EndpointRateLimitedError if limit.is_of_endpoint else RateLimitedError
    return error(limit.refusal_text(kind), retry_after=seconds)
