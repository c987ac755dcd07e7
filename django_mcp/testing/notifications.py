"""Notifications that a client receives before the result of a call."""

from dataclasses import dataclass, field

from django_mcp.calls.log_messages import LogMessage
from django_mcp.calls.progress import ProgressReport


@dataclass(slots=True)
class ReceivedNotifications:
    """Sink of the progress and of the log messages of one call, which keeps them in order."""

    reports: list[ProgressReport] = field(default_factory=list)
    messages: list[LogMessage] = field(default_factory=list)

    def send(self, notification: ProgressReport | LogMessage) -> None:
        """Take a notification."""
        if isinstance(notification, ProgressReport):
            self.reports.append(notification)
        else:
            self.messages.append(notification)

    async def drain(self) -> None:
        """Every notification is delivered as it is sent."""
