"""A deployment platform's API, simulated: it runs services, and is slow or down when told to.

Everything that a client of a real platform would know stands here: what can be asked, and the two
ways of getting no answer. The other end is the environment's `UpstreamState`, which operators
switch in the admin or by `manage.py upstream`.
"""

import time
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from example_project.deployments.models import Environment, Health, UpstreamState

DEFAULT_TIMEOUT = 2.0


class UpstreamError(Exception):
    """The platform gave no answer."""


class UpstreamDownError(UpstreamError):
    """The platform could not be reached, so it has not heard of the request."""


class UpstreamTimeoutError(UpstreamError):
    """It took longer than `timeout` seconds; it may carry the request out all the same."""

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        super().__init__(f"No answer within {timeout:g} seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningService:
    """State of a service on its platform: the running version, its health and its start."""

    service: str
    version: str
    health: Health
    since: datetime


class Platform:
    """The platform of one environment. Every request may raise `UpstreamError`.

    Args:
        environment: Whose platform is meant.
        timeout: Seconds to wait for an answer; by default DEPLOYMENTS_TIMEOUT of the settings.
    """

    def __init__(self, environment: Environment, *, timeout: float | None = None) -> None:
        self._environment = environment
        self._timeout = (
            getattr(settings, "DEPLOYMENTS_TIMEOUT", DEFAULT_TIMEOUT)
            if timeout is None
            else timeout
        )

    def running(self) -> list[RunningService]:
        """Everything that runs, by name."""
        state = UpstreamState.objects.filter(environment=self._environment).first()
        state = self._reached(state or UpstreamState(environment=self._environment))
        self._wait_for_answer(state)
        return [_running(service, state) for service in sorted(state.running)]

    def deploy(self, service: str, version: str) -> RunningService:
        """Make the version run; when it runs already, nothing happens."""
        with transaction.atomic():
            state, _ = UpstreamState.objects.select_for_update().get_or_create(
                environment=self._environment
            )
            self._reached(state)
            if state.running.get(service, {}).get("version") != version:
                state.running[service] = {
                    "version": version,
                    "health": Health.HEALTHY.value,
                    "since": timezone.now().isoformat(),
                }
                state.save(update_fields=["running"])
        # Only now, as with a real platform: it has begun, whether or not we hear of it in time.
        self._wait_for_answer(state)
        return _running(service, state)

    def _reached(self, state: UpstreamState) -> UpstreamState:
        if state.condition == UpstreamState.Condition.DOWN:
            raise UpstreamDownError(f"Connection to the platform of {self._environment} refused")
        return state

    def _wait_for_answer(self, state: UpstreamState) -> None:
        time.sleep(min(state.seconds_to_answer, self._timeout))
        if state.seconds_to_answer > self._timeout:
            raise UpstreamTimeoutError(self._timeout)


def _running(service: str, state: UpstreamState) -> RunningService:
    entry = state.running[service]
    return RunningService(
        service=service,
        version=entry["version"],
        health=Health(entry["health"]),
        since=datetime.fromisoformat(entry["since"]),
    )
