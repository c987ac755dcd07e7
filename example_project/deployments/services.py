"""Services of deployments, for the pages and as tools for MCP clients.

What is on record answers always. What only the deployment platform knows or can do may fail for
a while: then the error says so, whether trying again is safe, and how long to wait.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Annotated

from django.contrib.auth.models import User
from django.db import transaction
from pydantic import Field

from django_mcp import Breaker, Retry, ToolError, tool
from example_project.deployments.models import (
    SERVICE_NAME,
    SERVICE_NAME_LENGTH,
    VERSION,
    Environment,
    Health,
    Release,
    Service,
)
from example_project.deployments.upstream import (
    Platform,
    UpstreamDownError,
    UpstreamError,
    UpstreamTimeoutError,
)

READ = ["deploy:read"]
WRITE = ["deploy:write"]

MAY_ROLL_BACK_PRODUCTION = "deployments.roll_back_production"
RETRY_WHEN_DOWN = 30
RETRY_WHEN_SLOW = 10
"""Seconds after which asking the platform again makes sense."""

PLATFORM = Breaker(name="deployment-platform", failures=5, reset=30, on=(UpstreamError,))
"""Breaker of all that asks the platform: while it is open, nobody waits for one that is down."""

SECOND_TRY = Retry(times=1, backoff=0.2, on=(UpstreamDownError,))
"""Retry of questions, as a platform that restarts is soon back; a slow one is not asked again."""

QUESTION_TIMEOUT = 15.0
"""Seconds that a question may take in all, however the platform behaves."""

ASK_AGAIN = "Ask again later. Meanwhile list_services and list_releases answer from the record."
NOTHING_DONE = "This call has changed nothing. Call roll_back again later."
PERHAPS_DONE = (
    "The platform may have rolled back all the same. Call roll_back again with the same arguments:"
    " what was done is not done twice."
)

ServiceName = Annotated[
    str, Field(pattern=SERVICE_NAME, max_length=SERVICE_NAME_LENGTH, examples=["checkout"])
]
NamePart = Annotated[str, Field(pattern=r"^[a-z0-9-]*$", max_length=SERVICE_NAME_LENGTH)]
Version = Annotated[str, Field(pattern=VERSION, examples=["2.3.1"])]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSummary:
    """A service, and by environment the version that was released there last."""

    name: str
    team: str
    description: str
    versions: dict[Environment, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentStatus:
    """Version of a service that runs in an environment now, as its platform reports it."""

    service: str
    environment: Environment
    version: str
    health: Health
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RollBack:
    """The version that is live now, and the one before; `has_changed` is false if they agree."""

    service: str
    environment: Environment
    version: str
    previous_version: str
    has_changed: bool


@tool(group="deployments", scopes=READ, read_only=True)
def list_services(
    environment: Environment | None = None, name_contains: NamePart = ""
) -> list[ServiceSummary]:
    """List the services, and the version that was released last to each environment.

    This is what is on record. Whether a version really runs, and how well, get_deployment_status
    finds out.

    Args:
        environment: Only services that were released there.
        name_contains: Only services whose name contains this.
    """
    services = Service.objects.filter(name__contains=name_contains)
    if environment is not None:
        services = services.released_to(environment)
    versions: dict[int, dict[Environment, str]] = {}
    for release in Release.objects.live().order_by("environment"):
        place = Environment(release.environment)
        versions.setdefault(release.service_id, {})[place] = release.version
    return [
        ServiceSummary(
            name=service.name,
            team=service.team,
            description=service.description,
            versions=versions.get(service.pk, {}),
        )
        for service in services
    ]


@tool(
    group="deployments",
    scopes=READ,
    read_only=True,
    fields=["version", "released_at", "released_by", "is_roll_back", "notes"],
)
def list_releases(
    service: ServiceName,
    environment: Environment,
    limit: Annotated[int, Field(ge=1, le=100)] = 20,
) -> list[Release]:
    """List what was released of a service to an environment, the newest first.

    The first entry is live; roll_back goes to versions of later entries.

    Args:
        service: As list_services names it.
        environment: Where it was released.
        limit: How many to return at most.
    """
    return list(Release.objects.history(_service(service), environment)[:limit])


@tool(
    group="deployments",
    scopes=READ,
    read_only=True,
    breaker=PLATFORM,
    retry=SECOND_TRY,
    timeout=QUESTION_TIMEOUT,
)
def get_deployment_status(
    environment: Environment, service: ServiceName | None = None
) -> list[DeploymentStatus]:
    """Ask an environment's platform which version of each service runs, and whether it is healthy.

    Args:
        environment: Whose platform to ask.
        service: Only this service, as list_services names it; all that run when left out.
    """
    known = None if service is None else _service(service)
    with _silence_explained(environment, when_down=ASK_AGAIN, when_slow=ASK_AGAIN):
        running = Platform(environment).running()
    if known is not None and known.name not in {entry.service for entry in running}:
        raise ToolError(
            f"{known} does not run in {environment}.",
            hint=f"There run: {', '.join(entry.service for entry in running) or 'none'}.",
        )
    return [
        DeploymentStatus(
            service=entry.service,
            environment=environment,
            version=entry.version,
            health=entry.health,
            since=entry.since,
        )
        for entry in running
        if known is None or entry.service == known.name
    ]


# Naming the version to go to, rather than "the one before", is what makes repeating harmless.
# No transaction: it would hold database locks for as long as the platform keeps us waiting.
@tool(
    group="deployments",
    scopes=WRITE,
    destructive=True,
    idempotent=True,
    atomic=False,
    breaker=PLATFORM,
)
def roll_back(
    user: User, service: ServiceName, environment: Environment, version: Version
) -> RollBack:
    """Put an earlier version of a service in the place of the one that is live.

    Production needs a permission that not every user has. Ask the user before calling this.

    Args:
        service: As list_services names it.
        environment: Where to roll back.
        version: A version that was live there before, as list_releases shows.
    """
    if not may_roll_back(user, environment):
        raise ToolError(
            f"The user may not roll back services in {environment}.",
            hint="Somebody with the permission 'Can roll back services in production' must do it.",
        )
    known = _service(service)
    live = _live(known, environment)
    earlier = versions_before(live)
    if version not in (live.version, *earlier):
        raise ToolError(
            f"{known} cannot go back to {version} in {environment}, where {live.version} is live.",
            hint=(
                f"It can go back to: {', '.join(earlier)}."
                if earlier
                else "No earlier version was live there, so there is nothing to go back to."
            ),
        )
    with _silence_explained(environment, when_down=NOTHING_DONE, when_slow=PERHAPS_DONE):
        Platform(environment).deploy(known.name, version)
    return _record_roll_back(user, known, environment, version)


def may_roll_back(user: User, environment: Environment) -> bool:
    """Return whether the user may roll back services there; outside production all may."""
    return environment != Environment.PRODUCTION or user.has_perm(MAY_ROLL_BACK_PRODUCTION)


def versions_before(live: Release) -> list[str]:
    """The versions that can take the place of the live one again, the latest first."""
    history = Release.objects.history(live.service, Environment(live.environment))
    earlier = {release.version: release for release in history if release.number < live.number}
    return sorted(earlier, key=lambda version: earlier[version].number, reverse=True)


def _service(name: str) -> Service:
    service = Service.objects.filter(name=name).first()
    if service is None:
        names = Service.objects.names()
        close = get_close_matches(name, names, n=1)
        guess = f"Did you mean {close[0]!r}? " if close else ""
        raise ToolError(
            f"There is no service {name!r}.",
            hint=f"{guess}The services are: {', '.join(names) or 'none yet'}.",
        )
    return service


def _live(service: Service, environment: Environment) -> Release:
    live = Release.objects.history(service, environment).first()
    if live is None:
        raise ToolError(
            f"{service} was never released to {environment}.",
            hint="Call list_services to see where it runs.",
        )
    return live


def _record_roll_back(
    user: User, service: Service, environment: Environment, version: str
) -> RollBack:
    with transaction.atomic():
        # Of two calls at once, the second finds the release that the first has recorded.
        Service.objects.select_for_update().get(pk=service.pk)
        live = _live(service, environment)
        has_changed = live.version != version
        if has_changed:
            Release.objects.create(
                service=service,
                environment=environment,
                version=version,
                released_by=user.get_username(),
                is_roll_back=True,
                notes=f"Rolled back from {live.version}",
            )
    return RollBack(
        service=service.name,
        environment=environment,
        version=version,
        previous_version=live.version,
        has_changed=has_changed,
    )


@contextmanager
def _silence_explained(
    environment: Environment, *, when_down: str, when_slow: str
) -> Iterator[None]:
    """Raise an error for a platform that is down or too slow, with a hint."""
    try:
        yield
    except UpstreamDownError as error:
        raise ToolError(
            f"The deployment platform of {environment} is down.",
            retryable=True,
            hint=when_down,
            retry_after=RETRY_WHEN_DOWN,
        ) from error
    except UpstreamTimeoutError as error:
        raise ToolError(
            f"The deployment platform of {environment} did not answer within {error.timeout:g}"
            " seconds.",
            retryable=True,
            hint=when_slow,
            retry_after=RETRY_WHEN_SLOW,
        ) from error
