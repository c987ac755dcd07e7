"""Guard of arguments: bounded, of the schema, and bound to the function's parameters."""

from django_mcp.calls.call import Call
from django_mcp.calls.guard import Guard
from django_mcp.calls.run import error_for_client
from django_mcp.exceptions import InvalidArgumentsError, ToolError
from django_mcp.schemas.input.argument_limits import check_arguments
from django_mcp.schemas.output.output import Rendered


class Arguments(Guard):
    """Guard that binds the arguments, or refuses them with all that is wrong."""

    repeats_in_worker = True

    def may_block(self, call: Call) -> bool:
        """See `Guard`: only validators of the project's own may query."""
        return call.primitive.signature.runs_validators

    def before(self, call: Call) -> Rendered | None:
        """See `Guard`. Raises `InvalidArgumentsError`."""
        if not call.is_repeated:  # or the server itself has added to what the client sent
            check_arguments(call.invocation.arguments)
        # Only tools are repeated, in a worker.
        bind = call.tool.bind_completed if call.is_repeated else call.primitive.bind
        try:
            call.arguments = bind(call.invocation, call.context)
        except (InvalidArgumentsError, ToolError):
            raise
        except Exception as error:  # noqa: BLE001  (its validation cannot even be built)
            mapped = error_for_client(error, call)
            raise mapped from mapped.__cause__
        return None
