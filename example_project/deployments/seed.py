"""Services, releases and platforms to try the example with."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from example_project.deployments.models import (
    Environment,
    Health,
    Release,
    Service,
    UpstreamState,
)

PIPELINE = "pipeline"
"""Author of releases that no user made."""

SERVICES = {
    "accounts": ("identity", "Sign-in, profiles and permissions of customers"),
    "checkout": ("payments", "Basket, payment and confirmation of orders"),
    "invoices": ("payments", "Writes invoices and sends them"),
    "search": ("catalogue", "Finds products by words, brand and price"),
    "storefront": ("catalogue", "The pages that customers see"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A version, and how many days ago it was released to each environment, where it was."""

    number: str
    notes: str
    development: float | None = None
    staging: float | None = None
    production: float | None = None

    def age_in(self, environment: Environment) -> float | None:
        ages = {
            Environment.DEVELOPMENT: self.development,
            Environment.STAGING: self.staging,
            Environment.PRODUCTION: self.production,
        }
        return ages[environment]


# The latest comes last.
VERSIONS = {
    "accounts": [
        Version(
            number="1.8.2",
            notes="Shorter sessions on shared computers",
            development=64,
            staging=62,
            production=60,
        ),
        Version(
            number="1.9.0",
            notes="Passkeys",
            development=21,
            staging=19,
            production=15,
        ),
    ],
    "checkout": [
        Version(
            number="2.3.0",
            notes="Gift cards",
            development=50,
            staging=48,
            production=45,
        ),
        Version(
            number="2.3.1",
            notes="Rounds gift cards correctly",
            development=33,
            staging=32,
            production=31,
        ),
        Version(
            number="2.4.0",
            notes="New payment provider",
            development=4,
            staging=1.5,
        ),
    ],
    "invoices": [
        Version(
            number="0.12.0",
            notes="Electronic invoices",
            development=40,
            staging=38,
            production=35,
        ),
        Version(number="0.13.0", notes="Reminders", development=9),
    ],
    "search": [
        Version(number="3.0.4", notes="Synonyms", development=80, staging=77, production=74),
        Version(number="3.1.0", notes="Typing errors forgiven", development=12, staging=6),
    ],
    "storefront": [
        Version(
            number="5.21.0",
            notes="Wish lists",
            development=16,
            staging=14,
            production=13,
        ),
        Version(
            number="5.22.0",
            notes="Larger pictures",
            development=8,
            staging=7,
            production=5.5,
        ),
    ],
}
DEGRADED = {("checkout", Environment.STAGING)}


def seed() -> None:
    """Create the services, or bring them back to how the demo expects them.

    Where another version is live by now, the expected one is released once more; the platforms
    run what was released and answer again.
    """
    now = timezone.now()
    services = [
        Service.objects.update_or_create(
            name=name, defaults={"team": team, "description": description}
        )[0]
        for name, (team, description) in SERVICES.items()
    ]
    for environment in Environment:
        for service in services:
            _release(service, environment, now)
        _bring_back_platform(environment)


def _release(service: Service, environment: Environment, now: datetime) -> None:
    released = [
        (version, age)
        for version in VERSIONS[service.name]
        if (age := version.age_in(environment)) is not None
    ]
    live = Release.objects.history(service, environment).first()
    if live is not None:
        released = [
            (version, 0.0) for version, _ in released[-1:] if version.number != live.version
        ]
    Release.objects.bulk_create(
        Release(
            service=service,
            environment=environment,
            version=version.number,
            released_at=now - timedelta(days=age),
            released_by=PIPELINE,
            notes=version.notes,
        )
        for version, age in released
    )


def _bring_back_platform(environment: Environment) -> None:
    live = Release.objects.live().filter(environment=environment).select_related("service")
    UpstreamState.objects.update_or_create(
        environment=environment,
        defaults={
            "condition": UpstreamState.Condition.OK,
            "running": {
                release.service.name: {
                    "version": release.version,
                    "health": _health(release.service.name, environment).value,
                    "since": release.released_at.isoformat(),
                }
                for release in live
            },
        },
    )


def _health(service: str, environment: Environment) -> Health:
    return Health.DEGRADED if (service, environment) in DEGRADED else Health.HEALTHY
