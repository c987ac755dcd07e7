"""The frozen `Prompt`, made from a resolved `PromptDeclaration`."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from django_mcp.completions.primitive import CompletablePrimitive
from django_mcp.content import PromptMessage
from django_mcp.kinds import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptArgument:
    """Argument of a prompt as clients show it to their users."""

    name: str
    title: str | None
    description: str | None
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prompt(CompletablePrimitive):
    """One prompt, ready to be listed and got."""

    kind: ClassVar[Kind] = Kind.PROMPT
    takes_strings: ClassVar[bool] = True
    content_class: ClassVar[Any] = PromptMessage

    @property
    def arguments(self) -> Iterator[PromptArgument]:
        """Arguments in the order of the parameters."""
        required = self.input_schema.get("required", ())
        for name, schema in self.input_schema["properties"].items():
            yield PromptArgument(
                name=name,
                title=schema.get("title"),
                description=schema.get("description"),
                required=name in required,
            )
