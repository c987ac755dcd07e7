"""Pending authorization requests in the session, while their user signs in.

A login page may lose the address that it should lead back to. The session belongs to the same
browser, outlives the sign-in, and ends with the sign-out.
"""

import secrets
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, QueryDict
from django.urls import reverse

from django_mcp.policy.rates import seconds_to_wait

PENDING_REQUEST_MINUTES = 15
"""Lifetime of a pending request: enough to confirm an e-mail address."""

MAX_PENDING_REQUESTS = 3
MAX_PENDING_CHARACTERS = 2_400
"""Length of all queries together. A session may be one cookie, which browsers take up to
4,096 bytes; one that is too long would cost the user the sign-in itself."""

NEW_SESSIONS_RATE = "60/h"
"""Rate of sessions that are created for this alone, per address. Beyond it, nothing is stored."""

SESSION_KEY = "django_mcp.pending_requests"


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingRequest:
    """Authorization request that waits for its user to sign in.

    Its `query` leads to the authorization page alone. `arrivals` counts the requests of the browser
    for it.
    """

    id: str
    query: str
    since: int
    arrivals: int = 1

    @classmethod
    def read(cls, entry: Any) -> Self | None:
        """Return the request in a session's `entry`; None for an entry of another shape.

        Another release of the package may have written it, while a deployment replaces one by one.
        """
        types = {each.name: each.type for each in fields(cls)}
        if not isinstance(entry, dict) or {*entry} != {*types}:
            return None
        if any(type(entry[name]) is not type_ for name, type_ in types.items()):
            return None
        return cls(**entry)

    @property
    def url(self) -> str:
        """Path of the authorization page, with the query."""
        return f"{reverse('oauth2_provider:authorize')}?{self.query}"

    @property
    def parameters(self) -> QueryDict:
        """Parameters of the query."""
        return QueryDict(self.query)

    @property
    def client_id(self) -> str:
        """Client id of the application that waits."""
        return self.parameters.get("client_id", "")

    def is_of(self, parameters: QueryDict) -> bool:
        """Return whether the client and its redirect URI are the same.

        An application waits once per redirect URI: a new request replaces the one before.
        """
        return _parties(self.parameters) == _parties(parameters)


def store_pending(request: HttpRequest) -> PendingRequest | None:
    """Store the request in the URL, which the caller has validated; None if there is no room.

    A prompt to sign in or to register is left out: it has been followed when the user comes back.
    """
    query = _without_login_prompt(request.GET).urlencode()
    session = _session_of(request)
    if session is None or len(query) > MAX_PENDING_CHARACTERS:
        return None
    before = list(pending_requests(request))
    if not session.session_key and seconds_to_wait(
        "django_mcp.pending_request", rate=NEW_SESSIONS_RATE, meta=request.META
    ):
        return None
    same = next((each for each in before if each.query == query), None)
    pending = PendingRequest(
        id=same.id if same else secrets.token_urlsafe(6),
        query=query,
        since=int(time.time()),
        arrivals=same.arrivals + 1 if same else 1,
    )
    others = [each for each in before if not each.is_of(request.GET)]
    _store(session, _within_bounds([pending, *others]))
    return pending


def pending_requests(request: HttpRequest) -> list[PendingRequest]:
    """Return the pending requests of the session, the latest first, and drop expired ones."""
    session = _session_of(request)
    if session is None or SESSION_KEY not in session:
        return []
    entries = session[SESSION_KEY]
    read = map(PendingRequest.read, entries) if isinstance(entries, list) else ()
    oldest = time.time() - 60 * PENDING_REQUEST_MINUTES
    current = [pending for pending in read if pending is not None and pending.since > oldest]
    if not current or len(current) < len(entries):
        _store(session, current)
    return current


def drop_pending(request: HttpRequest, parameters: QueryDict) -> None:
    """Drop the pending request with the client and redirect URI in these parameters."""
    session = _session_of(request)
    before = pending_requests(request)
    remaining = [each for each in before if not each.is_of(parameters)]
    if session is not None and len(remaining) < len(before):
        _store(session, remaining)


def completed_request(request: HttpRequest) -> PendingRequest | None:
    """Return the pending request of which the URL has lost parameters; None if it is ambiguous.

    A login page that does not quote the address in `next` leads back with the first of them.
    """
    parameters = dict(_without_login_prompt(request.GET).lists())
    wholes = [each for each in pending_requests(request) if _has_lost(parameters, each.parameters)]
    return wholes[0] if len(wholes) == 1 else None


def _has_lost(parameters: dict[str, list[str]], whole: QueryDict) -> bool:
    return len(parameters) < len(whole) and all(
        whole.getlist(name) == values for name, values in parameters.items()
    )


def _parties(parameters: QueryDict) -> tuple[str, str]:
    return parameters.get("client_id", ""), parameters.get("redirect_uri", "")


def _without_login_prompt(parameters: QueryDict) -> QueryDict:
    left = parameters.copy()
    if "prompt" in left:
        prompt = left.get("prompt", "")
        prompts = [each for each in prompt.split() if each not in ("login", "create")]
        left.setlist("prompt", [" ".join(prompts)] if prompts else [])
    return left


def _within_bounds(latest_first: Iterable[PendingRequest]) -> Iterator[PendingRequest]:
    characters = 0
    for count, each in enumerate(latest_first, start=1):
        characters += len(each.query)
        if count > MAX_PENDING_REQUESTS or characters > MAX_PENDING_CHARACTERS:
            return
        yield each


def _session_of(request: HttpRequest) -> SessionBase | None:
    # A site may know its users without sessions, as by a header of its proxy.
    return getattr(request, "session", None)


def _store(session: SessionBase, pending: Iterable[PendingRequest]) -> None:
    entries = [asdict(each) for each in pending]
    if entries:
        session[SESSION_KEY] = entries
    else:
        session.pop(SESSION_KEY, None)
