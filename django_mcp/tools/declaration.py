"""The `@tool` decorator and its options: each is one field, of this class or of its bases."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from django.utils.module_loading import import_string

from django_mcp.kinds import Kind
from django_mcp.primitives.declaration import Declaration
from django_mcp.primitives.decorator import decorator_of
from django_mcp.primitives.result_cache.options import CacheOptions
from django_mcp.tools.background import BackgroundOptions
from django_mcp.tools.existing_tasks.conversion import existing_task

STORED_RESULTS = "django_mcp.calls.stored_resources.stored_results_of"

Overflow = Literal["refuse", "truncate", "link"]


@dataclass(frozen=True, kw_only=True)
class ToolOptions(BackgroundOptions, CacheOptions, Declaration):
    """Options of every tool, whatever runs when it is called."""

    kind: ClassVar[Kind] = Kind.TOOL

    read_only: bool = False
    """It changes nothing (`readOnlyHint`)."""
    destructive: bool | None = None
    """It may destroy something (`destructiveHint`)."""
    idempotent: bool | None = None
    """Repeating it with the same arguments changes nothing more (`idempotentHint`)."""
    idempotency_key: str | None = None
    """Parameter, a string, by which a client can send the idempotency key of a call: repeated with
    the same key it gets the same answer, and is not run again. Tools that write take the key from
    `_meta` in any case."""
    open_world: bool | None = None
    """It reaches beyond this application (`openWorldHint`)."""
    atomic: bool | str | None = None
    """Run it in a transaction, of the named database when a string; default: unless it is
    read-only. Sync tools only."""
    overflow: Overflow = "refuse"
    """Treatment of a result with too many rows or bytes: `refuse` it, with advice; `truncate` a
    list to whole rows, and say so; or store it for a while, and return a `link` that its caller may
    read."""
    background: bool = False
    """It is slow: run it outside the request, on Celery or the backend that
    `DJANGO_MCP_BACKGROUND_BACKEND` names. The options below are for such tools only."""

    @property
    def is_repeatable(self) -> bool:
        """See `Declaration`."""
        return self.read_only or bool(self.idempotent)

    @property
    def is_background(self) -> bool:
        """See `Declaration`."""
        return self.background

    def __post_init__(self) -> None:
        super().__post_init__()
        self._collect_cache_options()

    @property
    def companions(self) -> Sequence[Declaration]:
        """See `Declaration`: the resource of its stored results."""
        if self.overflow != "link":
            return ()
        companion: Declaration = import_string(STORED_RESULTS)(self)
        return (companion,)


@dataclass(frozen=True, kw_only=True)
class ToolDeclaration(ToolOptions):
    """A function that is declared to be a tool, with the options of `@tool`."""

    resolver: ClassVar[str] = "django_mcp.tools.resolution.resolve"

    fields: Iterable[str] | Mapping[str, str] = ()
    """The fields of a returned Django model instance or queryset to show; `relation__field` follows
    relations. A mapping has them by the names to show."""
    page_size: int | None = None
    """Serve the queryset that it returns in pages of at most so many rows: it gets the optional
    parameters `limit` and `cursor`, and its result is `{"result": [...], "next": "..."}`."""
    serializer: type[Any] | None = None
    """Serializer class of Django REST framework. Where a parameter is annotated with it, clients
    send its fields beside the other arguments, and the function is given a serializer that has
    validated them. Where the function returns it, or objects of its model without `fields`, results
    are what it renders."""
    schema_extra: Mapping[str, Any] | None = None
    """JSON Schema keywords merged into the root of the input schema."""
    prepare: Callable[..., Any] | None = None
    """Function of a background tool that is called within the request, before there is a task, and
    may ask the user. It takes any of the tool's parameters by name, and what it returns (a dict, or
    None) joins the arguments. Parameters that its TypedDict names are hidden from clients."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.fields, Mapping):
            self._collect("fields")

    @property
    def named_function(self) -> Callable[..., Any]:
        """See `Declaration`: the function of an existing task, where that was declared."""
        task = existing_task(self.function)
        return self.function if task is None else task.function


tool = decorator_of(ToolDeclaration)
