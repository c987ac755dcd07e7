"""Models of services and releases, and of the state of the simulated platform."""

from typing import Self

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.utils import timezone

SERVICE_NAME = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
SERVICE_NAME_LENGTH = 40
VERSION = r"^[0-9]{1,3}(\.[0-9]{1,3}){2}$"


class Environment(models.TextChoices):
    """Environment in which services run; each has a deployment platform of its own."""

    DEVELOPMENT = "development"
    STAGING = "staging"
    PRODUCTION = "production"


class Health(models.TextChoices):
    """Health of a running service, as its platform reports it."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"


class ServiceQuerySet(models.QuerySet["Service"]):
    def released_to(self, environment: Environment) -> Self:
        """The services that were released to that environment at least once."""
        released = Release.objects.filter(service=models.OuterRef("pk"), environment=environment)
        return self.filter(models.Exists(released))

    def names(self) -> list[str]:
        return list(self.order_by("name").values_list("name", flat=True))


class Service(models.Model):
    """A program that a team keeps running."""

    name = models.CharField(
        max_length=SERVICE_NAME_LENGTH, unique=True, validators=[RegexValidator(SERVICE_NAME)]
    )
    team = models.CharField(max_length=40)
    description = models.CharField(max_length=200, blank=True)

    objects = ServiceQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def versions(self) -> dict[str, str]:
        """By environment the version that was released there last."""
        live = self.releases.live().order_by("environment")
        return dict(live.values_list("environment", "version"))


class ReleaseQuerySet(models.QuerySet["Release"]):
    def history(self, service: Service, environment: Environment) -> Self:
        """Return the releases of a service in an environment, newest first."""
        return self.filter(service=service, environment=environment).newest_first()

    def newest_first(self) -> Self:
        return self.order_by("-released_at", "-id")

    def live(self) -> Self:
        """The newest release of each service in each environment."""
        same = Release.objects.filter(
            service=models.OuterRef("service"), environment=models.OuterRef("environment")
        )
        return self.filter(pk=models.Subquery(same.newest_first().values("pk")[:1]))


class Release(models.Model):
    """A version of a service that was brought to an environment. The newest one is live there."""

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="releases")
    environment = models.CharField(max_length=20, choices=Environment.choices)
    version = models.CharField(max_length=11, validators=[RegexValidator(VERSION)])
    released_at = models.DateTimeField(default=timezone.now)
    released_by = models.CharField(max_length=150)
    is_roll_back = models.BooleanField(default=False)
    notes = models.CharField(max_length=200, blank=True)

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        ordering = ["-released_at", "-id"]
        indexes = [
            models.Index(
                fields=["service", "environment", "-released_at"], name="release_by_place_and_time"
            )
        ]
        permissions = [("roll_back_production", "Can roll back services in production")]

    def __str__(self) -> str:
        return f"{self.service} {self.version} in {self.environment}"

    @property
    def number(self) -> tuple[int, ...]:
        """The version in a form that compares as versions do: 2.10.0 is later than 2.9.1."""
        return tuple(int(part) for part in self.version.split("."))


class UpstreamState(models.Model):
    """The simulated platform of one environment: how it behaves at the moment, and what it runs."""

    class Condition(models.TextChoices):
        OK = "ok", "answers at once"
        SLOW = "slow", "answers late"
        DOWN = "down", "refuses connections"

    environment = models.CharField(max_length=20, choices=Environment.choices, unique=True)
    condition = models.CharField(max_length=10, choices=Condition.choices, default=Condition.OK)
    delay = models.FloatField(
        default=30.0,
        validators=[MinValueValidator(0)],
        help_text="Seconds until it answers while it is slow.",
    )
    running = models.JSONField(
        default=dict,
        blank=True,
        help_text="By service: its version, its health, and since when it runs.",
    )

    class Meta:
        ordering = ["environment"]

    def __str__(self) -> str:
        return f"{self.environment}: {self.condition}"

    @property
    def seconds_to_answer(self) -> float:
        return self.delay if self.condition == self.Condition.SLOW else 0.0
