"""The function `adopt` and its options: each is one field, of this class or of its bases."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, fields
from typing import Any, ClassVar, cast

from django.utils.module_loading import import_string
from typing_extensions import override

from django_mcp.content import Icon
from django_mcp.primitives.declaration import Declaration
from django_mcp.primitives.decorator import declaring_function
from django_mcp.tools.sources.declaration import ToolSourceDeclaration

READER = "django_mcp.tools.adopted.definitions.read_definitions"

NAME = "adopt"


@dataclass(frozen=True)
class ServerDeclaration(ToolSourceDeclaration):
    """An MCP server whose tools are adopted, with the options of `adopt`.

    The server is an `mcp.server.mcpserver.MCPServer` or a `fastmcp.FastMCP`. Its tools keep their
    names, titles, descriptions, schemas, annotations and icons; the options are those of each of
    them. They are read when the registry is built, and mistakes reported then, all at once.
    """

    server: Any
    """The server. It is not started, and serves others as before."""
    _: KW_ONLY
    names: Iterable[str] | Mapping[str, str] | None = None
    """The tools to adopt; a mapping gives them other names. Default: all that it lists."""
    prefix: str = ""
    """Text before the names of tools that `names` does not rename, such as `crm_`."""
    # None stands for the annotations of each tool.
    read_only: bool = cast("bool", None)
    """It changes nothing (`readOnlyHint`); default: what the server says of each tool."""
    destructive: bool | None = None
    """It may destroy something (`destructiveHint`); default: what the server says of each tool."""
    idempotent: bool | None = None
    """Repeating it with the same arguments changes nothing more (`idempotentHint`); default: what
    the server says of each tool."""
    open_world: bool | None = None
    """It reaches beyond this application (`openWorldHint`); default: what the server says of each
    tool."""
    # What the server says of each tool, and what needs to be known before the registry is built.
    name: str | None = field(init=False, default=None)
    title: str | None = field(init=False, default=None)
    description: str | None = field(init=False, default=None)
    icons: Iterable[Icon] = field(init=False, default=())
    idempotency_key: str | None = field(init=False, default=None)
    invalidate_on: Iterable[Any] = field(init=False, default=())

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "function", self.server)
        if self.names is not None and not isinstance(self.names, Mapping):
            self._collect("names")

    @property
    @override
    def default_name(self) -> str:
        """See `LocatedDeclaration`: that of the function, because no tool has it."""
        return NAME

    @override
    def expand(self) -> Sequence[Declaration]:
        """Return the declarations of the server's tools. Raises `ValueError` for the author."""
        declarations: Sequence[Declaration] = import_string(READER)(self)
        return declarations


@dataclass(frozen=True, kw_only=True)
class AdoptedToolDeclaration(ToolSourceDeclaration):
    """One tool of an adopted server.

    Of its `definition`, as the server lists it, are the schemas and annotations.
    """

    resolver: ClassVar[str] = "django_mcp.tools.adopted.resolution.resolve"

    definition: Any
    adopted: ServerDeclaration
    run: Any

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "function", self.run)
        # Its author looks for the call that has adopted the server.
        object.__setattr__(self, "location", self.adopted.location)

    @property
    @override
    def default_name(self) -> str:
        """See `LocatedDeclaration`."""
        return str(self.definition.name)


def shared_options(declaration: ServerDeclaration) -> dict[str, Any]:
    """Return the options of a server that each of its tools has as well."""
    own = {each.name for each in fields(AdoptedToolDeclaration) if each.init}
    given = {each.name for each in fields(ServerDeclaration) if each.init}
    return {name: getattr(declaration, name) for name in own & given}


adopt = declaring_function(NAME, ServerDeclaration)
