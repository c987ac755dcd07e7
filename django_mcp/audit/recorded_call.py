"""Protocol of the calls that are recorded, and the columns that describe their callers."""

from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django_mcp.db.text import storable_text
from django_mcp.invocation import Invocation
from django_mcp.primitives.primitive import Primitive
from django_mcp.principals import Principal
from django_mcp.user_labels import MAX_LABEL_CHARACTERS, user_label


class RecordedArguments(Protocol):
    """Protocol of the part of `Recording` that the log uses."""

    def arguments(self, call: "RecordedCall") -> dict[str, Any]:
        """Return the arguments of the call as they may be stored."""


class RecordedCall(Protocol):
    """Protocol of the part of `Call` that its record uses."""

    @property
    def id(self) -> UUID:
        """See `Call.id`."""

    @property
    def invocation(self) -> Invocation:
        """See `Call.invocation`."""

    @property
    def target(self) -> Primitive | None:
        """See `Call.target`."""

    @property
    def task_id(self) -> UUID | None:
        """See `Call.task_id`."""

    @property
    def worker(self) -> str:
        """See `Call.worker`."""

    @property
    def started(self) -> datetime:
        """See `Call.started`."""

    @property
    def is_client_gone(self) -> bool:
        """See `Call.is_client_gone`."""

    @property
    def recording(self) -> "RecordedArguments":
        """See `Call.recording`."""


def caller_columns(call: Invocation) -> dict[str, Any]:
    """Return the columns for the caller that a record and a task share, cut to their lengths.

    All but the user's key: a task speaks for whom that names, so it is cut in the record alone.
    """
    principal = call.principal
    user = principal.user
    return {
        "call_id": call.id,
        "endpoint": principal.endpoint.name,
        "username": "" if user is None else storable_text(user_label(user), MAX_LABEL_CHARACTERS),
        "client": storable_text(principal.client_id, 255),
        "client_name": storable_text(principal.client_name, 255),
        "client_info": storable_text(call.client_info, 255),
        "credential": storable_text(principal.credential, 255),
        "scopes": " ".join(sorted(principal.scopes)),
        "address": storable_text(call.address, 64),
        "protocol_version": storable_text(call.protocol_version, 32),
        "traceparent": call.traceparent,
    }


def user_key(principal: Principal) -> str:
    """Return the key of the caller's user, as text; empty without one."""
    return "" if principal.user is None else str(principal.user.pk)
