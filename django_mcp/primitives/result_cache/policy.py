"""`CachePolicy`: the resolved options of what keeps its results in the cache."""

import hashlib
import inspect
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.apps import apps
from django.db.models import Model
from django.utils.module_loading import import_string

from django_mcp.primitives.result_cache.options import BY_USER, CacheOptions
from django_mcp.schemas.declaration_errors import DeclarationError
from django_mcp.schemas.input.signature import Signature
from django_mcp.schemas.output.output import Output

NAMES = ("user", "client", "scopes")
"""Facts of a caller that a result may vary on, beside functions of the project."""

OF_CONTEXT = frozenset(NAMES)
"""Facts of its caller that a function may read in a `ToolContext`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CachePolicy:
    """Policy by which results of one primitive are kept: for how long, and for whom.

    `vary_on` are the `NAMES` that callers must have in common, and `functions` those of the project
    whose values they must have in common. `form` is a digest of the schema of results: those of an
    earlier version of the code have another one. `shows_context` is true if the function is given
    the call.
    """

    seconds: int
    vary_on: frozenset[str]
    functions: tuple[Callable[[Any], Any], ...]
    form: str
    shows_context: bool


def read_cache_policy(
    options: CacheOptions,
    *,
    signature: Signature,
    output: Output,
    read_only: bool = True,
    is_background: bool = False,
    page_size: int | None = None,
) -> CachePolicy | None:
    """Return the policy of these options; None without a cache.

    Raises `DeclarationError` with all problems, for the author.
    """
    functions: list[Callable[[Any], Any]] = []
    names: set[str] = set()
    problems = list(_problems(options, read_only=read_only, is_background=is_background))
    for each in options.vary_on:
        try:
            if each in NAMES:
                names.add(str(each))
            else:
                functions.append(_read_function(each))
        except ValueError as error:
            problems.append(str(error))
    for named in options.invalidate_on:
        try:
            read_model(named)
        except ValueError as error:
            problems.append(str(error))
    if options.cache is not None and not problems and not functions:
        problems += _sharing_problems(names, signature, page_size)
    if problems:
        raise DeclarationError(problems)
    if options.cache is None:
        return None
    shows_context = signature.context_parameter is not None
    if shows_context and not functions:
        names |= OF_CONTEXT
    schema = json.dumps(output.schema, sort_keys=True)
    return CachePolicy(
        seconds=options.cache,
        vary_on=frozenset(names),
        functions=tuple(functions),
        form=hashlib.sha256(schema.encode()).hexdigest(),
        shows_context=shows_context,
    )


def read_model(named: object) -> type[Model]:
    """Return the model that an option names. Raises `ValueError` for the author."""
    try:
        found = apps.get_model(named) if isinstance(named, str) else named
    except (LookupError, ValueError):
        found = None
    if not (isinstance(found, type) and issubclass(found, Model)):
        raise ValueError(f"invalidate_on names {named!r}, which is no model")
    return found


def _problems(options: CacheOptions, *, read_only: bool, is_background: bool) -> Iterator[str]:
    seconds: object = options.cache
    if seconds is None:
        if options.vary_on != BY_USER or options.invalidate_on:
            yield "vary_on and invalidate_on are options of what has cache=..."
        return
    if type(seconds) is not int or seconds <= 0:
        yield f"cache must be a positive whole number of seconds, not {seconds!r}"
    if not read_only:
        yield "cache is for tools that are declared read_only"
    if is_background:
        yield "cache is not for tools with background=True"


def _sharing_problems(
    names: set[str], signature: Signature, page_size: int | None
) -> Iterator[str]:
    if "user" in names:
        return
    if parameter := signature.user_parameter or signature.context_parameter:
        taken = "the caller" if signature.user_parameter is None else "the user"
        yield (
            f"its function is given {taken} ({parameter}), so vary_on must name 'user', or a "
            "function that tells apart those who may not see each other's results"
        )
    elif page_size is not None:
        yield "the cursors of its pages belong to one user each, so vary_on must name 'user'"


def _read_function(named: object) -> Callable[[Any], Any]:
    """Return the function that `vary_on` names. Raises `ValueError` for the author."""
    function = named
    if isinstance(named, str):
        if "." not in named:
            raise ValueError(
                f"vary_on names {named!r}, which is none of {', '.join(NAMES)}, nor the dotted "
                "path of a function"
            )
        try:
            function = import_string(named)
        except ImportError as error:
            raise ValueError(f"vary_on names {named!r}, which cannot be imported: {error}") from (
                error
            )
    if not callable(function) or isinstance(function, type):
        raise ValueError(f"vary_on names {named!r}, which is no function")
    if iscoroutinefunction(function):
        raise ValueError(f"vary_on names {named!r}, which must be sync")
    try:
        inspect.signature(function).bind(None)
    except (TypeError, ValueError):
        raise ValueError(f"vary_on names {named!r}, which must take one argument: the call") from (
            None
        )
    return function
