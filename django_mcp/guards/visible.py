"""Guard of visibility: what the caller does not see looks like what is missing."""

from django_mcp.calls.call import Call
from django_mcp.calls.guard import Guard
from django_mcp.exceptions import (
    ResourceNotFoundError,
    RevokedError,
    UnknownPrimitiveError,
    UnknownPromptError,
    UnknownToolError,
)
from django_mcp.invocation import Invocation
from django_mcp.kinds import Kind
from django_mcp.policy.snapshot import read_snapshot
from django_mcp.policy.visibility import Visibility
from django_mcp.schemas.output.output import Rendered


class Visible(Guard):
    """Guard that refuses calls without a target, and in a worker those of a hidden one.

    The target was looked up, as the caller sees it, where the request was read.
    """

    repeats_in_worker = True

    def may_block(self, call: Call) -> bool:
        """See `Guard`."""
        return call.is_repeated

    def before(self, call: Call) -> Rendered | None:
        """See `Guard`. Raises `UnknownPrimitiveError`, in a worker `RevokedError`."""
        if call.target is None:
            raise RevokedError if call.is_repeated else unknown_error(call.invocation)
        # Read now: what operators have switched off within the last second counts too, and
        # predicates are called again.
        if call.is_repeated and not Visibility(call.principal, read_snapshot()).sees(call.target):
            raise RevokedError
        return None


def unknown_error(invocation: Invocation) -> UnknownPrimitiveError:
    """Return the error of a call, read or get whose target is missing, or hidden."""
    if invocation.kind == Kind.RESOURCE:
        return ResourceNotFoundError(invocation.uri)
    if invocation.kind == Kind.PROMPT:
        return UnknownPromptError(invocation.name)
    return UnknownToolError(invocation.name)
