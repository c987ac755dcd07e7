"""Results of calls in the cache: where one belongs, whether it is there, and who computes it."""

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.utils import timezone, translation

from django_mcp.calls.call import Call
from django_mcp.calls.results import deserialize_result
from django_mcp.conf import settings
from django_mcp.policy.snapshot import current_snapshot
from django_mcp.primitives.invalidation.generations import current
from django_mcp.primitives.result_cache.keys import RIGHTS, cache_key, generation_of, identity_of
from django_mcp.primitives.result_cache.policy import CachePolicy
from django_mcp.principals import Principal
from django_mcp.schemas.output.output import Rendered
from django_mcp.threads.cache_context import limits_cache


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Place of a result in the cache: its key, and the keys of the generations it belongs to."""

    key: str
    generations: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Content of a place in the cache, and the tokens of its generations now.

    `is_known` is true if there is a result, or what is there says that none can be kept.
    """

    place: Place
    tokens: tuple[str, ...]
    is_known: bool
    result: Rendered | None

    @property
    def lock(self) -> str:
        """Key of the lock that the call holds which computes the result of these generations."""
        return cache_key("lock", self.place.key, self.tokens)


def place_of(call: Call) -> Place | None:
    """Return the place of a call's result; None if none may be kept. Call it from a thread.

    Raises what functions of the project raise.
    """
    policy, invocation, principal = call.primitive.cache, call.invocation, call.principal
    if policy is None or invocation.input_responses or invocation.request_state:
        return None  # what depends on answers of the user is for this call alone
    user = None
    if "user" in policy.vary_on and principal.user is not None:
        if principal.user.pk is None:
            return None
        user = identity_of(principal.user)
    arguments = invocation.arguments
    parts = {
        "primitive": [*call.primitive.key, invocation.uri, policy.form],
        # Without those that hosts add, which are ignored.
        "arguments": {n: arguments[n] for n in call.primitive.argument_names if n in arguments},
        "endpoint": principal.endpoint.name,
        "language": translation.get_language(),
        "time_zone": str(timezone.get_current_timezone()),
        "policy": _group_policy(call),
        "caller": list(_caller(policy, principal, user)),
        "can_ask": policy.shows_context and invocation.is_askable,
        "functions": [_text_of(function, call) for function in policy.functions],
    }
    generations = [
        generation_of(of, subject)
        for of in (call.primitive.key, RIGHTS)
        for subject in ([None] if user is None else [None, user])
    ]
    return Place(key=cache_key("result", parts), generations=tuple(generations))


def read(place: Place) -> Reading:
    """Return what the cache holds at a place, by one request to it. Raises what the cache does."""
    found = limits_cache().get_many([*place.generations, place.key])
    tokens = current(place.generations, found)
    match found.get(place.key):
        case (of, text) if of == tokens:
            with suppress(ValueError, TypeError, LookupError):  # of another version of the package
                return Reading(place=place, tokens=tokens, is_known=True, result=_result_of(text))
    return Reading(place=place, tokens=tokens, is_known=False, result=None)


def store(reading: Reading, text: str | None, *, seconds: int) -> None:
    """Keep a result that was computed since this reading, as one of its generations.

    If one of these has ended meanwhile, nothing that reads it takes it. None says that there is a
    result, but none that can be kept. Raises what the cache raises.
    """
    limits_cache().set(reading.place.key, (reading.tokens, text), seconds)


def acquire(lock: str) -> float | None:
    """Acquire a lock; return until when it is held, by `time.monotonic`.

    None if another holds it. Raises what the cache raises.
    """
    until = time.monotonic() + settings.LEASE_TIME
    return until if limits_cache().add(lock, True, settings.LEASE_TIME) else None


def release(lock: str, until: float) -> None:
    """Release a lock, unless it has expired, and may be another's. Raises what the cache raises."""
    if time.monotonic() < until:
        limits_cache().delete(lock)


def _result_of(text: str | None) -> Rendered | None:
    return None if text is None else deserialize_result(text)


def _caller(policy: CachePolicy, principal: Principal, user: list[str] | None) -> Iterator[Any]:
    if "user" in policy.vary_on:
        flags = ("is_staff", "is_superuser")
        yield user and [user, *(bool(getattr(principal.user, flag, False)) for flag in flags)]
    if "client" in policy.vary_on:
        yield principal.client_id
    if "scopes" in policy.vary_on:
        yield sorted(principal.scopes)


def _group_policy(call: Call) -> list[Any]:
    """Return what the policy of the group says about who sees what, as JSON."""
    policy = current_snapshot().policy(call.primitive.group)
    return [
        policy.enabled,
        policy.read_only,
        sorted(policy.allowed_groups),
        sorted(policy.allowed_clients),
        sorted(policy.switched_off),
    ]


def _text_of(function: Any, call: Call) -> str:
    value = function(call)
    if not isinstance(value, str):
        name = getattr(function, "__qualname__", repr(function))
        raise TypeError(f"{name}() returned {type(value).__name__} to vary_on, and not a string")
    return value
