"""Cache of the verdicts of `requires` predicates, which run once per principal."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock, RLock
from typing import Any

from django.db.models import Model

from django_mcp.primitives.registry import get_registry
from django_mcp.primitives.requirement import Requirement
from django_mcp.principals import Principal

MAX_PRINCIPALS = 1000

UserState = Mapping[str, Any]

logger = logging.getLogger(__name__)


def user_state(user: Any) -> UserState:
    """Return the attributes of a user, with those that authenticators set per request."""
    state = dict(getattr(user, "__dict__", {}))
    if isinstance(user, Model):
        # Each instance has its own; what matters of it is where the row was read.
        state["_state"] = user._state.db
    return state


@dataclass(slots=True, eq=False)
class _PrincipalVerdicts:
    state: UserState
    # None where the predicate has failed.
    verdicts: dict[Requirement, bool | None] = field(default_factory=dict)
    # Reentrant: a predicate that comes back here fails instead of waiting for itself.
    lock: Any = field(default_factory=RLock)

    def met(self, requirements: list[Requirement], principal: Principal) -> frozenset[Requirement]:
        with self.lock:
            for requirement in requirements:
                if requirement not in self.verdicts:
                    self.verdicts[requirement] = _is_met(requirement, principal)
            return frozenset(each for each in requirements if self.verdicts[each])


class Verdicts:
    """Bounded, thread-safe cache of the requirements that principals meet."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._principals: dict[Principal, _PrincipalVerdicts] = {}

    def met_by(self, principal: Principal, state: UserState) -> frozenset[Requirement]:
        """Return the requirements that the principal meets. Call it from a thread: it may query.

        `state` is that of its user before any predicate ran: what Django and predicates
        keep on a user does not make it another one.
        """
        requirements = [each for each in get_registry().requirements if each.applies_to(principal)]
        if not requirements:
            return frozenset()
        return self._verdicts_of(principal, state).met(requirements, principal)

    def failed_for(self, principal: Principal, state: UserState) -> frozenset[Requirement]:
        """Return the requirements whose predicate raised in `met_by`. It calls no predicate."""
        verdicts = self._verdicts_of(principal, state).verdicts
        return frozenset(each for each, verdict in list(verdicts.items()) if verdict is None)

    def _verdicts_of(self, principal: Principal, state: UserState) -> _PrincipalVerdicts:
        with self._lock:
            try:
                known = self._principals.get(principal)
            except TypeError:  # a user that is not saved has no hash
                return _PrincipalVerdicts(state)
            if known is None or known.state != state:
                if known is None and len(self._principals) >= MAX_PRINCIPALS:
                    del self._principals[next(iter(self._principals))]
                known = self._principals[principal] = _PrincipalVerdicts(state)
            return known


def _is_met(requirement: Requirement, principal: Principal) -> bool | None:
    """Return the verdict; None, with a line in the log, when the predicate raises."""
    try:
        return requirement.is_met_by(principal)
    except (Exception, SystemExit):  # of the project's own code
        logger.exception(
            "%s failed for user %s; what requires it is hidden",
            requirement.name,
            getattr(principal.user, "pk", None),
        )
        return None
