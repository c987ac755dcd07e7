"""Messages for operators about groups that are closed, with the command that opens them."""

from collections.abc import Iterable, Sequence

from django_mcp.conf import Settings
from django_mcp.kinds import Kind
from django_mcp.policy.snapshot import Snapshot
from django_mcp.primitives.registry import get_registry


def nothing_declared(kind: Kind) -> str:
    """Return the message that no primitive of this kind is declared, and where to declare one."""
    return (
        f"No {kind} is declared: tag a function with @{kind} in a services.py or mcp_tools.py "
        f"({Settings.AUTODISCOVER.name}) of an app that INSTALLED_APPS names."
    )


def closed_groups(snapshot: Snapshot) -> list[str]:
    """Return the names of the groups that are closed to every client, in alphabetical order."""
    return [name for name in get_registry().groups if not snapshot.policy(name).enabled]


def closed_groups_advice(groups: Sequence[str]) -> str:
    """Return the message that these groups are closed, with the command that opens them."""
    is_one = len(groups) == 1
    subject, them = ("group", "it") if is_one else ("groups", "them")
    return (
        f"The tool {subject} {' and '.join(groups)} {'is' if is_one else 'are'} closed, so that no "
        f'client sees the tools: open {them} in the admin under "Tool groups", or run '
        f"{enable_command(groups)}"
    )


def enable_command(groups: Iterable[str]) -> str:
    """Return the command line that opens these groups."""
    return f"python manage.py mcp_catalog enable {' '.join(groups)}"
