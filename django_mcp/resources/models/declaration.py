"""The function `resource_for` and its options: each is one field, of this class or of its bases."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.text import capfirst, format_lazy
from typing_extensions import override

from django_mcp.primitives.decorator import declaring_function
from django_mcp.resources.sources.declaration import SourceDeclaration

if TYPE_CHECKING:  # models cannot be imported where the facade is
    from django.db.models import Model


@dataclass(frozen=True)
class ModelResourceDeclaration(SourceDeclaration):
    """Instances of a model that are declared to be resources, with the options of `resource_for`.

    Mistakes are reported all at once, when the registry is built.
    """

    resolver: ClassVar[str] = "django_mcp.resources.models.resolution.resolve"

    model: "type[Model]"
    """The model."""
    _: KW_ONLY
    uri: str
    """The template of the URIs, such as `order://{pk}`: each of its variables is a look-up of the
    model, such as `pk`, `slug` or `customer__number`."""
    fields: Iterable[str] | Mapping[str, str]
    """The fields to show; `relation__field` follows relations. A mapping has them by the names to
    show."""
    queryset: Callable[..., Any]
    """The instances that a caller may see: a sync function that takes `user`, `principal` or
    nothing, and returns a queryset. One of `user` hides the resource from anonymous callers."""
    name: str | None = None
    """Name that clients use: `[A-Za-z0-9_-]{1,64}`; default the model's, in lower case."""
    title: str | None = None
    """A name for people; default the model's `verbose_name`."""
    description: str | None = None
    """Description for the agent; default one with the model's `verbose_name`."""
    mime_type: str | None = None
    """Media type of the content; default `application/json`."""
    listed: bool = True
    """Whether `resources/list` has the instances, in pages, in the order of the queryset."""
    entry_title: str | Callable[[Any], str] | None = None
    """Title of an instance in the list: a field, or a function of the instance; default
    `str(instance)`."""
    entry_description: str | Callable[[Any], str] | None = None
    """Description of an instance in the list: a field, or a function of the instance."""
    entry_last_modified: str | None = None
    """The field of the date and time at which an instance was last changed, for the list."""

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "function", self.queryset)
        if not isinstance(self.fields, Mapping):
            self._collect("fields")
        # What is no model is among the problems of the resolution.
        if (meta := getattr(self.model, "_meta", None)) is not None:
            defaults = {
                "title": capfirst(meta.verbose_name),
                "description": format_lazy(
                    "One of the {} that the caller may see.", meta.verbose_name_plural
                ),
            }
            for option, default in defaults.items():
                if getattr(self, option) is None:
                    object.__setattr__(self, option, default)

    @property
    @override
    def default_name(self) -> str:
        """See `SourceDeclaration`: the name of the model."""
        return str(getattr(getattr(self.model, "_meta", None), "model_name", "model"))


resource_for = declaring_function("resource_for", ModelResourceDeclaration)
