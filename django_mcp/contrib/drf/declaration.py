"""The function `expose`, and its options: each is one field, of this class or a base."""

import copy
import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, overload

from typing_extensions import override

from django_mcp.primitives.declaration import register
from django_mcp.primitives.decorator import check_names
from django_mcp.tools.rest_framework import require_rest_framework
from django_mcp.tools.sources.declaration import ToolSourceDeclaration

if TYPE_CHECKING:  # it needs models, and declarations are made while they load
    from django_mcp.primitives.primitive import Primitive

V = TypeVar("V")

SUFFIXES = re.compile(r"(?<=.)(?:Model|Generic|ReadOnly)?(?:ViewSet|API_?View|View)$")
WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class Unset:
    """Class of `UNSET`: what nobody has said, where None means something."""

    def __repr__(self) -> str:
        return "UNSET"


UNSET = Unset()


@dataclass(frozen=True, kw_only=True)
class ViewDeclaration(ToolSourceDeclaration):
    """One action of a view of Django REST framework that is declared to be a tool."""

    resolver: ClassVar[str] = "django_mcp.contrib.drf.resolution.resolve"

    view: Any
    action: str
    name: str | None = "{view}_{action}"
    """Name of the tools, in which the words for the view and for the action are filled in."""
    # None until the declaration is resolved: the method is not known before.
    read_only: bool | None = None  # type: ignore[assignment]
    """It changes nothing (`readOnlyHint`); default: what is called by GET."""
    destructive: bool | None = None
    """It may destroy something (`destructiveHint`); default: what is called by DELETE, PUT or
    PATCH."""
    idempotent: bool | None = None
    """Repeating it with the same arguments changes nothing more (`idempotentHint`); default: what
    is called by DELETE or PUT."""
    atomic: bool | str | None = None
    """Run it in a transaction of ours, of the named database when a string; default: not, because
    the view and `ATOMIC_REQUESTS` have their own."""
    route: str | None = None
    """The URL, where several lead to the action: `namespace:basename` of a router's, else
    `namespace:name`, or the path as the URLconf writes it."""
    version: str | None = None
    """Version of the API that is called, where the view has a `versioning_class`."""
    middleware: Iterable[str] = ()
    """Dotted paths of the middleware to run around the view, from the outermost on; no other is."""
    input: Any = UNSET
    """Serializer (class or instance) or JSON Schema of the body, or None for no body; default: what
    the view says, by drf-spectacular's annotation or by its own `get_serializer`."""
    output: Any = UNSET
    """Serializer (class or instance) or JSON Schema of the response, or None for a result without a
    schema; default: that of a method of Django REST framework's own, or drf-spectacular's
    annotation."""
    query: Mapping[str, Any] | None = None
    """Parameters of the query that the view reads by hand, by their names: each has a Python type,
    or a JSON Schema. They join those of filters and pages."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._collect("middleware")
        object.__setattr__(self, "function", self.view)
        if self.name is not None:
            object.__setattr__(self, "name", _filled(self.name, self.view, self.action))

    def as_called_by(self, method: str, *, description: str) -> "ViewDeclaration":
        """Return the declaration with the defaults that its HTTP method gives, and a description.

        Its location is that of the original.
        """
        complete = copy.copy(self)
        values: dict[str, Any] = {"description": self.description or description}
        if self.read_only is None:
            values["read_only"] = method in ("get", "head", "options") and not self.destructive
        read_only = values.get("read_only", self.read_only)
        if self.destructive is None and not read_only:
            values["destructive"] = method in ("delete", "put", "patch")
        if self.idempotent is None and not read_only:
            values["idempotent"] = True if method in ("delete", "put") else None
        if self.atomic is None:
            values["atomic"] = False
        for name, value in values.items():
            object.__setattr__(complete, name, value)
        return complete

    @override
    def resolve(self) -> "Primitive":
        """See `Declaration`."""
        require_rest_framework("expose")
        return super().resolve()

    @property
    @override
    def default_name(self) -> str:
        """See `LocatedDeclaration`: view and action."""
        return f"{view_word(self.view)}_{action_word(self.action)}"


def view_word(view: Any) -> str:
    """Return the name of a view for names of tools, such as `order_line` of `OrderLineViewSet`."""
    cls = getattr(view, "cls", view)  # of a function under `@api_view`
    name = SUFFIXES.sub("", str(getattr(cls, "__name__", "view")))
    return WORDS.sub("_", name).lower()


def action_word(action: str) -> str:
    """Return the name of an action for names of tools; with its method in front, if it has one."""
    name, _, method = str(action).partition(":")
    return f"{method}_{name}".lower() if method else name


OWN = ("function", "view", "action", "name")
"""Fields that `expose` sets itself."""


@overload
def expose(view: V, /, *, actions: Sequence[str], name: str = ..., **options: Any) -> V: ...
@overload
def expose(*, actions: Sequence[str], name: str = ..., **options: Any) -> Callable[[V], V]: ...
def expose(
    view: Any = None,
    /,
    *,
    actions: Sequence[str],
    name: str = "{view}_{action}",
    **options: Any,
) -> Any:
    """Declare actions of a view of Django REST framework as tools, one for each.

    It is called with the view in any module that `DJANGO_MCP_AUTODISCOVER` names, or used as the
    decorator of its class. The view is the class, or a function under `@api_view`; `actions` are
    those of a viewset, and HTTP methods in lower case of any other view. An action of several
    methods is written with one of them: `"members:post"`. `name` is the name of the tools, in which
    `{view}` and `{action}` are replaced.

    The other options are the fields of `django_mcp.contrib.drf.declaration.ViewDeclaration`, where
    each is described; they hold for every action. Call it again for actions with others. Mistakes
    are reported all at once, when the registry is built: at start-up and by `manage.py check`.
    """
    check_names("expose", OPTIONS, options)
    given = (actions,) if isinstance(actions, str) else tuple(actions)
    if not given:
        raise TypeError("expose needs actions=[...], with one at least")

    def declare(view: V) -> V:
        for action in given:
            register(ViewDeclaration(view=view, action=action, name=name, **options))
        return view

    return declare if view is None else declare(view)


def _filled(template: str, view: Any, action: str) -> str:
    words = {"{view}": view_word(view), "{action}": action_word(action)}
    for placeholder, word in words.items():
        template = template.replace(placeholder, word)
    return template


def _options(declaration: Callable[..., Any]) -> list[inspect.Parameter]:
    parameters = inspect.signature(declaration).parameters
    return [each for name, each in parameters.items() if name not in OWN]


OPTIONS = _options(ViewDeclaration)

KEYWORD = inspect.Parameter.KEYWORD_ONLY
expose.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
    [
        inspect.Parameter("view", inspect.Parameter.POSITIONAL_ONLY, default=None),
        inspect.Parameter("actions", KEYWORD),
        inspect.Parameter("name", KEYWORD, default="{view}_{action}"),
        *OPTIONS,
    ]
)
