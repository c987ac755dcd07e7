"""`manage.py mcp_suggest`: suggest tools for the views of Django REST framework, as code."""

from importlib.util import find_spec
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.module_loading import import_string
from typing_extensions import override

from django_mcp.management.formats import counted

SUGGESTIONS = "django_mcp.contrib.drf.suggestions"
"""Package of the suggestions, which is imported where Django REST framework is installed."""


class Command(BaseCommand):
    """Command that prints a module of calls of `expose` on standard output, and changes nothing."""

    help = (
        "Suggest tools for the views of Django REST framework that the URLs lead to: print the "
        "code, with what is dangerous to expose as comments."
    )

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        """Add the arguments of the command."""
        parser.add_argument(
            "views",
            nargs="*",
            default=[],
            metavar="APP_OR_VIEW",
            help="the label of an app, or the dotted name of a view (default: all views)",
        )

    @override
    def handle(self, *args: Any, views: list[str], **options: Any) -> None:
        """Run the command."""
        if find_spec("rest_framework") is None:
            raise CommandError(
                "Django REST framework is not installed, and tools are suggested for its views "
                "alone."
            )
        suggest: Any = import_string(f"{SUGGESTIONS}.view_suggestions.view_suggestions")
        source_of: Any = import_string(f"{SUGGESTIONS}.source.source_of")
        unknown: Any = import_string(f"{SUGGESTIONS}.view_suggestions.UnknownChoiceError")
        try:
            suggested = suggest(views)
        except unknown as error:
            raise CommandError(
                f"No view of Django REST framework is called or belongs to {error.choice!r}. The "
                f"apps that have some are: {' '.join(error.known) or '(none)'}."
            ) from error
        if not suggested:
            raise CommandError("No URL of this project leads to a view of Django REST framework.")
        self.stdout.write(source_of(suggested), ending="")
        actions = [each for view in suggested for each in view.suggestions]
        offered = sum(each.is_offered for each in actions)
        self.stderr.write(
            f"{counted(offered, 'tool')} suggested, {len(actions) - offered} commented out"
        )
