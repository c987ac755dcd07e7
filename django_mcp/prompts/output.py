"""Output of prompts: their messages."""

from collections.abc import Iterator
from typing import Any

from typing_extensions import override

from django_mcp.content import Content, PromptMessage
from django_mcp.exceptions import InvalidResultError
from django_mcp.schemas.output.output import Output, Rendered
from django_mcp.schemas.result_limits import bounded, check_rows


class MessagesOutput(Output):
    """Output of messages, as `PromptMessage` blocks.

    Text and content blocks become messages of the user.
    """

    def _render(self, value: Any) -> Rendered:
        if isinstance(value, Iterator):
            value = bounded(value)
        several = value if isinstance(value, list | tuple) else (value,)
        check_rows(several)
        return Rendered(content=tuple(map(_message, several)))

    @override
    def render_at_once(self, value: Any) -> Rendered | None:
        """Render a value without a query; see `Output.render_at_once`."""
        return None if isinstance(value, Iterator) else self.render(value)


def _message(value: Any) -> PromptMessage:
    if isinstance(value, PromptMessage):
        return value
    if isinstance(value, str | Content):
        return PromptMessage(content=value)
    given = type(value).__name__
    raise InvalidResultError(
        f"a prompt returns text, content blocks or PromptMessages, and not a {given}"
    )
