"""`ToolContext`: the call as its tool sees it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar
from uuid import UUID

from django_mcp.invocation import Invocation
from django_mcp.principals import Principal

if TYPE_CHECKING:  # models cannot be imported where the facade is
    from django.contrib.auth.base_user import AbstractBaseUser
    from pydantic import BaseModel

M = TypeVar("M", bound="BaseModel")

LogLevel = Literal["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"]
"""Severity of a log message (RFC 5424), from the least on."""


class RunningCall(Protocol):
    """Protocol of the part of `Call` that `ToolContext` uses."""

    @property
    def invocation(self) -> Invocation:
        """See `Call.invocation`."""

    @property
    def task_id(self) -> UUID | None:
        """See `Call.task_id`."""

    @property
    def idempotency_key(self) -> str:
        """See `Call.idempotency_key`."""

    @property
    def is_client_gone(self) -> bool:
        """See `Call.is_client_gone`."""

    @property
    def time_left(self) -> float:
        """See `Call.time_left`."""

    def see_cancellation(self) -> bool:
        """See `Call.see_cancellation`."""

    def report_progress(self, done: float, total: float | None, message: str) -> None:
        """See `Call.report_progress`."""

    def log(self, level: LogLevel, message: str) -> None:
        """See `Call.log`."""

    async def drain_notifications(self) -> None:
        """See `Call.drain_notifications`."""

    def elicit(self, questions: "Mapping[str, tuple[str, type[BaseModel]]]") -> dict[str, Any]:
        """See `Call.elicit`."""


class ToolContext:
    """The call that a tool is serving; declare a parameter of this type to receive it.

    The parameter is hidden from the tool's input schema.
    """

    __slots__ = ("_call",)

    def __init__(self, call: RunningCall) -> None:
        self._call = call

    @property
    def call_id(self) -> UUID:
        """The id that the client, the record and the log lines show for this call."""
        return self._call.invocation.id

    @property
    def task_id(self) -> UUID | None:
        """The key of the `ToolTask` of a background call; None for any other."""
        return self._call.task_id

    @property
    def idempotency_key(self) -> str:
        """The key under which this call is run once; empty without one, and in what only reads.

        Pass it on to a service that takes such keys itself. It is unique for this caller alone.
        """
        return self._call.idempotency_key

    @property
    def principal(self) -> Principal:
        """The caller: user, client, scopes. The credential itself is not part of it."""
        return self._call.invocation.principal

    @property
    def user(self) -> "AbstractBaseUser | None":
        """The user whom the caller speaks for; None for an anonymous caller."""
        return self.principal.user

    @property
    def address(self) -> str:
        """The IP address that the request came from; empty where there is none."""
        return self._call.invocation.address

    @property
    def time_left(self) -> float:
        """Seconds until the call is given up, by its `timeout`; 0 when that has happened.

        Pass it on, as the timeout of a request that the tool makes.
        """
        return self._call.time_left

    @property
    def is_cancelled(self) -> bool:
        """True if the result is not wanted any more; a long sync tool should check now and then.

        That is so after the `timeout` of the call, too. Async tools are cancelled by
        `asyncio.CancelledError` instead. A background tool that has
        seen it and then ends counts as cancelled.
        """
        return self._call.see_cancellation()

    @property
    def is_disconnected(self) -> bool:
        """True if the client has gone; the result can no longer reach it."""
        return self._call.is_client_gone

    def report_progress(self, done: float, total: float | None = None, message: str = "") -> None:
        """Report progress to the client. Returns at once; may be called from any thread.

        Reports that do not increase are dropped, the rest are thinned to about ten a second; the
        last one is always sent. Clients that did not ask for progress receive none.
        """
        self._call.report_progress(done, total, message)

    async def areport_progress(
        self, done: float, total: float | None = None, message: str = ""
    ) -> None:
        """As `report_progress`, for async tools; returns when the report is on its way."""
        self.report_progress(done, total, message)
        await self._call.drain_notifications()

    def log(self, level: LogLevel, message: str) -> None:
        """Log a message, for the client as well. Returns at once; may be called from any thread.

        `level` is one of `debug`, `info`, `notice`, `warning`, `error`, `critical`, `alert` and
        `emergency`; any other raises `ValueError`. The message is always a line of the logger
        `django_mcp.context`. Clients of 2026-07-28 receive it too, if their request asks for
        messages of this level, unless the tool runs in the background: at most 100 at once and ten
        a second after that, then the number of those that were left out, each of 4,096 characters
        at most. It is text for the client's user, so it must hold no secret.
        """
        self._call.log(level, message)

    async def alog(self, level: LogLevel, message: str) -> None:
        """As `log`, for async tools; returns when the message is on its way."""
        self.log(level, message)
        await self._call.drain_notifications()

    def elicit(self, message: str, model: type[M]) -> M:
        """Ask the user to fill a form, and return what was filled in: for background tools.

        `model` is a pydantic model with fields that a form can have; a `TypeError` names any other.
        Without an answer the call stops here, by an exception that is no `Exception`, and what its
        transaction has done is undone. When the answer is there, the function runs again from its
        beginning, and this returns. An answer that the model refuses is asked for again.

        Raises `ElicitationDeclinedError` or `ElicitationCancelledError` when the user did not
        accept, and `UnaskableError` when the client cannot ask; all are `ToolError`s.
        """
        answer: M = self.elicit_all({"": (message, model)})[""]
        return answer

    def elicit_all(self, questions: "Mapping[str, tuple[str, type[BaseModel]]]") -> dict[str, Any]:
        """Ask several questions at once, each as `elicit` does; answers have the questions' keys.

        Raises the error of the first that the user did not accept.
        """
        return self._call.elicit(questions)

    async def aelicit(self, message: str, model: type[M]) -> M:
        """As `elicit`, for async tools."""
        return self.elicit(message, model)

    async def aelicit_all(
        self, questions: "Mapping[str, tuple[str, type[BaseModel]]]"
    ) -> dict[str, Any]:
        """As `elicit_all`, for async tools."""
        return self.elicit_all(questions)
