"""The `@resource` decorator and its options: each is one field, of this class or of its bases."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from datetime import datetime
from typing import ClassVar

from django_mcp.completions.declaration import CompletableDeclaration
from django_mcp.content import Role
from django_mcp.kinds import Kind
from django_mcp.primitives.decorator import decorator_with_options
from django_mcp.primitives.result_cache.options import CacheOptions

EXPRESSION = re.compile(r"\{([+#./;?&]?)([^{}]*)\}")
VARIABLE = re.compile(r"[\w.]+")
NAMED = (";", "&")
"""Operators whose variables stand in the URI with their names."""


@dataclass(frozen=True)
class ResourceOptions(CacheOptions, CompletableDeclaration):
    """Options of everything that is read under a URI."""

    kind: ClassVar[Kind] = Kind.RESOURCE

    uri: str
    """The URI, such as `shop://opening-hours`, or a template of RFC 6570, such as
    `order://{order_id}`: each of its variables is a parameter of the function."""
    _: KW_ONLY
    mime_type: str | None = None
    """Media type of the content; default `text/plain` for text, `application/octet-stream` for
    bytes, `application/json` for data."""
    audience: Iterable[Role] = ()
    """For whom the content is meant: `user`, `assistant` or both."""
    priority: float | None = None
    """Importance of the content, from 0 for optional to 1 for required."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._collect("audience")
        self._collect_cache_options()

    @property
    def address(self) -> str:
        """See `Declaration`: the URI, without the names of its variables and without its query.

        URIs are matched without them, for a query may be left out.
        """
        return EXPRESSION.sub(_unnamed, str(self.uri))


@dataclass(frozen=True)
class ResourceDeclaration(ResourceOptions):
    """A function that is declared to be a resource, with the options of `@resource`."""

    resolver: ClassVar[str] = "django_mcp.resources.resolution.resolve"

    _: KW_ONLY
    fields: Iterable[str] | Mapping[str, str] = ()
    """The fields of a returned Django model instance or queryset to show; `relation__field` follows
    relations. A mapping has them by the names to show."""
    size: int | None = None
    """Bytes of the content, where it is known; not for templates."""
    last_modified: datetime | None = None
    """When the content was last changed, in the site's time zone unless it has one; not for
    templates."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.fields, Mapping):
            self._collect("fields")


def _unnamed(expression: re.Match[str]) -> str:
    operator, names = expression.groups()
    if operator in NAMED:
        return expression[0]
    return "" if operator == "?" else f"{{{operator}{VARIABLE.sub('', names)}}}"


resource = decorator_with_options(ResourceDeclaration)
