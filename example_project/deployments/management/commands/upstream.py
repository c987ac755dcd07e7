"""`manage.py upstream`: make a simulated deployment platform slow, take it down, repair it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from example_project.deployments.models import Environment, UpstreamState


class Command(BaseCommand):
    help = "Set how the simulated deployment platform of an environment behaves from now on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("environment", choices=Environment.values)
        parser.add_argument("condition", choices=UpstreamState.Condition.values)
        parser.add_argument("--delay", type=float, help="seconds until it answers while it is slow")

    def handle(self, *args: Any, **options: Any) -> None:
        changes: dict[str, Any] = {"condition": options["condition"]}
        if options["delay"] is not None:
            changes["delay"] = options["delay"]
        state, _ = UpstreamState.objects.update_or_create(
            environment=options["environment"], defaults=changes
        )
        self.stdout.write(
            f"The platform of {state.environment} {UpstreamState.Condition(state.condition).label}."
        )
