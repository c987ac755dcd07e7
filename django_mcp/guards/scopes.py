"""Guard of scopes: the caller's token holds every scope that it needs (RFC 6750, section 3.1)."""

from django_mcp.calls.call import Call
from django_mcp.calls.guard import Guard
from django_mcp.exceptions import MissingScopeError, RevokedError
from django_mcp.schemas.output.output import Rendered


class Scopes(Guard):
    """Guard that refuses callers whose token lacks scopes."""

    repeats_in_worker = True

    def may_block(self, call: Call) -> bool:
        """See `Guard`."""
        return False

    def before(self, call: Call) -> Rendered | None:
        """See `Guard`. Raises `MissingScopeError`, in a worker `RevokedError`."""
        required, granted = call.primitive.scopes, call.principal.scopes
        if required <= granted:
            return None
        if call.is_repeated:
            raise RevokedError
        raise MissingScopeError(required=required, granted=granted)
