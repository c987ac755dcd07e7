"""Prompts of the rows of `PromptTemplate`, each made once for as long as its row stays."""

import inspect
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Annotated, Any, Literal

from django_mcp.exceptions import ToolError
from django_mcp.models import PromptArgument, PromptTemplate
from django_mcp.primitives.declaration import declarations
from django_mcp.primitives.rows import spelling
from django_mcp.prompt_templates.errors import PromptTooLargeError
from django_mcp.prompt_templates.text import PromptText
from django_mcp.prompts.declaration import PromptDeclaration
from django_mcp.prompts.prompt import Prompt

logger = logging.getLogger(__name__)

COLUMNS = ("pk", "name", "title", "description", "group__name", "text")
ARGUMENT_COLUMNS = ("name", "description", "required", "choices")

UNSENT = object()
"""Default of arguments that are not required: no schema shows it."""


@dataclass(frozen=True, slots=True)
class Argument:
    """Argument of a row, as it is stored."""

    name: str
    description: str
    required: bool
    choices: str

    @property
    def parameter(self) -> inspect.Parameter:
        """Parameter of a function, whose type and description are those of the argument."""
        choices = PromptArgument(choices=self.choices).choice_list
        kind: Any = Literal[choices] if choices else str
        return inspect.Parameter(
            self.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if self.required else UNSENT,
            annotation=Annotated[kind, self.description] if self.description else kind,
        )


@dataclass(frozen=True, slots=True)
class Row:
    """Row with its arguments. Two that are equal make the same prompt."""

    pk: int
    name: str
    title: str
    description: str
    group: str
    text: str
    arguments: tuple[Argument, ...]

    def prompt(self) -> Prompt:
        """Return the prompt. Raises an exception for a row that no form has checked."""
        if not self.description.strip():
            raise ValueError("it has no description")
        declaration = PromptDeclaration(
            self._function(),
            name=self.name,
            title=self.title or None,
            description=self.description,
            group=self.group,
        )
        prompt = declaration.resolve()
        assert isinstance(prompt, Prompt)
        return prompt

    def _function(self) -> Callable[..., str]:
        """Return a function as a developer would write it, with the arguments for parameters."""
        text = PromptText(self.text, [each.name for each in self.arguments])

        def render(**arguments: str) -> str:
            try:
                return text.rendered(arguments)
            except PromptTooLargeError as error:
                # Any other is the writer's to correct, of whom the client knows nothing.
                raise ToolError(error.reason, hint="Send shorter arguments.") from error

        parameters = [each.parameter for each in self.arguments]
        render.__name__ = render.__qualname__ = self.name
        render.__annotations__ = {each.name: each.annotation for each in parameters}
        setattr(render, "__signature__", inspect.Signature(parameters))  # noqa: B010
        return render


TWIN = "another prompt has its name, but for upper and lower case"

_known: dict[Row, Prompt | str] = {}
"""Prompt of each row at the last reading, or the reason why there is none."""


def read_prompts() -> list[Prompt]:
    """Read the prompts that are enabled, by one query.

    A row that makes none is left out, with one line in the log for as long as it stays so.
    """
    global _known
    before = _known
    _known = found = _read(before)
    for row, outcome in found.items():
        if isinstance(outcome, str) and outcome != before.get(row):
            logger.warning("The prompt %r of the admin is not served: %s", row.name, outcome)
    return [each for each in found.values() if isinstance(each, Prompt)]


def unserved_prompts() -> dict[str, str]:
    """Return the names of enabled prompts that are not served, each with its reason.

    It costs one query. Prompts of the code keep their names, so their namesakes are among these.
    """
    declared = {spelling(each.key): each.located_name for each in declarations()}
    reasons = {}
    for row, outcome in _read(_known).items():
        if isinstance(outcome, str):
            reasons[row.name] = outcome
        elif namesake := declared.get(spelling(outcome.key)):
            reasons[row.name] = f"{namesake} has its name"
    return reasons


def _read(before: dict[Row, Prompt | str]) -> dict[Row, Prompt | str]:
    found, names = dict[Row, Prompt | str](), set[str]()
    for row in _rows():
        name = row.name.casefold()
        outcome: Prompt | str | None = before.get(row)
        if name in names:
            outcome = TWIN
        elif outcome is None or outcome == TWIN:
            outcome = _prompt_of(row)
        names.add(name)
        found[row] = outcome
    return found


def _prompt_of(row: Row) -> Prompt | str:
    try:
        return row.prompt()
    except Exception as error:  # noqa: BLE001  (no row that anybody has edited stops the others)
        return str(error) or type(error).__name__


def _rows() -> Iterator[Row]:
    # Joined: between two queries, a text and its arguments could become those of different times.
    joined = [f"arguments__{name}" for name in ARGUMENT_COLUMNS]
    values = (
        PromptTemplate.objects.filter(enabled=True)
        .order_by("name", "pk", "arguments__position", "arguments__pk")
        .values_list(*COLUMNS, *joined)
    )
    count = len(COLUMNS)
    for (pk, name, title, description, group, text), lines in groupby(
        values, key=itemgetter(slice(count))
    ):
        declared = [line[count:] for line in lines]
        yield Row(
            pk=pk,
            name=name,
            title=title,
            description=description,
            group=group,
            text=text,
            arguments=tuple(Argument(*each) for each in declared if each[0] is not None),
        )
