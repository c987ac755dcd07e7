"""Messages for operators about groups that are closed, with the command that opens them."""

from collections.abc import Iterable, Sequence

from django.utils.text import get_text_list

from django_mcp.conf import Settings
from django_mcp.kinds import Kind
from django_mcp.policy.snapshot import Snapshot


def nothing_declared(*kinds: Kind) -> str:
    """Return the message that nothing of these kinds is declared, and where to declare it."""
    kinds_text = get_text_list([str(kind) for kind in kinds], "or")
    decorators = get_text_list([f"@{kind}" for kind in kinds], "or")
    return (
        f"No {kinds_text} is declared: tag a function with {decorators} in a services.py or "
        f"mcp_tools.py ({Settings.AUTODISCOVER.name}) of an app that INSTALLED_APPS names."
    )


def closed_groups(snapshot: Snapshot) -> list[str]:
    """Return the names of the groups that are closed to every client, in alphabetical order."""
    return [name for name in snapshot.registry.groups if not snapshot.policy(name).enabled]


def closed_groups_advice(groups: Sequence[str]) -> str:
    """Return the message that these groups are closed, with the command that opens them."""
    is_one = len(groups) == 1
    subject, it = ("group", "it") if is_one else ("groups", "them")
    return (
        f"The tool {subject} {' and '.join(groups)} {'is' if is_one else 'are'} closed, so that no "
        f'client sees what is in {it}: open {it} in the admin under "Tool groups", or run '
        f"{enable_command(groups)}"
    )


def enable_command(groups: Iterable[str]) -> str:
    """Return the command line that opens these groups."""
    return f"python manage.py mcp_catalog enable {' '.join(groups)}"
