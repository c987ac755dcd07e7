"""The function `form_tool` and its options: each is one field, of this class or of its bases."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.text import format_lazy
from typing_extensions import override

from django_mcp.primitives.decorator import declaring_function
from django_mcp.tools.sources.declaration import ToolSourceDeclaration

if TYPE_CHECKING:  # forms import models, which cannot be imported where the facade is
    from django.forms import BaseForm


@dataclass(frozen=True)
class FormToolDeclaration(ToolSourceDeclaration):
    """A form that is declared to be a tool, with the options of `form_tool`.

    Mistakes are reported all at once, when the registry is built.
    """

    resolver: ClassVar[str] = "django_mcp.tools.forms.resolution.resolve"

    form: "type[BaseForm]"
    """The class of the form, a `Form` or a `ModelForm`. Its fields are the arguments."""
    _: KW_ONLY
    fields: Iterable[str] | Mapping[str, str] = ()
    """The fields to show of the model instance that `save()` returns; `relation__field` follows
    relations. A mapping has them by the names to show. Default for a `ModelForm`: `pk`."""
    form_kwargs: Callable[..., Any] | None = None
    """Keyword arguments for the constructor of the form: a sync function that takes `user`,
    `principal` or nothing, and returns a dict. One of `user` hides the tool from anonymous
    callers."""
    queryset: Callable[..., Any] | None = None
    """The instances of a `ModelForm` that a caller may change: a sync function that takes `user`,
    `principal` or nothing, and returns a queryset. The tool then changes the instance that `lookup`
    finds; without, it adds one."""
    lookup: str = "pk"
    """The field by which an instance is found; it is an argument of this name."""
    name: str | None = None
    """Name that clients use: `[A-Za-z0-9_-]{1,64}`; default `add_` or `change_` and the model's, or
    that of the form without `Form`, in lower case."""
    description: str | None = None
    """Description for the agent; default the docstring of the form, or for a `ModelForm` one with
    the model's `verbose_name`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "function", self.form)
        if not isinstance(self.fields, Mapping):
            self._collect("fields")
        if self.description is None and self._meta is not None and not self.form.__doc__:
            words = "Add one {}." if self.queryset is None else "Change one {}."
            description = format_lazy(words, self._meta.verbose_name)
            object.__setattr__(self, "description", description)

    @property
    @override
    def default_name(self) -> str:
        """See `LocatedDeclaration`: what the form does, or what it is called."""
        if self._meta is not None:
            return f"{'add' if self.queryset is None else 'change'}_{self._meta.model_name}"
        name = str(getattr(self.form, "__name__", "form")).removesuffix("Form")
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower() or "form"

    @property
    def _meta(self) -> Any:
        # What is no form is among the problems of the resolution.
        model = getattr(getattr(self.form, "_meta", None), "model", None)
        return getattr(model, "_meta", None)


form_tool = declaring_function("form_tool", FormToolDeclaration)
