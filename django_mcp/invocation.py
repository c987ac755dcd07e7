"""Invocation: one call as it arrived, before a look-up or a check."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django_mcp.kinds import Kind
from django_mcp.principals import Principal
from django_mcp.trace_context import trace_id_of


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestState:
    """Encrypted state of one round of elicitation, which one call may return until it expires."""

    id: UUID
    expires: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """A well-formed call, read or get of an authenticated (or anonymous) caller.

    `kind` and `name` say what is called. A read is of a `uri`, which is the name as well, without
    what may be secret, until a resource is found for it; its arguments are the variables of that
    URI. `id` is shown to the client and stands in the record and in every log line. `client_info`
    is what the client says of itself, `address` where the request came from, `traceparent` the
    client's span in W3C trace context, well-formed or empty.

    `is_askable` says whether it can put elicitation requests to its user, `takes_task` whether it
    takes a task handle for a result; `idempotency_key` is what it sent for one, of any type, in the
    `_meta` of its request. `input_responses` holds the responses of its user so far, by
    the keys of the requests, and `request_state` names the state that they came with.
    """

    kind: str = Kind.TOOL
    name: str
    arguments: Mapping[str, Any]
    uri: str = ""
    principal: Principal
    id: UUID = field(default_factory=uuid4)
    client_info: str = ""
    address: str = ""
    protocol_version: str = ""
    traceparent: str = ""
    is_askable: bool = False
    takes_task: bool = False
    idempotency_key: Any = None
    input_responses: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    request_state: RequestState | None = None

    @property
    def trace_id(self) -> str:
        """Id of the client's trace; empty without one."""
        return trace_id_of(self.traceparent)
