"""Guard of the cache: it answers a call with the result of an earlier one like it."""

import logging

from django_mcp.cache_outages import CacheOutage
from django_mcp.calls.cached_results import acquire, place_of, read, release, store
from django_mcp.calls.call import Call
from django_mcp.calls.guard import Guard, WaitFor
from django_mcp.calls.results import serialize_result
from django_mcp.conf import settings
from django_mcp.content import EmbeddedResource, ResourceLink
from django_mcp.resources.routes import matches
from django_mcp.schemas.output.output import Rendered
from django_mcp.threads.notifications import publish

logger = logging.getLogger(__name__)

LEASES_OF_PATIENCE = 3
"""Times of a lock that a call waits for the result of another before it is refused as busy."""

outage = CacheOutage(logger, "The cache of results is away: they are computed for every call")


class Cache(Guard):
    """Guard that keeps results in the cache, and computes each once for all who ask at once.

    The call that computes holds a lock of `DJANGO_MCP_LEASE_TIME` seconds; those that wait for its
    result are given it, or compute it one after the other if it fails or its process dies.
    """

    def may_block(self, call: Call) -> bool:
        """See `Guard`: for the cache, where one is declared."""
        return call.target is not None and call.target.cache is not None

    def before(self, call: Call) -> Rendered | None:
        """See `Guard`. Raises `WaitFor`."""
        place = place_of(call)
        if place is None:
            return None
        try:
            found = read(place)
            if found.is_known:
                return found.result
            until = acquire(found.lock)
            if until is not None:
                # One that held the lock until now may have stored its result after the look.
                again = read(place)
                if again.is_known:
                    release(found.lock, until)
                    return again.result
        except Exception as error:  # noqa: BLE001  (of whatever cache)
            outage.log(error)
            return None
        if until is None:
            raise WaitFor(found.lock, timeout=LEASES_OF_PATIENCE * settings.LEASE_TIME)
        # No JSON: no such call becomes a task.
        call.state[Cache] = (found, until)
        return None

    def after(self, call: Call, result: Rendered) -> Rendered:
        """See `Guard`: the result as it was computed, before guards of the project change it."""
        held = call.state.get(Cache)
        if held is not None and call.primitive.cache is not None:
            reading, _ = held
            text = None if _shows_resources(call, result) else serialize_result(result)
            if text is not None and len(text) > settings.MAX_CACHED_BYTES:
                text = None
            try:
                store(reading, text, seconds=call.primitive.cache.seconds)
            except Exception as error:  # noqa: BLE001  (of whatever cache)
                outage.log(error)
        return result

    def ended(self, call: Call, error: BaseException | None) -> None:
        """See `Guard`: let those that wait have the result, or one of them compute it."""
        held = call.state.pop(Cache, None)
        if held is not None:
            reading, until = held
            try:
                release(reading.lock, until)
            except Exception as fault:  # noqa: BLE001  (of whatever cache)
                outage.log(fault)
            publish(reading.lock)


def _shows_resources(call: Call, result: Rendered) -> bool:
    """Return whether a result shows other resources of the project.

    What they are, and whether they are shown, was judged for the caller alone.
    """
    return any(
        isinstance(each, EmbeddedResource | ResourceLink)
        and each.uri != call.invocation.uri
        and matches(each.uri)
        for each in result.content
    )
