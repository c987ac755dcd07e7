"""The function `query_tool` and its options: each is one field, of this class or of its bases."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.text import capfirst, format_lazy
from typing_extensions import override

from django_mcp.primitives.decorator import declaring_function
from django_mcp.tools.sources.declaration import ToolSourceDeclaration

if TYPE_CHECKING:  # models cannot be imported where the facade is
    from django.db.models import Model


@dataclass(frozen=True)
class QueryToolDeclaration(ToolSourceDeclaration):
    """A model that is declared to be queried by a tool, with the options of `query_tool`.

    Mistakes are reported all at once, when the registry is built.
    """

    resolver: ClassVar[str] = "django_mcp.tools.queries.resolution.resolve"

    model: "type[Model]"
    """The model."""
    _: KW_ONLY
    fields: Iterable[str] | Mapping[str, str]
    """The fields to show; `relation__field` follows relations. A mapping has them by the names to
    show."""
    queryset: Callable[..., Any]
    """The rows that a caller may see: a sync function that takes `user`, `principal` or nothing,
    and returns a queryset. One of `user` hides the tool from anonymous callers."""
    filters: Iterable[str] | Mapping[str, str | Iterable[str]] = ()
    """The look-ups of each field, or of a field by relations, such as `{"amount": ["gte", "lte"],
    "category__name": "icontains"}`. Each is an optional parameter, such as `amount__gte`, of the
    field's type. Names alone stand for `exact`."""
    order_by: Iterable[str] = ()
    """The fields that the rows can be ordered by, in either direction: the optional parameter
    `order_by`. The first is the default, descending with a `-`; without any the order is that of
    the queryset."""
    aggregates: Mapping[str, Any] | None = None
    """Aggregates of all rows that match, such as `{"total": Sum("amount")}`, by their names in
    `aggregates` of each page."""
    page_size: int = 50
    """The most rows of a page: the parameters `limit` and `cursor` are those of pages."""
    name: str | None = None
    """Name that clients use: `[A-Za-z0-9_-]{1,64}`; default `query_` and the model's, in lower
    case."""
    title: str | None = None
    """A name for people; default the model's `verbose_name_plural`."""
    description: str | None = None
    """Description for the agent; default one with the model's `verbose_name_plural`."""
    read_only: bool = field(init=False, default=True)
    destructive: bool | None = field(init=False, default=None)
    idempotent: bool | None = field(init=False, default=None)
    idempotency_key: str | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "function", self.queryset)
        for option in ("fields", "filters"):
            if not isinstance(getattr(self, option), Mapping):
                self._collect(option)
        self._collect("order_by")
        if isinstance(self.filters, Mapping):
            # An iterator of look-ups would be empty when it is resolved again.
            lookups = {path: _listed(each) for path, each in self.filters.items()}
            object.__setattr__(self, "filters", lookups)
        # What is no model is among the problems of the resolution.
        if (meta := getattr(self.model, "_meta", None)) is not None:
            defaults = {
                "title": capfirst(meta.verbose_name_plural),
                "description": format_lazy(
                    "List the {} that the caller may see, all or those that match the arguments.",
                    meta.verbose_name_plural,
                ),
            }
            for option, default in defaults.items():
                if getattr(self, option) is None:
                    object.__setattr__(self, option, default)

    @property
    @override
    def default_name(self) -> str:
        """See `LocatedDeclaration`."""
        return f"query_{getattr(getattr(self.model, '_meta', None), 'model_name', 'model')}"


def _listed(lookups: Any) -> Any:
    is_many = isinstance(lookups, Iterable) and not isinstance(lookups, str)
    return tuple(lookups) if is_many else lookups


query_tool = declaring_function("query_tool", QueryToolDeclaration)
