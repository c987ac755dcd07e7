"""The `@prompt` decorator and its options: all of them are those of its bases."""

from dataclasses import dataclass
from typing import ClassVar

from django_mcp.completions.declaration import CompletableDeclaration
from django_mcp.kinds import Kind
from django_mcp.primitives.decorator import decorator_of


@dataclass(frozen=True, kw_only=True)
class PromptDeclaration(CompletableDeclaration):
    """A function that is declared to be a prompt, with the options of `@prompt`."""

    kind: ClassVar[Kind] = Kind.PROMPT
    resolver: ClassVar[str] = "django_mcp.prompts.resolution.resolve"


prompt = decorator_of(PromptDeclaration)
