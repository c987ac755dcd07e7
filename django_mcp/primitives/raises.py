"""Type and validation of the option `raises`."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.utils.functional import Promise

from django_mcp.exceptions import DjangoMCPError

Raises = Mapping[type[Exception], str | Promise | Callable[[Any], Any]]
"""Error texts by class of exception: a text, or a function that makes the error."""


def raises_problems(raises: Any) -> Iterator[str]:
    """Yield the problems of an option `raises`, for the author of the declaration."""
    if raises is None:
        return
    if not isinstance(raises, Mapping):
        yield "raises must map exception classes to texts or functions"
        return
    for error, words in raises.items():
        if not (isinstance(error, type) and issubclass(error, Exception)):
            yield f"raises names {error!r}, which is no exception class"
        elif issubclass(error, DjangoMCPError):
            yield f"raises names {error.__qualname__}, which clients receive unchanged"
        elif not (callable(words) or (isinstance(words, str | Promise) and str(words).strip())):
            yield f"raises must give a text or a function for {error.__qualname__}"
