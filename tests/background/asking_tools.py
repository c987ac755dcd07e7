"""Background tools that ask their user, each in the sync and the async way."""

from datetime import date
from typing import Any

from django.contrib.auth.models import Group
from pydantic import BaseModel, Field, model_validator
from typing_extensions import TypedDict

from django_mcp import ElicitationDeclinedError, Retry, ToolContext, ToolError, tool
from django_mcp.primitives.declaration import collecting
from tests.latch import Latch

SECRET = "the-password-is-1234"

latch = Latch()

runs: list[str] = []
"""A word for every run of some tools."""


class Confirmation(BaseModel):
    confirm: bool


class Person(BaseModel):
    name: str = Field(min_length=2, description="As in the passport.")
    born: date | None = None


class Period(BaseModel):
    first: int
    last: int

    @model_validator(mode="after")
    def is_forward(self) -> "Period":
        if self.last < self.first:
            raise ValueError("the last must not be before the first")
        return self


class Nested(BaseModel):
    person: Person


class Day(BaseModel):
    day: date


class Agreed(TypedDict):
    by: str


def ask_who(context: ToolContext, name: str) -> Agreed:
    runs.append("ask_who")
    Group.objects.create(name=f"asked about {name}")
    return {"by": context.elicit(f"Who removes {name}?", Person).name}


async def aask_who(context: ToolContext, name: str) -> Agreed:
    return {"by": (await context.aelicit(f"Who removes {name}?", Person)).name}


def ask_twice(context: ToolContext) -> Agreed:
    first = context.elicit("Who?", Person)
    second = context.elicit(f"And who but {first.name}?", Person)
    return {"by": f"{first.name} and {second.name}"}


def choose_day(context: ToolContext, day: date | None) -> dict[str, Any]:
    return {} if day is not None else {"day": context.elicit("Which day?", Day).day}


def confirm(context: ToolContext) -> None:
    if not context.elicit("Sure?", Confirmation).confirm:
        raise ToolError("then not")


def stumble_once(context: ToolContext) -> Agreed:
    name = context.elicit("Who?", Person).name
    runs.append("stumble_once")
    Group.objects.create(name=name)
    if len(runs) == 1:
        raise RuntimeError("the first time")
    return {"by": name}


async def astumble_once(context: ToolContext) -> Agreed:
    name = (await context.aelicit("Who?", Person)).name
    runs.append("astumble_once")
    if len(runs) == 1:
        raise RuntimeError("the first time")
    return {"by": name}


def answer_wrongly(wrong: str) -> dict[str, Any]:
    answers: dict[str, dict[str, Any]] = {"type": {"wrong": 3}, "name": {"other": "x"}}
    return answers[wrong]


with collecting() as TOOLS:

    @tool(background=True, prepare=ask_who)
    def remove(name: str, by: str) -> str:
        """Remove something, by somebody whom the user names.

        Args:
            by: Who does it.
        """
        return f"{name} by {by}"

    @tool(background=True, prepare=aask_who)
    async def aremove(name: str, by: str) -> str:
        """Remove something, by somebody whom the user names, on a loop."""
        return f"{name} by {by}"

    @tool(background=True, prepare=ask_twice, read_only=True)
    def pair(by: str) -> str:
        """Ask for two people, one after the other."""
        return by

    @tool(background=True, prepare=choose_day, read_only=True)
    def report(day: date | None = None) -> str:
        """Report of a day, which the user chooses if the agent does not."""
        return str(day)

    @tool(background=True, prepare=confirm)
    def clear() -> str:
        """Clear everything, if the user is sure."""
        return "cleared"

    @tool(background=True, prepare=stumble_once)
    def stumbling(by: str) -> str:
        """Be prepared by a function that fails in its first run with an answer."""
        return by

    @tool(background=True, prepare=astumble_once)
    async def astumbling(by: str) -> str:
        """Be prepared by a function that fails in its first run with an answer, on a loop."""
        return by

    @tool(background=True, prepare=answer_wrongly, read_only=True)
    def misprepared(wrong: str) -> str:
        """Be prepared by a function with a mistake."""
        return wrong

    @tool(background=True)
    def found(name: str, context: ToolContext) -> str:
        """Found a group, and ask whether to keep it."""
        Group.objects.create(name=name)
        answer = context.elicit(f"Keep {name}?", Confirmation)
        return "kept" if answer.confirm else "not kept"

    @tool(background=True)
    async def afound(name: str, context: ToolContext) -> str:
        """Ask whether to found a group."""
        answer = await context.aelicit(f"Keep {name}?", Confirmation)
        await Group.objects.acreate(name=name)
        return "kept" if answer.confirm else "not kept"

    @tool(background=True)
    def marry(context: ToolContext) -> str:
        """Ask for two people at once."""
        people = context.elicit_all({"one": ("Who?", Person), "other": ("And who?", Person)})
        return f"{people['one'].name} and {people['other'].name}"

    @tool(background=True)
    async def amarry(context: ToolContext) -> str:
        """Ask for two people at once, on a loop."""
        people = await context.aelicit_all({"one": ("Who?", Person), "other": ("And who?", Person)})
        return f"{people['one'].name} and {people['other'].name}"

    @tool(background=True)
    def plan(context: ToolContext) -> list[int]:
        """Ask for a period."""
        period = context.elicit("From when to when?", Period)
        return [period.first, period.last]

    @tool(background=True)
    def insist(context: ToolContext) -> str:
        """Ask the same twice, and take no for an answer."""
        answers = []
        for _ in range(2):
            try:
                answers.append(str(context.elicit("Sure?", Confirmation).confirm))
            except ElicitationDeclinedError:
                answers.append("no")
        return " ".join(answers)

    @tool(background=True)
    def waver(context: ToolContext) -> str:
        """Ask something else in every run, until the third."""
        runs.append("waver")
        subject = f"number {min(len(runs), 3)}"
        return f"{subject}: {context.elicit(f'Delete {subject}?', Confirmation).confirm}"

    @tool(background=True)
    def swallow(context: ToolContext) -> str:
        """Take the exception that ends a run for something else."""
        try:
            return str(context.elicit("Sure?", Confirmation).confirm)
        except BaseException:  # noqa: BLE001  (that is what it is about)
            return "swallowed"

    @tool(background=True, idempotent=True, retry=Retry(times=1, backoff=0.01))
    def stumble(context: ToolContext) -> str:
        """Ask two things, and fail in the first run that has both answers."""
        context.elicit("One?", Confirmation)
        context.elicit("Two?", Confirmation)
        runs.append("stumble")
        if len(runs) == 1:
            raise RuntimeError("the first time")
        return "done"

    @tool(background=True)
    def pester(context: ToolContext) -> str:
        """Ask something new in every run."""
        runs.append("pester")
        return str(context.elicit(f"Number {len(runs)}?", Confirmation).confirm)

    @tool(background=True)
    def demand(context: ToolContext) -> str:
        """Ask for what no form can have."""
        return context.elicit("Who?", Nested).person.name

    @tool(background=True)
    def ramble(context: ToolContext) -> bool:
        """Ask at too great length."""
        return context.elicit("Sure? " * 10_000, Confirmation).confirm

    # Not atomic: on SQLite an open transaction would keep every other writer waiting.
    @tool(background=True, atomic=False)
    def linger(context: ToolContext) -> bool:
        """Wait at the latch, and ask then."""
        latch.wait("linger")
        return context.elicit("Sure?", Confirmation).confirm
