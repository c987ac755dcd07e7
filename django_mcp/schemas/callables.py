"""The function behind a callable: where its annotations, its docstring and its name stand."""

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.conf import settings as django_settings


def function_of(tool: Callable[..., Any]) -> Callable[..., Any]:
    """The function that a partial, a static method or an object with `__call__` runs.

    What wraps another by `functools.wraps` stands for itself, as functions and classes do.
    """
    if isinstance(tool, functools.partial):
        return function_of(tool.func)
    if isinstance(tool, staticmethod):
        return function_of(tool.__func__)
    is_written_so = isinstance(tool, type) or inspect.isroutine(tool) or not callable(tool)
    if is_written_so or hasattr(tool, "__wrapped__"):
        return tool
    call: Callable[..., Any] = type(tool).__call__
    return call


def is_coroutine_function(tool: Callable[..., Any]) -> bool:
    """Whether calling it makes a coroutine, by its definition or by `markcoroutinefunction`."""
    return iscoroutinefunction(tool) or iscoroutinefunction(function_of(tool))


def name_of(tool: Callable[..., Any]) -> str:
    """Its own name; a partial has that of its function, and an object none."""
    if isinstance(tool, functools.partial):
        return name_of(tool.func)
    return str(getattr(tool, "__name__", ""))


def dotted_name_of(tool: Callable[..., Any]) -> str:
    """The dotted name, such as `shop.services.add_expense`."""
    function = function_of(tool)
    module = getattr(function, "__module__", type(function).__module__)
    return f"{module}.{getattr(function, '__qualname__', type(function).__qualname__)}"


def located_name_of(tool: Callable[..., Any]) -> str:
    """The dotted name with file and line: `shop.services.add_expense (shop/services.py:12)`.

    The name alone where no Python source is known, as of what is written in C.
    """
    location = location_of(tool)
    return f"{dotted_name_of(tool)} ({location})" if location else dotted_name_of(tool)


def location_of(tool: Any) -> str:
    """The file and line of its source, such as `shop/services.py:12`; empty where none is known.

    Of what wraps another by `functools.wraps`, those of the innermost function: its author looks
    for the tool, not for the decorator.
    """
    function = _innermost(tool)
    try:
        file = Path(inspect.getfile(function))
        code = getattr(function, "__code__", None)
        # Code knows its line; a class is looked for in its file.
        line = inspect.getsourcelines(function)[1] if code is None else code.co_firstlineno
    except (OSError, TypeError):
        return ""
    return f"{shown_path(file)}:{line}"


def shown_path(file: Path) -> str:
    """The path relative to `BASE_DIR` or the current folder, whichever it is below; else whole."""
    folders = (Path(getattr(django_settings, "BASE_DIR", "") or ""), Path.cwd())
    for folder in folders:
        # Below the root is everything, and nothing is nearer for it.
        if folder.is_absolute() and folder.parent != folder and file.is_relative_to(folder):
            return str(file.relative_to(folder))
    return str(file)


def documentation_of(tool: Callable[..., Any]) -> str | None:
    """Its docstring; that of its class where an object's `__call__` has none."""
    if isinstance(tool, functools.partial):
        return documentation_of(tool.func)
    return function_of(tool).__doc__ or tool.__doc__


def problem_of(tool: Any) -> str | None:
    """Why it cannot be a tool whatever it is annotated with, in words for the tool's author."""
    if isinstance(tool, classmethod | property) or not callable(tool):
        kind = type(tool).__name__
        return f"a {kind} cannot be a tool: tag a function, or a static method"
    if isinstance(tool, type):
        return "a class cannot be a tool: tag a function that makes an instance of it"
    scope, _, name = str(getattr(tool, "__qualname__", "")).rpartition(".")
    is_in_class = bool(scope) and not scope.endswith("<locals>")
    if is_in_class and inspect.isfunction(tool) and _takes_instance(tool):
        return (
            "a method cannot be a tool, for no client has the instance: tag a function, a static "
            f"method, or the method of one instance as tool(instance.{name})"
        )
    return None


def _takes_instance(function: Callable[..., Any]) -> bool:
    first = next(iter(inspect.signature(function).parameters.values()), None)
    return first is not None and first.annotation is first.empty and first.name in ("self", "cls")


def _innermost(tool: Any) -> Any:
    if isinstance(tool, property):
        return tool.fget
    function = function_of(tool)
    wrapped = getattr(function, "__wrapped__", None)
    return function if wrapped is None else _innermost(wrapped)
