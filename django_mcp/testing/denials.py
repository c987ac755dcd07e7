"""Notes on errors: what hides a primitive from the caller, for the author of a failed test."""

from django_mcp.catalog import survey
from django_mcp.exceptions import UnknownPrimitiveError
from django_mcp.kinds import Kind
from django_mcp.policy.visibility import Denial
from django_mcp.principals import Principal
from django_mcp.protocol.targets import Target
from django_mcp.resources.routes import matches
from django_mcp.threads.executors import run_in_control


async def note_denials(error: UnknownPrimitiveError, target: Target, principal: Principal) -> None:
    """Add a note to the error for each primitive that the target names and the caller lacks.

    Clients never receive them: for these, hidden and missing are the same.
    """
    names = {target.name}
    if target.kind is Kind.RESOURCE:
        names = {each.resource.name for each in matches(target.uri)}
    for entry in await run_in_control(survey, principal):
        primitive = entry.primitive
        if entry.denial is None or primitive.kind is not target.kind or primitive.name not in names:
            continue
        note = f"{primitive.name} is hidden from this caller: {', '.join(entry.reasons)}"
        if entry.denial is Denial.GROUP_DISABLED:
            note += f"; ToolGroup.objects.filter(name={primitive.group!r}).update(enabled=True)"
        error.add_note(note)
