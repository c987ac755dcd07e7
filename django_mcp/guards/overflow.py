"""Guard of results that are too large: those of tools with `overflow="link"` are stored."""

from django_mcp.calls.call import Call
from django_mcp.calls.guard import Guard
from django_mcp.calls.stored_results import store
from django_mcp.models import StoredResult
from django_mcp.schemas.output.output import Rendered
from django_mcp.schemas.stored_output import is_too_large
from django_mcp.tools.tool import Tool


class Overflow(Guard):
    """Guard that stores a result which is too large to be sent, and returns links in its place.

    It stands before the project's guards, so that what they filter out is not stored.
    """

    def may_block(self, call: Call) -> bool:
        """See `Guard`."""
        return isinstance(call.target, Tool) and call.target.overflow == "link"

    def after(self, call: Call, result: Rendered) -> Rendered:
        """See `Guard`. Raises `ResultTooLargeError`."""
        if not self.may_block(call) or not is_too_large(result):
            return result
        call.state[Overflow] = True
        return store(call, result)

    def ended(self, call: Call, error: BaseException | None) -> None:
        """See `Guard`: what has expired, or is not sent, is deleted outside any transaction."""
        if call.state.get(Overflow):
            if error is not None and getattr(error, "result", None) is None:
                StoredResult.objects.owned_by(call.principal).filter(call_id=call.id).delete()
            StoredResult.objects.prune()
