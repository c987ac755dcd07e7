"""The function `storage_resources` and its options: each is one field, of this class or a base."""

import re
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from typing_extensions import override

from django_mcp.primitives.decorator import declaring_function
from django_mcp.resources.sources.declaration import SourceDeclaration

if TYPE_CHECKING:  # it reads settings
    from django.core.files.storage import Storage


@dataclass(frozen=True)
class StorageResourceDeclaration(SourceDeclaration):
    """Files that are declared to be resources, with the options of `storage_resources`.

    Mistakes are reported all at once, when the registry is built.
    """

    resolver: ClassVar[str] = "django_mcp.resources.files.resolution.resolve"

    uri: str
    """The template of the URIs, such as `receipt://{+path}`; its one variable is the path of a file
    below the prefix. With `+`, paths may lead through folders."""
    storage: "Storage | str | Callable[[], Storage]"
    """The storage, its alias in `STORAGES`, or a function that returns it, called once."""
    _: KW_ONLY
    may_read: Callable[..., Any]
    """A predicate that must hold of each file: a sync function that takes `path`, the name of the
    file in the storage with its prefix, and `user` or `principal` or neither. One of `user` hides
    the resource from anonymous callers. It is called before the storage is touched."""
    prefix: str = ""
    """The folder of the storage outside of which nothing is read; default the whole storage."""
    name: str | None = None
    """Name that clients use: `[A-Za-z0-9_-]{1,64}`; default the scheme of the URI."""
    description: str | None = "A file, by its path."
    """Description for the agent."""
    mime_type: str | None = None
    """Media type of every file; default that of its name's ending."""

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "function", self.may_read)

    @property
    @override
    def default_name(self) -> str:
        """See `SourceDeclaration`: the scheme of the URI."""
        return re.sub(r"[^A-Za-z0-9_-]", "_", self.uri.partition(":")[0])


storage_resources = declaring_function("storage_resources", StorageResourceDeclaration)
