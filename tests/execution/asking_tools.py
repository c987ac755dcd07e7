"""Background tools that ask their user, each in the sync and the async way."""

from datetime import date

from django.contrib.auth.models import Group
from pydantic import BaseModel, Field, model_validator

from django_mcp import ElicitationDeclinedError, Retry, ToolContext, tool
from django_mcp.tools.declaration import collecting

SECRET = "the-password-is-1234"

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


with collecting() as TOOLS:

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
