"""Inspection of callables: the function behind one, its name, source location and docstring."""

import functools
import inspect
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, NamedTuple

from asgiref.sync import iscoroutinefunction
from django.conf import settings as django_settings


def function_of(target: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function that a partial, a static method or an object with `__call__` runs.

    What wraps another by `functools.wraps` stands for itself, as functions and classes do.
    """
    if isinstance(target, functools.partial):
        return function_of(target.func)
    if isinstance(target, staticmethod):
        return function_of(target.__func__)
    is_written_so = isinstance(target, type) or inspect.isroutine(target) or not callable(target)
    if is_written_so or hasattr(target, "__wrapped__"):
        return target
    call: Callable[..., Any] = type(target).__call__
    return call


def is_coroutine_function(target: Callable[..., Any]) -> bool:
    """Return whether a callable is async, by its definition or by `markcoroutinefunction`."""
    return iscoroutinefunction(target) or iscoroutinefunction(function_of(target))


def name_of(target: Callable[..., Any]) -> str:
    """Return the name of a callable; that of its function for a partial, empty for an object."""
    if isinstance(target, functools.partial):
        return name_of(target.func)
    return str(getattr(target, "__name__", ""))


def dotted_name_of(target: Callable[..., Any]) -> str:
    """Return the dotted name, such as `shop.services.add_expense`."""
    function = function_of(target)
    module = getattr(function, "__module__", type(function).__module__)
    return f"{module}.{getattr(function, '__qualname__', type(function).__qualname__)}"


def located_name_of(target: Callable[..., Any]) -> str:
    """Return the dotted name with file and line: `shop.services.add_expense (shop/services.py:12)`.

    The name alone where no Python source is known, as of what is written in C.
    """
    location = location_of(target)
    return f"{dotted_name_of(target)} ({location})" if location else dotted_name_of(target)


def location_of(target: Any) -> str:
    """Return the file and line of the source, such as `shop/services.py:12`; empty if unknown.

    Of what wraps another by `functools.wraps`, those of the innermost function: its author looks
    for the function, not for the decorator.
    """
    function = _innermost(target)
    try:
        file = Path(inspect.getfile(function))
        code = getattr(function, "__code__", None)
        # Code knows its line; a class is looked for in its file.
        line = inspect.getsourcelines(function)[1] if code is None else code.co_firstlineno
    except (OSError, TypeError):
        return ""
    return f"{shown_path(file)}:{line}"


def shown_path(file: Path) -> str:
    """Return the path relative to `BASE_DIR` or to the current folder; else the whole path."""
    folders = (Path(getattr(django_settings, "BASE_DIR", "") or ""), Path.cwd())
    for folder in folders:
        # Below the root is everything, and nothing is nearer for it.
        if folder.is_absolute() and folder.parent != folder and file.is_relative_to(folder):
            return str(file.relative_to(folder))
    return str(file)


class Keywords(NamedTuple):
    """Parameters of a callable: those of known names, and the others that it needs."""

    taken: frozenset[str]
    needed: tuple[str, ...]


def keywords_of(target: Callable[..., Any], known: Collection[str]) -> Keywords:
    """Return which of the known names a callable takes as keywords.

    Raises `ValueError` if it has no readable signature.
    """
    try:
        parameters = inspect.signature(target).parameters.values()
    except (TypeError, ValueError) as error:
        raise ValueError("has no readable signature") from error
    taken = frozenset(each.name for each in parameters if each.name in known and _is_keyword(each))
    needed = [each.name for each in parameters if each.name not in taken and _must_be_given(each)]
    return Keywords(taken=taken, needed=tuple(needed))


def _is_keyword(parameter: inspect.Parameter) -> bool:
    return parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)


def _must_be_given(parameter: inspect.Parameter) -> bool:
    is_variadic = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    return parameter.default is parameter.empty and not is_variadic


def documentation_of(target: Callable[..., Any]) -> str | None:
    """Return the docstring; that of the class if the `__call__` of an object has none."""
    if isinstance(target, functools.partial):
        return documentation_of(target.func)
    return function_of(target).__doc__ or target.__doc__


def problem_of(target: Any, *, kind: str) -> str | None:
    """Return the problem of a target that can never be served, for its author; None for no problem.

    `kind` is the kind of primitive, which is the name of its decorator.
    """
    if isinstance(target, classmethod | property) or not callable(target):
        cls = type(target).__name__
        return f"a {cls} cannot be a {kind}: tag a function, or a static method"
    if isinstance(target, type):
        return f"a class cannot be a {kind}: tag a function that makes an instance of it"
    scope, _, name = str(getattr(target, "__qualname__", "")).rpartition(".")
    is_in_class = bool(scope) and not scope.endswith("<locals>")
    if is_in_class and inspect.isfunction(target) and _takes_instance(target):
        return (
            f"a method cannot be a {kind}, for no client has the instance: tag a function, a "
            f"static method, or the method of one instance as {kind}(instance.{name})"
        )
    return None


def _takes_instance(function: Callable[..., Any]) -> bool:
    first = next(iter(inspect.signature(function).parameters.values()), None)
    return first is not None and first.annotation is first.empty and first.name in ("self", "cls")


def _innermost(target: Any) -> Any:
    if isinstance(target, property):
        return target.fget
    function = function_of(target)
    wrapped = getattr(function, "__wrapped__", None)
    return function if wrapped is None else _innermost(wrapped)
