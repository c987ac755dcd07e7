"""A tool, resolved: everything about it that does not change from call to call."""

import json
import logging
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, ParamSpec, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.utils.functional import Promise

from django_mcp.content import Icon
from django_mcp.context import ToolContext
from django_mcp.exceptions import DjangoMCPError, InvalidArgumentsError
from django_mcp.invocation import Invocation
from django_mcp.schemas.callables import (
    documentation_of,
    is_coroutine_function,
    located_name_of,
    name_of,
    problem_of,
)
from django_mcp.schemas.docstrings import read_docstring
from django_mcp.schemas.input.signature import Signature, read_signature
from django_mcp.schemas.json_schema import JSONSchema
from django_mcp.schemas.output.output import Output, Rendered
from django_mcp.schemas.pages.cursors import binding
from django_mcp.schemas.pages.output import PagedOutput, PageRequest, paged, read_request
from django_mcp.schemas.pages.parameters import CURSOR, LIMIT
from django_mcp.schemas.problems import DeclarationError
from django_mcp.schemas.return_annotation import read_output
from django_mcp.tools.background import Background
from django_mcp.tools.declaration import Raises, ToolDeclaration
from django_mcp.tools.preparation import Preparation, read_preparation
from django_mcp.tools.requirement import Requirement, read_requirement

logger = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
GROUP = re.compile(r"[A-Za-z0-9_.-]{1,64}")
SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")  # RFC 6749, section 3.3
PERMISSION = re.compile(r"\w+\.\w+")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tool:
    """One tool, ready to be listed and called.

    `atomic` is the alias of its database, or None; `background` is None for a tool that runs
    within its request.
    """

    function: Callable[..., Any]
    dotted_name: str
    name: str
    title: str | None
    description: str
    group: str
    scopes: frozenset[str]
    permissions: tuple[str, ...]
    requires: Requirement | None
    read_only: bool
    destructive: bool | None
    idempotent: bool | None
    open_world: bool | None
    icons: tuple[Icon, ...]
    page_size: int | None
    atomic: str | None
    is_async: bool
    has_parameter_headers: bool
    background: Background | None
    signature: Signature
    preparation: Preparation | None
    raises: Raises
    output: Output

    @property
    def located_name(self) -> str:
        """The dotted name with file and line, for messages to the tool's author."""
        return located_name_of(self.function)

    @property
    def is_repeatable(self) -> bool:
        """Whether a second run with the same arguments does no harm."""
        return self.read_only or bool(self.idempotent)

    @property
    def may_report(self) -> bool:
        """Whether a call may tell of its progress."""
        return self.background is not None or self.signature.context_parameter is not None

    @property
    def input_schema(self) -> JSONSchema:
        return self.signature.input_schema

    @property
    def argument_schema(self) -> JSONSchema:
        """Of all arguments of a run; clients send fewer where a preparation adds some."""
        return self._complete_signature.input_schema

    @property
    def argument_names(self) -> Collection[str]:
        """The names of all arguments of a run, as clients know them."""
        names: Mapping[str, Any] = self.argument_schema.get("properties", {})
        return names.keys()

    @property
    def output_schema(self) -> JSONSchema | None:
        return self.output.schema

    @property
    def requires_user(self) -> bool:
        return self.signature.requires_user

    def bind(self, invocation: Invocation, context: ToolContext) -> dict[str, Any]:
        """Validate a call's arguments and add what the server fills in; see `Signature.bind`."""
        return self._bound(self.signature, invocation, context)

    def bind_completed(self, invocation: Invocation, context: ToolContext) -> dict[str, Any]:
        """As `bind`, for arguments that the tool's preparation has completed, if it has one."""
        return self._bound(self._complete_signature, invocation, context)

    def render(self, invocation: Invocation, value: Any) -> Rendered:
        """The result of a call whose function has returned `value`; see `Output.render`."""
        if isinstance(self.output, PagedOutput):
            return self.output.render_page(value, self._page_request(invocation))
        return self.output.render(value)

    def _page_request(self, invocation: Invocation) -> PageRequest:
        arguments, user = invocation.arguments, invocation.principal.user
        # Without what a preparation adds: a cursor belongs to what clients send.
        own = self.signature.input_schema["properties"].keys() - {LIMIT, CURSOR}
        return read_request(
            limit=int(arguments.get(LIMIT) or self.page_size or 0),
            cursor=arguments.get(CURSOR),
            bound_to=binding(
                tool=self.name,
                endpoint=invocation.principal.endpoint.name,
                user=None if user is None else user.pk,
                arguments={name: arguments[name] for name in own & arguments.keys()},
            ),
        )

    @property
    def _complete_signature(self) -> Signature:
        return self.signature if self.preparation is None else self.preparation.completed

    def _bound(
        self, signature: Signature, invocation: Invocation, context: ToolContext
    ) -> dict[str, Any]:
        try:
            bound = signature.bind(invocation.arguments)
        except InvalidArgumentsError as refused:
            if refused.__cause__ is not None:
                logger.error(
                    "A validator of %s failed in call %s",
                    self.dotted_name,
                    invocation.id,
                    exc_info=refused.__cause__,
                )
            raise
        if self.page_size is not None:
            self._page_request(invocation)  # refuses a wrong cursor before the function runs
            for name in (LIMIT, CURSOR):
                bound.pop(name, None)
        if signature.user_parameter is not None:
            bound[signature.user_parameter] = invocation.principal.user
        if signature.context_parameter is not None:
            bound[signature.context_parameter] = context
        return bound


def resolve(declaration: ToolDeclaration) -> Tool:
    """Resolve a declaration. Raises `ValueError` with all that is wrong, for the tool's author."""
    function = declaration.function
    if problem := problem_of(function):
        raise ValueError(problem)
    documentation = read_docstring(documentation_of(function))
    description = str(declaration.description or documentation.description).strip()
    is_async = is_coroutine_function(function)
    problems = list(_problems(declaration, is_async=is_async))
    if not description:
        problems.append("has no description: write a docstring, it is what the agent goes by")
    requires = None
    if declaration.requires is not None:
        requires = _attempt(problems, read_requirement, declaration.requires)
    prepare, page_size = declaration.prepare, _page_size(declaration)
    preparation = None
    if callable(prepare):
        preparation = _attempt(
            problems,
            read_preparation,
            prepare,
            tool=function,
            descriptions=documentation.parameters,
            schema_extra=declaration.schema_extra,
            page_size=page_size,
        )
    signature = _attempt(
        problems,
        read_signature,
        function,
        descriptions=documentation.parameters,
        schema_extra=declaration.schema_extra,
        hidden=() if preparation is None else preparation.fills,
        page_size=page_size,
    )
    output = _attempt(problems, read_output, function, fields=declaration.fields)
    if output is not None and page_size is not None:
        output = _attempt(problems, paged, output)
    if problems or signature is None or output is None:
        raise ValueError("; ".join(dict.fromkeys(problems)))
    return Tool(
        function=function,
        dotted_name=declaration.dotted_name,
        name=declaration.name,
        title=None if declaration.title is None else str(declaration.title),
        description=description,
        group=declaration.group,
        scopes=frozenset(declaration.scopes),
        permissions=declaration.permissions,
        requires=requires,
        read_only=declaration.read_only,
        destructive=declaration.destructive,
        idempotent=declaration.idempotent,
        open_world=declaration.open_world,
        icons=declaration.icons,
        page_size=page_size,
        atomic=None if is_async else _database(declaration),
        is_async=is_async,
        has_parameter_headers='"x-mcp-header"' in json.dumps(signature.input_schema),
        background=_background(declaration) if declaration.background else None,
        signature=signature,
        preparation=preparation,
        raises=MappingProxyType(dict(declaration.raises or {})),
        output=output,
    )


def _attempt(
    problems: list[str], read: Callable[P, T], /, *args: P.args, **options: P.kwargs
) -> T | None:
    try:
        return read(*args, **options)
    except DeclarationError as error:
        problems += error.problems
    except ValueError as error:
        problems.append(str(error))
    return None


def _problems(declaration: ToolDeclaration, *, is_async: bool) -> Iterator[str]:
    if declaration.name == name_of(declaration.function) in ("", "<lambda>"):
        yield "has no name of its own: pass one, as @tool(name=...)"
    elif not NAME.fullmatch(declaration.name):
        yield f"the name {declaration.name!r} is not 1 to 64 of the characters A-Z a-z 0-9 _ -"
    if not GROUP.fullmatch(declaration.group):
        yield f"the group {declaration.group!r} is not 1 to 64 of A-Z a-z 0-9 _ . -"
    for scope in declaration.scopes:
        if not SCOPE.fullmatch(scope):
            yield f"the scope {scope!r} is not a scope token of RFC 6749"
    for permission in declaration.permissions:
        if not PERMISSION.fullmatch(permission):
            yield f"the permission {permission!r} is not written app_label.codename"
    if declaration.read_only and declaration.destructive:
        yield "cannot be both read-only and destructive"
    atomic = declaration.atomic
    if is_async and atomic:
        yield "an async tool cannot be atomic: Django's transactions are sync"
    elif isinstance(atomic, str) and atomic not in connections.settings:
        yield f"atomic names the database {atomic!r}, which is not in DATABASES"
    yield from _raises_problems(declaration.raises)
    if declaration.page_size != _page_size(declaration):
        yield f"page_size must be a positive integer, not {declaration.page_size!r}"
    runs = _background(declaration)
    if declaration.background:
        is_repeatable = declaration.read_only or bool(declaration.idempotent)
        yield from runs.problems(is_repeatable=is_repeatable)
    elif runs != Background():
        names = ", ".join(f.name for f in fields(Background))
        yield f"{names} are options of tools with background=True"


def _raises_problems(raises: Any) -> Iterator[str]:
    if raises is None:
        return
    if not isinstance(raises, Mapping):
        yield "raises must map exception classes to texts or functions"
        return
    for error, words in raises.items():
        if not (isinstance(error, type) and issubclass(error, Exception)):
            yield f"raises names {error!r}, which is no exception class"
        elif issubclass(error, DjangoMCPError):
            yield f"raises names {error.__qualname__}, which clients are told of as it is"
        elif not (callable(words) or (isinstance(words, str | Promise) and str(words).strip())):
            yield f"raises must give a text or a function for {error.__qualname__}"


def _page_size(declaration: ToolDeclaration) -> int | None:
    size = declaration.page_size
    return size if type(size) is int and size > 0 else None


def _background(declaration: ToolDeclaration) -> Background:
    return Background(**{f.name: getattr(declaration, f.name) for f in fields(Background)})


def _database(declaration: ToolDeclaration) -> str | None:
    atomic = not declaration.read_only if declaration.atomic is None else declaration.atomic
    return atomic if isinstance(atomic, str) else DEFAULT_DB_ALIAS if atomic else None
