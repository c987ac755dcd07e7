"""Mapping of the exceptions of service code to tool errors; any other stays opaque.

The primitive's own `raises` comes first, then `DJANGO_MCP_EXCEPTIONS` laid over Django's exceptions
here, then the exceptions of Django REST framework.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.exceptions import (
    MultipleObjectsReturned,
    ObjectDoesNotExist,
    PermissionDenied,
    ValidationError,
)
from django.db import IntegrityError
from django.db.models import ProtectedError, RestrictedError
from django.http import Http404
from django.utils.functional import Promise
from django.utils.module_loading import import_string

from django_mcp.conf import settings
from django_mcp.exceptions import DjangoMCPError, ToolError, ToolOutcome
from django_mcp.primitives.primitive import Primitive
from django_mcp.schemas.errors.rest_framework import api_error
from django_mcp.schemas.errors.unique_constraints import unique_violation
from django_mcp.schemas.errors.validation import validation_error

Handler = Callable[[Any], Any]
"""Given the exception, it returns a `ToolError`, its text, or None to keep it opaque."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownException:
    """Outcome of an exception for the record, and the function that makes its error text."""

    outcome: ToolOutcome
    words: Callable[[Any, Primitive], ToolError | str | None]


def tool_error_of(error: BaseException, primitive: Primitive) -> ToolError | None:
    """Return the tool error of an exception; None when it is an internal failure.

    Its `__cause__` is the exception, unless the function raised it itself. An exception group
    counts as the first `ToolError` in it, or else as the first known exception, groups in it opened
    where they stand. Raises what a project's callable raises.
    """
    if isinstance(error, ToolError):
        return error
    if isinstance(error, BaseExceptionGroup):
        inside = list(exceptions_in(error))
        raised = (each for each in inside if isinstance(each, ToolError))
        known = (made for each in inside if (made := _known(each, primitive)))
        return next(raised, None) or next(known, None)
    return _known(error, primitive)


def exceptions_in(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    """Yield the exceptions in a group that are no groups themselves, depth first."""
    for each in group.exceptions:
        if isinstance(each, BaseExceptionGroup):
            yield from exceptions_in(each)
        else:
            yield each


def exception_table() -> dict[type[BaseException], Handler | None]:
    """Return `DJANGO_MCP_EXCEPTIONS` with its paths imported. Raises as `import_string` does."""
    return {
        import_string(path): None if handler is None else import_string(handler)
        for path, handler in settings.EXCEPTIONS.items()
    }


def _known(error: BaseException, primitive: Primitive) -> ToolError | None:
    if isinstance(error, DjangoMCPError):  # such as a result that breaks its schema
        return None
    made = _made(error, primitive)
    if made is not None:
        made.__cause__ = error
    return made


def _made(error: BaseException, primitive: Primitive) -> ToolError | None:
    classes = type(error).__mro__
    known = next((KNOWN[each] for each in classes if each in KNOWN), None)
    outcome = "tool_error" if known is None else known.outcome
    for each in classes:
        if each in primitive.raises:
            return _called(primitive.raises[each], error, outcome)
    project = exception_table()
    for each in classes:
        if each in project:
            return _called(project[each], error, outcome)
        if each in KNOWN:
            return _as_tool_error(KNOWN[each].words(error, primitive), outcome)
    return api_error(error, primitive.argument_names)


def _called(handler: Any, error: BaseException, outcome: ToolOutcome) -> ToolError | None:
    return _as_tool_error(handler(error) if callable(handler) else handler, outcome)


def _as_tool_error(made: Any, outcome: ToolOutcome) -> ToolError | None:
    if made is None or isinstance(made, ToolError):
        return made
    if isinstance(made, str | Promise):
        return ToolError(made, outcome=outcome)
    raise TypeError(f"an exception became a {type(made).__name__}, and not a ToolError or a text")


def _own_words(error: Exception, default: str) -> str:
    """Return the text that an exception was raised with; nothing else in it is for clients."""
    words = error.args[0] if len(error.args) == 1 else None
    return str(words) if isinstance(words, str | Promise) and str(words).strip() else default


def _missing(error: Exception, primitive: Primitive) -> str:
    # Not the exception's own text: third parties write what was looked for into it.
    return f"There is no such {_verbose_name(error)}."


def _ambiguous(error: Exception, primitive: Primitive) -> ToolError:
    return ToolError(
        f"More than one {_verbose_name(error)} matches.",
        hint="Name the one that is meant more precisely.",
        outcome="conflict",
    )


def _referred_to(error: ProtectedError | RestrictedError, primitive: Primitive) -> ToolError:
    # Of the rows themselves nothing is told: the caller may not see them.
    if isinstance(error, ProtectedError):
        objects = error.protected_objects
    else:
        objects = error.restricted_objects
    names = {str(each._meta.verbose_name_plural) for each in objects}
    return ToolError(
        f"It cannot be deleted, because {', '.join(sorted(names)) or 'others'} refer to it.",
        hint="Delete or change those first.",
        outcome="conflict",
    )


def _verbose_name(error: Exception) -> str:
    """Return the `verbose_name` of the model whose exception this is."""
    known: list[Any] = apps.get_models(include_auto_created=True)
    for each in type(error).__mro__:
        for model in known:
            if each in (model.DoesNotExist, model.MultipleObjectsReturned):
                return str(model._meta.verbose_name)
    return "object"


KNOWN: Mapping[type[BaseException], KnownException] = {
    ValidationError: KnownException(
        outcome="invalid_arguments",
        words=lambda error, primitive: validation_error(error, primitive.argument_names),
    ),
    PermissionDenied: KnownException(
        outcome="permission_denied",
        words=lambda error, primitive: _own_words(error, "The user may not do this."),
    ),
    Http404: KnownException(
        outcome="not_found",
        words=lambda error, primitive: _own_words(error, "There is no such object."),
    ),
    ObjectDoesNotExist: KnownException(outcome="not_found", words=_missing),
    MultipleObjectsReturned: KnownException(outcome="conflict", words=_ambiguous),
    ProtectedError: KnownException(outcome="conflict", words=_referred_to),
    RestrictedError: KnownException(outcome="conflict", words=_referred_to),
    IntegrityError: KnownException(
        outcome="conflict", words=lambda error, primitive: unique_violation(error)
    ),
}
