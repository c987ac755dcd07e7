"""Tool errors of Django's validation errors in service code, by argument where possible."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core import validators
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models
from django.forms.utils import pretty_name

from django_mcp.exceptions import ToolError

MAX_MESSAGES = 50

WITHOUT_FIELD = ("", NON_FIELD_ERRORS, "non_field_errors")
"""Keys of messages without a field, in Django and in Django REST framework."""

VALUES = ("value", "pk")
"""Parameters of a message that hold the validated value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Text of one error with the path of its value, such as `("items", 0, "price")`."""

    path: tuple[str | int, ...]
    text: str


class _Hidden:
    """Placeholder of a value in a message."""

    def __str__(self) -> str:
        return "…"

    __repr__ = __str__


def validation_error(error: ValidationError, arguments: Collection[str]) -> ToolError:
    """Return the tool error of Django's `ValidationError`.

    Messages of the project are unchanged, with the values that their author put into them. In
    the default messages of fields and validators, values are hidden.
    """
    by_field: Mapping[str, list[ValidationError]]
    by_field = error.error_dict if hasattr(error, "error_dict") else {"": error.error_list}
    return invalid_values_error(
        (
            Message(path=(field,), text=_text(each))
            for field, errors in by_field.items()
            for each in errors
        ),
        arguments,
    )


def invalid_values_error(messages: Iterable[Message], arguments: Collection[str]) -> ToolError:
    """Return the tool error of these messages; `arguments` are the names that the client knows."""
    found = list(messages)
    fields = {str(each.path[0]) for each in found if each.path} - set(WITHOUT_FIELD)
    lines = [_line(each, arguments) for each in found[:MAX_MESSAGES]]
    if len(found) > MAX_MESSAGES:
        lines.append(f"and {len(found) - MAX_MESSAGES} more")
    if not fields:
        text = "\n".join(lines) or "The values are invalid."
        return ToolError(text, outcome="invalid_arguments")
    is_about_arguments = any(_argument(field, arguments) for field in fields)
    subject = "arguments" if is_about_arguments else "values"
    return ToolError(
        f"The {subject} are invalid.",
        hint="\n".join(f"- {line}" for line in lines),
        outcome="invalid_arguments",
    )


def _line(message: Message, arguments: Collection[str]) -> str:
    if not message.path or message.path[0] in WITHOUT_FIELD:
        return message.text
    first, *rest = message.path
    # The client has not seen the names that the service has for other fields.
    place = _argument(str(first), arguments) or pretty_name(str(first))
    for step in rest:
        place += f"[{step}]" if isinstance(step, int) else f".{step}"
    return f"{place}: {message.text}"


def _argument(field: str, arguments: Collection[str]) -> str | None:
    """Return the argument of a field: one of its name, or of the key of the relation."""
    return next((name for name in (field, f"{field}_id") if name in arguments), None)


def _text(error: ValidationError) -> str:
    params: Any = error.params
    if not params:
        return str(error.message)
    if isinstance(params, Mapping) and any(name in params for name in VALUES):
        if any(generic is error.message for generic in _generic_messages()):
            params = {**params, **dict.fromkeys(VALUES, _Hidden())}
        elif "nth" in params:  # of an item of an array, whose message has been put together before
            value = str(params.get("value", ""))
            return str(error.message).replace(value, "…") if value else str(error.message)
    return str(error.message % params)


def _generic_messages() -> Iterator[Any]:
    """Yield the default messages of the classes of fields and validators."""
    for field in (*_subclasses(models.Field), *_subclasses(forms.Field)):
        yield from vars(field).get("default_error_messages", {}).values()
    for validator in vars(validators).values():
        if isinstance(validator, type):
            yield getattr(validator, "message", None)


def _subclasses(cls: type) -> Iterator[type]:
    yield cls
    below: list[type] = cls.__subclasses__()
    for each in below:
        yield from _subclasses(each)
