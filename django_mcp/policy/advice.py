"""Sentences for operators about what no client sees, with what to type."""

from collections.abc import Iterable, Sequence

from django_mcp.conf import Settings
from django_mcp.kinds import Kind
from django_mcp.policy.snapshot import Snapshot
from django_mcp.primitives.registry import get_registry


def nothing_declared(kind: Kind) -> str:
    """One sentence: the code has nothing of this kind, and where it would be found."""
    return (
        f"No {kind} is declared: tag a function with @{kind} in a services.py or mcp_tools.py "
        f"({Settings.AUTODISCOVER.name}) of an app that INSTALLED_APPS names."
    )


def closed_groups(snapshot: Snapshot) -> list[str]:
    """The groups of primitives that are closed to every client, in alphabetical order."""
    return [name for name in get_registry().groups if not snapshot.policy(name).enabled]


def closed_groups_advice(groups: Sequence[str]) -> str:
    """One sentence: these groups are closed, and what opens them."""
    is_one = len(groups) == 1
    subject, them = ("group", "it") if is_one else ("groups", "them")
    return (
        f"The tool {subject} {' and '.join(groups)} {'is' if is_one else 'are'} closed, so that no "
        f'client sees the tools: open {them} in the admin under "Tool groups", or run '
        f"{enable_command(groups)}"
    )


def enable_command(groups: Iterable[str]) -> str:
    """The command line that opens these groups."""
    return f"python manage.py mcp_catalog enable {' '.join(groups)}"
