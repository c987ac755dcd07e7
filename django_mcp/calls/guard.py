"""`Guard`: one concern of every call, in phases."""

from contextlib import AbstractContextManager
from typing import Any

from django_mcp.calls.call import Call
from django_mcp.models import ToolTask
from django_mcp.schemas.output.output import Rendered


class WaitFor(Exception):  # noqa: N818  (it is no error)
    """Raised by `before` of a guard that cannot decide yet: it is called again.

    The call waits without a thread until `key` is published in this process, or for a moment, and
    `before` of the same guard is called again. After `timeout` seconds in all the call is refused
    as busy.
    """

    def __init__(self, key: object, *, timeout: float) -> None:
        self.key = key
        self.timeout = timeout
        super().__init__(f"waits for {key}")


class AnsweredByTask(Exception):  # noqa: N818  (it is no error)
    """Raised by `before`: the call of a client that takes tasks is answered by an earlier one."""

    def __init__(self, task: ToolTask) -> None:
        self.task = task
        super().__init__(f"is answered by task {task.pk}")


class Guard:
    """One concern of every call, in phases.

    `DJANGO_MCP_GUARDS` names a project's own guards. One instance of each serves all calls of a
    process, on any thread: what a guard keeps of one call belongs into `call.state[type(self)]`,
    as JSON, which travels to the worker of a background call.

    Every phase may be async instead, under its name with an `a`; a guard defines one of the two.
    Of a phase that is not overridden nothing is called. Whatever a phase raises, other than a
    `CallError` such as a `CallRejectedError`, fails the call as a fault of the server: it is
    logged with the call's id, and the client is told that id alone.
    """

    repeats_in_worker: bool = False
    """If true, the worker of a background call calls `before` again, before it runs the call."""

    around_needs_thread_of_tool: bool = True
    """If false, `around` has to do with neither the thread, the database connections nor the
    context of the tool: where it may block, an async tool's call holds no thread as it runs."""

    def may_block(self, call: Call) -> bool:
        """Return whether the phases need a thread, for a query or a cache.

        False keeps an async tool's call on the event loop, which nothing must block.
        """
        return True

    def before(self, call: Call) -> Rendered | None:
        """Judge a call before it is run: raise to refuse it, or return what answers it instead.

        Called where the request came in, once; by a worker again if `repeats_in_worker`. May
        raise `WaitFor`.
        """

    async def abefore(self, call: Call) -> Rendered | None:
        """As `before`, on the event loop."""

    def around(self, call: Call) -> AbstractContextManager[Any]:
        """Return a context manager around binding, transaction, function, rendering and `after`.

        It is entered and left on the thread that runs the function and its queries, or, for an
        async tool, in the task that runs it, unless the guard `may_block`. It cannot swallow an
        exception; what it raises when it is left is logged, and changes nothing. A ContextVar must
        be set back by value, not by token.
        """
        raise NotImplementedError

    def after(self, call: Call, result: Rendered) -> Rendered:
        """Return the result that goes on, in place of this one.

        Called where the function was run, inside its transaction: raising undoes what it did.
        """
        return result

    async def aafter(self, call: Call, result: Rendered) -> Rendered:
        """As `after`, on the event loop."""
        return result

    def ended(self, call: Call, error: BaseException | None) -> None:
        """Handle the end of the call: `call.result` or `error`.

        Called once, in the process that ends the record; before `around` is left where the function
        still runs, past the deadline of the call. Not called when that process is killed:
        what a guard has taken must expire by itself. What it raises is logged.
        """

    async def aended(self, call: Call, error: BaseException | None) -> None:
        """As `ended`, on the event loop."""
