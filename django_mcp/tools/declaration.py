"""`@tool`: tags a function, and records what its author said. Nothing is resolved here."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar, overload

from django.utils.functional import Promise

from django_mcp.content import Icon
from django_mcp.schemas.callables import dotted_name_of, located_name_of, name_of
from django_mcp.tools.background import OnDisconnect, Retry

F = TypeVar("F", bound=Callable[..., Any])

Raises = Mapping[type[Exception], str | Promise | Callable[[Any], Any]]
"""Words for exceptions, by class: a text, or a function that makes the error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolDeclaration:
    """What `@tool` was told about a function, word for word."""

    function: Callable[..., Any]
    name: str
    title: str | None = None
    description: str | None = None
    group: str = "default"
    scopes: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    requires: Callable[..., Any] | None = None
    read_only: bool = False
    destructive: bool | None = None
    idempotent: bool | None = None
    open_world: bool | None = None
    atomic: bool | str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    page_size: int | None = None
    icons: tuple[Icon, ...] = ()
    schema_extra: Mapping[str, Any] | None = None
    raises: Raises | None = None
    background: bool = False
    timeout: float | None = None
    retry: Retry | None = None
    queue: str | None = None
    keep_result: timedelta | None = None
    on_disconnect: OnDisconnect = "cancel"
    require_task: bool = False
    prepare: Callable[..., Any] | None = None

    @property
    def dotted_name(self) -> str:
        """Where the function is found, such as `shop.services.add_expense`."""
        return dotted_name_of(self.function)

    @property
    def located_name(self) -> str:
        """The dotted name with file and line, for messages to the tool's author."""
        return located_name_of(self.function)


_declarations: list[ToolDeclaration] = []


def declarations() -> Sequence[ToolDeclaration]:
    """Every declaration made so far, in the order of import."""
    return tuple(_declarations)


@contextmanager
def collecting() -> Iterator[list[ToolDeclaration]]:
    """Keep the declarations made inside the block apart from the process's own; yields them."""
    global _declarations
    outer, _declarations = _declarations, []
    try:
        yield _declarations
    finally:
        _declarations = outer


@overload
def tool(function: F, /) -> F: ...
@overload
def tool(
    *,
    name: str | None = None,
    title: str | None = None,
    description: str | None = None,
    group: str = "default",
    scopes: Iterable[str] = (),
    permissions: Iterable[str] = (),
    requires: Callable[..., Any] | None = None,
    read_only: bool = False,
    destructive: bool | None = None,
    idempotent: bool | None = None,
    open_world: bool | None = None,
    atomic: bool | str | None = None,
    fields: Iterable[str] | Mapping[str, str] = (),
    page_size: int | None = None,
    icons: Iterable[Icon] = (),
    schema_extra: Mapping[str, Any] | None = None,
    raises: Raises | None = None,
    background: bool = False,
    timeout: float | None = None,
    retry: Retry | None = None,
    queue: str | None = None,
    keep_result: timedelta | None = None,
    on_disconnect: OnDisconnect = "cancel",
    require_task: bool = False,
    prepare: Callable[..., Any] | None = None,
) -> Callable[[F], F]: ...
def tool(
    function: F | None = None,
    /,
    *,
    name: str | None = None,
    title: str | None = None,
    description: str | None = None,
    group: str = "default",
    scopes: Iterable[str] = (),
    permissions: Iterable[str] = (),
    requires: Callable[..., Any] | None = None,
    read_only: bool = False,
    destructive: bool | None = None,
    idempotent: bool | None = None,
    open_world: bool | None = None,
    atomic: bool | str | None = None,
    fields: Iterable[str] | Mapping[str, str] = (),
    page_size: int | None = None,
    icons: Iterable[Icon] = (),
    schema_extra: Mapping[str, Any] | None = None,
    raises: Raises | None = None,
    background: bool = False,
    timeout: float | None = None,
    retry: Retry | None = None,
    queue: str | None = None,
    keep_result: timedelta | None = None,
    on_disconnect: OnDisconnect = "cancel",
    require_task: bool = False,
    prepare: Callable[..., Any] | None = None,
) -> F | Callable[[F], F]:
    """Offer a function to MCP clients; the function itself is returned and works as before.

    Args:
        name: What clients call it by: `[A-Za-z0-9_-]{1,64}`; default the function's name.
        title: A name for people.
        description: What the agent reads; default the docstring without its parameters.
        group: The tool group that operators switch in the admin.
        scopes: OAuth scopes that the caller's token must hold, all of them.
        permissions: Django permissions (`app.codename`) that the user must hold, all of them.
        requires: A predicate that must hold of the caller: a sync function of one argument, named
            `user` or `principal`. One of `user` is never called for anonymous callers.
        read_only: It changes nothing (`readOnlyHint`).
        destructive: It may destroy something (`destructiveHint`).
        idempotent: Repeating it with the same arguments changes nothing more (`idempotentHint`).
        open_world: It reaches beyond this application (`openWorldHint`).
        atomic: Run it in a transaction, of the named database when a string; default: unless it
            is read-only. Sync tools only.
        fields: The fields of a returned Django model instance or queryset to show;
            `relation__field` follows relations. A mapping has them by the names to show.
        page_size: Serve the queryset that it returns in pages of at most so many rows: it gets the
            optional parameters `limit` and `cursor`, and its result is
            `{"result": [...], "next": "..."}`.
        icons: Icons for clients to show.
        schema_extra: JSON Schema keywords merged into the root of the input schema.
        raises: What clients are told when an exception of these classes ends the call: a text, or
            a function that is given the exception and returns a `ToolError`, a text, or None for a
            failure that tells nothing. It comes before `DJANGO_MCP_EXCEPTIONS`.
        background: It is slow: run it outside the request, on Celery or whatever
            `DJANGO_MCP_BACKGROUND_BACKEND` names. The options below are for such tools alone.
        timeout: Seconds after which a run counts as failed; default
            `DJANGO_MCP_BACKGROUND_TIMEOUT`.
        retry: Whether and when to run it again after an exception. It must be idempotent or
            read-only.
        queue: The queue that it waits in, with Celery or Django's Tasks; default their own.
        keep_result: How long the result can be fetched; default
            `DJANGO_MCP_BACKGROUND_KEEP_RESULT` seconds.
        on_disconnect: Whether to `cancel` the run, or `continue`, when a 2026-07-28 client leaves
            before its end, or a caller that waits for it loses its access.
        require_task: Refuse clients that cannot take a task handle instead of the result.
        prepare: A function that is called within the request, before there is a task, and may ask
            the user. It takes any of the tool's parameters by name, and what it returns (a dict, or
            None) joins the arguments. Parameters that its TypedDict names are hidden from clients.

    Mistakes are reported all at once, when the registry is built: at start-up and by
    `manage.py check`.
    """

    def declare(function: F) -> F:
        _declarations.append(
            ToolDeclaration(
                function=function,
                name=name_of(function) if name is None else name,
                title=title,
                description=description,
                group=group,
                scopes=_words(scopes),
                permissions=_words(permissions),
                requires=requires,
                read_only=read_only,
                destructive=destructive,
                idempotent=idempotent,
                open_world=open_world,
                atomic=atomic,
                fields=_paths(fields),
                page_size=page_size,
                icons=tuple(icons),
                schema_extra=schema_extra,
                raises=raises,
                background=background,
                timeout=timeout,
                retry=retry,
                queue=queue,
                keep_result=keep_result,
                on_disconnect=on_disconnect,
                require_task=require_task,
                prepare=prepare,
            )
        )
        return function

    return declare if function is None else declare(function)


def _paths(fields: Iterable[str] | Mapping[str, str]) -> Mapping[str, str]:
    """The paths of fields by the names that they are shown under."""
    return dict(fields) if isinstance(fields, Mapping) else {each: each for each in _words(fields)}


def _words(value: Iterable[str]) -> tuple[str, ...]:
    # A lone string would otherwise become one scope per letter.
    return (value,) if isinstance(value, str) else tuple(value)
