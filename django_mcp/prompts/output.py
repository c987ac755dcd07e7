"""Output of prompts: their messages."""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from inspect import formatannotation
from typing import Any, Literal, get_args, get_origin

from django.utils.functional import Promise
from typing_extensions import override

from django_mcp.content import Content, PromptMessage
from django_mcp.exceptions import InvalidResultError
from django_mcp.schemas.annotations import each_type_hint, is_union, unwrapped
from django_mcp.schemas.output.output import Output, Rendered
from django_mcp.schemas.result_limits import bounded, check_rows

WANTED = "a prompt returns text, content blocks or PromptMessages"

SEVERAL = (list, tuple, Sequence, Iterable, Iterator, Generator)
"""Annotations of several messages, by what a function returns for each."""


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
    if isinstance(value, Promise):
        return PromptMessage(content=str(value))
    if isinstance(value, str | Content):
        return PromptMessage(content=value)
    given = type(value).__name__
    raise InvalidResultError(f"{WANTED}, and not a {given}")


def returned_problems(function: Callable[..., Any]) -> Iterator[str]:
    """Yield the problem of a return annotation that holds no messages, for its author."""
    annotation = each_type_hint(function).get("return", Any)
    if isinstance(annotation, ValueError):
        yield str(annotation)
    elif not _holds_messages(annotation):
        yield f"{WANTED}, or a list of them, and not {formatannotation(annotation)}"


def _holds_messages(annotation: Any) -> bool:
    bare, is_optional = unwrapped(annotation)
    origin, arguments = get_origin(bare), get_args(bare)
    if is_optional:
        return False
    if is_union(bare):
        return all(map(_holds_messages, arguments))
    if origin is Literal:
        return all(isinstance(each, str) for each in arguments)
    if origin in SEVERAL:
        items = arguments if origin is tuple else arguments[:1]
        return all(map(_holds_messages, (each for each in items if each is not ...)))
    if not isinstance(origin or bare, type) or bare in (Any, object, *SEVERAL):
        return True  # what it stands for is known when it is called
    return origin is None and issubclass(bare, str | Content)
