"""Errors of a prompt's text, with the line that they concern."""

from django.utils.translation import gettext

from django_mcp.exceptions import DjangoMCPError


class PromptTextError(DjangoMCPError):
    """The text cannot be compiled, or rendered: `reason` is in words for operators.

    `line` counts from 1; None where no single line is at fault.
    """

    def __init__(self, reason: str, *, line: int | None = None) -> None:
        self.reason = reason
        self.line = line
        super().__init__(reason)

    def __str__(self) -> str:
        if self.line is None:
            return self.reason
        return gettext("Line %(line)d: %(reason)s") % {"line": self.line, "reason": self.reason}


class PromptTooLargeError(PromptTextError):
    """The text becomes too long for these arguments, or takes too much work with them."""
