"""The `@resource` decorator and its options: each is one field, of this class or of its base."""

from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from datetime import datetime
from typing import ClassVar

from django_mcp.content import Role
from django_mcp.kinds import Kind
from django_mcp.primitives.declaration import Declaration
from django_mcp.primitives.decorator import decorator_with_options


@dataclass(frozen=True)
class ResourceDeclaration(Declaration):
    """A function that is declared to be a resource, with the options of `@resource`."""

    kind: ClassVar[Kind] = Kind.RESOURCE
    resolver: ClassVar[str] = "django_mcp.resources.resolution.resolve"

    uri: str
    """The URI, such as `shop://opening-hours`, or a template of RFC 6570, such as
    `order://{order_id}`: each of its variables is a parameter of the function."""
    _: KW_ONLY
    mime_type: str | None = None
    """Media type of the content; default `text/plain` for text, `application/octet-stream` for
    bytes, `application/json` for data."""
    fields: Iterable[str] | Mapping[str, str] = ()
    """The fields of a returned Django model instance or queryset to show; `relation__field` follows
    relations. A mapping has them by the names to show."""
    size: int | None = None
    """Bytes of the content, where it is known; not for templates."""
    audience: Iterable[Role] = ()
    """For whom the content is meant: `user`, `assistant` or both."""
    priority: float | None = None
    """How important the content is, from 0 for optional to 1 for required."""
    last_modified: datetime | None = None
    """When the content was last changed; not for templates."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._collect("audience")
        if not isinstance(self.fields, Mapping):
            self._collect("fields")

    @property
    def address(self) -> str:
        """See `Declaration`: the URI."""
        return self.uri


resource = decorator_with_options(ResourceDeclaration)
