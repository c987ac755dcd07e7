"""Tool errors of Django REST framework's exceptions, which are recognized without an import."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from django_mcp.exceptions import ToolError, ToolOutcome
from django_mcp.schemas.errors.validation import WITHOUT_FIELD, Message, invalid_values_error

OUTCOMES: Mapping[int, ToolOutcome] = {
    400: "invalid_arguments",
    401: "permission_denied",
    403: "permission_denied",
    404: "not_found",
    409: "conflict",
    410: "not_found",
    422: "invalid_arguments",
    429: "rate_limited",
}

RETRYABLE = (429, 503)

TEXTS = {
    "invalid_choice": "This is not a valid choice.",
    "does_not_exist": "There is no such object.",
}
"""Replacements, by code, of messages of serializers that repeat a value."""


def api_error(error: Any, arguments: Collection[str]) -> ToolError | None:
    """Return the tool error of an `APIException`; None for any other exception."""
    status = getattr(error, "status_code", None)
    if not isinstance(status, int) or not callable(getattr(error, "get_codes", None)):
        return None
    outcome: ToolOutcome = OUTCOMES.get(status, "tool_error")
    if outcome == "invalid_arguments":
        return invalid_values_error(messages_in(error.detail), arguments)
    wait = getattr(error, "wait", None)
    return ToolError(
        "\n".join(message.text for message in messages_in(error.detail)),
        retryable=status in RETRYABLE,
        retry_after=wait if isinstance(wait, int | float) else None,
        outcome=outcome,
    )


def messages_in(detail: Any, path: tuple[str | int, ...] = ()) -> Iterator[Message]:
    """Yield the messages in a detail: a text, a list of details or a mapping of fields to them."""
    if isinstance(detail, Mapping):
        for field, each in detail.items():
            yield from messages_in(each, (*path, str(field)))
    elif isinstance(detail, list | tuple):
        for index, each in enumerate(detail):
            # A list of texts says several things of one place.
            is_item = isinstance(each, Mapping | list | tuple)
            yield from messages_in(each, (*path, index) if is_item else path)
    else:
        text = TEXTS.get(getattr(detail, "code", ""), str(detail))
        yield Message(path=path[:-1] if path and path[-1] in WITHOUT_FIELD else path, text=text)
