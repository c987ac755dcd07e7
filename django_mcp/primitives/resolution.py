"""Resolution of the options that every kind of primitive shares, with all their problems."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.util import find_spec
from types import MappingProxyType
from typing import Any, ParamSpec, TypeVar

from django_mcp.content import Icon
from django_mcp.kinds import Kind
from django_mcp.primitives.breaker import Breaker
from django_mcp.primitives.declaration import Declaration
from django_mcp.primitives.located_declaration import LocatedDeclaration
from django_mcp.primitives.raises import Raises, raises_problems
from django_mcp.primitives.requirement import read_requirement
from django_mcp.primitives.retry import Retry, is_duration
from django_mcp.rate import Rate
from django_mcp.schemas.callables import (
    documentation_of,
    is_coroutine_function,
    name_of,
)
from django_mcp.schemas.declaration_errors import DeclarationError
from django_mcp.schemas.docstrings import Documentation, read_docstring

P = ParamSpec("P")
T = TypeVar("T")

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
GROUP = re.compile(r"[A-Za-z0-9_.-]{1,64}")
SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")  # RFC 6749, section 3.3
PERMISSION = re.compile(r"\w+\.\w+")

READERS = {
    Kind.TOOL: "the agent goes by",
    Kind.RESOURCE: "people and agents choose it by",
    Kind.PROMPT: "people choose it by",
}
"""Use that is made of a description, by the kind of what it describes."""


class Resolution:
    """Resolution of one declaration, which collects all of its problems.

    Raises `ValueError` at once if the function is none of the right sort.
    """

    def __init__(self, declaration: Declaration) -> None:
        if problem := declaration.function_problem:
            raise ValueError(problem)
        self._declaration = declaration
        self.problems: list[str] = list(_problems(declaration))
        documentation = documentation_of(declaration.function)
        self.documentation: Documentation = read_docstring(documentation)
        self.is_async = is_coroutine_function(declaration.function)

    def attempt(self, read: Callable[P, T], /, *args: P.args, **options: P.kwargs) -> T | None:
        """Return the result of `read`; if it raises problems, collect them and return None."""
        try:
            return read(*args, **options)
        except DeclarationError as error:
            self.problems += error.problems
        except ValueError as error:
            self.problems.append(str(error))
        return None

    def shared_fields(self) -> dict[str, Any]:
        """Return the values of the fields of `Primitive`, but for `signature` and `read_only`.

        They are not to be used if there are problems.
        """
        declaration = self._declaration
        description = str(declaration.description or self.documentation.description).strip()
        if not description:
            reader = READERS[declaration.kind]
            self.problems.append(f"has no description: write a docstring, it is what {reader}")
        requires = None
        if declaration.requires is not None:
            requires = self.attempt(read_requirement, declaration.requires)
        return {
            "function": declaration.function,
            "dotted_name": declaration.dotted_name,
            "name": declaration.key[1],
            "title": None if declaration.title is None else str(declaration.title),
            "description": description,
            "group": declaration.group,
            "scopes": frozenset(declaration.scopes),
            "permissions": tuple(declaration.permissions),
            "requires": requires,
            "breaker": declaration.breaker,
            "icons": tuple(declaration.icons),
            "is_async": self.is_async,
            "raises": _read_only(declaration.raises),
            "timeout": declaration.timeout,
            "retry": declaration.retry,
            "rates": self.attempt(_rates, declaration.rate) or (),
            "max_concurrent": declaration.max_concurrent,
            "place": _place(declaration),
        }

    def error(self) -> ValueError:
        """Return the error that names all problems."""
        return ValueError("; ".join(dict.fromkeys(self.problems)))


def _place(declaration: Declaration) -> str | None:
    is_call = isinstance(declaration, LocatedDeclaration)
    return declaration.located_name if is_call else None


def _rates(texts: Any) -> tuple[Rate, ...]:
    """Return the rates of an option `rate`, each once."""
    if not isinstance(texts, tuple):
        raise ValueError(f"the rate {texts!r} is no text such as '30/m', nor a list of them")
    problems, rates = [], []
    for text in texts:
        try:
            rates.append(Rate.parse(text))
        except (TypeError, ValueError):
            problems.append(f"the rate {text!r} is no text such as '30/m', in s, m, h or d")
    if problems:
        raise DeclarationError(problems)
    return tuple(dict.fromkeys(rates))


def _read_only(raises: Any) -> Raises:
    # What is no mapping is among the problems.
    return MappingProxyType(dict(raises) if isinstance(raises, Mapping) else {})


def _problems(declaration: Declaration) -> Iterator[str]:
    kind, name = declaration.key
    if name == name_of(declaration.function) in ("", "<lambda>"):
        yield f"has no name of its own: pass one, as @{kind}(name=...)"
    elif not NAME.fullmatch(name):
        yield f"the name {name!r} is not 1 to 64 of the characters A-Z a-z 0-9 _ -"
    if not GROUP.fullmatch(declaration.group):
        yield f"the group {declaration.group!r} is not 1 to 64 of A-Z a-z 0-9 _ . -"
    for scope in declaration.scopes:
        if not SCOPE.fullmatch(scope):
            yield f"the scope {scope!r} is not a scope token of RFC 6749"
    yield from _icon_problems(declaration.icons)
    breaker: object = declaration.breaker
    if isinstance(breaker, Breaker):
        yield from breaker.problems()
    elif breaker is not None:
        yield "breaker must be a django_mcp.Breaker"
    for permission in declaration.permissions:
        if not PERMISSION.fullmatch(permission):
            yield f"the permission {permission!r} is not written app_label.codename"
    yield from raises_problems(declaration.raises)
    yield from _repeat_problems(declaration)


def _icon_problems(icons: Iterable[object]) -> Iterator[str]:
    for icon in icons:
        if not isinstance(icon, Icon):
            yield f"icons must be Icon(src=...) objects, not {icon!r}"
        elif not icon.is_loadable:
            yield f"the icon {icon.src[:100]!r} is no http(s) or data URL"


def _repeat_problems(declaration: Declaration) -> Iterator[str]:
    timeout: object = declaration.timeout
    retry: object = declaration.retry
    if timeout is not None and not is_duration(timeout):
        yield "timeout must be a positive number of seconds"
    if isinstance(retry, Retry):
        yield from retry.problems()
        if not declaration.is_repeatable:
            yield "retry is for tools that are declared idempotent or read_only"
        if not declaration.is_background and find_spec("stamina") is None:
            yield 'retry needs stamina: pip install "django-mcp-toolkit[resilience]"'
    elif retry is not None:
        yield "retry must be a django_mcp.Retry"
    most: object = declaration.max_concurrent
    if most is not None and (type(most) is not int or most < 1):
        yield "max_concurrent must be a positive integer"
