"""Serialization of background calls: caller and arguments in the row of a task."""

import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError

from django_mcp.audit.record import Recording
from django_mcp.audit.recorded_call import caller_columns, user_key
from django_mcp.audit.redaction import secret_arguments
from django_mcp.auth.authenticators import renew
from django_mcp.background.encryption import decrypt, encrypt
from django_mcp.calls.call import Call
from django_mcp.calls.cancellation import Cancellation
from django_mcp.calls.deadline import Deadline
from django_mcp.calls.progress import ProgressSink
from django_mcp.conf import settings
from django_mcp.endpoints import get_endpoints
from django_mcp.exceptions import (
    InvalidArgumentsError,
    InvalidCredentialsError,
    RevokedError,
    Violation,
)
from django_mcp.guards import all_guards
from django_mcp.invocation import Invocation
from django_mcp.models import ToolTask
from django_mcp.primitives.registry import get_registry
from django_mcp.principals import Principal
from django_mcp.tools.tool import Tool

logger = logging.getLogger(__name__)


def row_of(call: Call) -> ToolTask:
    """Return the row of a call that is about to be queued, not yet saved.

    Raises `InvalidArgumentsError` when there are more arguments than a row may hold.
    """
    tool, invocation = call.tool, call.invocation
    runs = tool.background
    assert runs is not None
    secret = secret_arguments(invocation.arguments, tool.argument_schema)
    open_arguments = {name: v for name, v in invocation.arguments.items() if name not in secret}
    arguments = json.dumps(open_arguments)
    secrets = encrypt({name: invocation.arguments[name] for name in secret})
    if len(arguments) + len(secrets) > settings.BACKGROUND_MAX_BYTES:
        reason = f"must be less than {settings.BACKGROUND_MAX_BYTES} bytes in all"
        raise InvalidArgumentsError([Violation(path="", reason=reason)])
    return ToolTask(
        id=call.task_id,
        kind=invocation.kind,
        name=tool.name,
        user=user_key(call.principal),
        authenticator=call.principal.authenticator,
        **caller_columns(invocation),
        arguments=arguments,
        secrets=secrets,
        is_askable=invocation.is_askable and invocation.takes_task,
        guard_state=serialize_state(call.state),
        has_secrets=bool(secrets),
        kept_for=runs.lifetime,
    )


def invocation_of(task: ToolTask, principal: Principal) -> Invocation:
    """Return the invocation that a row describes, for the caller as it is now.

    Raises `UnreadableSecretsError` when the project's key has changed.
    """
    return Invocation(
        kind=task.kind,
        name=task.name,
        arguments={**json.loads(task.arguments), **decrypt(task.secrets)},
        principal=principal,
        id=task.call_id,
        client_info=task.client_info,
        address=task.address,
        protocol_version=task.protocol_version,
        traceparent=task.traceparent,
        is_askable=task.is_askable,
        takes_task=task.is_askable,
        input_responses=decrypt(task.input_responses),
    )


def call_of(
    task: ToolTask,
    principal: Principal,
    *,
    progress: ProgressSink | None = None,
    cancellation: Cancellation | None = None,
    deadline: Deadline | None = None,
) -> Call:
    """Return the call of a row, for its worker, and for the process that ends its record.

    Raises `UnreadableSecretsError` when the project's key has changed.
    """
    return Call(
        invocation=invocation_of(task, principal),
        target=get_registry().find(Tool, task.name),
        progress=progress,
        cancellation=cancellation or Cancellation(),
        state=deserialize_state(task.guard_state),
        task_id=task.pk,
        worker=task.worker,
        is_repeated=True,
        started=task.created,
        recording=Recording(is_written=True),
        _deadline=deadline,
    )


def serialize_state(state: Mapping[type, Any]) -> str:
    """Return the state that guards keep of a call, as text."""
    stored = {f"{guard.__module__}.{guard.__qualname__}": each for guard, each in state.items()}
    return json.dumps(stored) if stored else ""


def deserialize_state(text: str) -> dict[type, Any]:
    """Return the state that was serialized, of the guards that the project still has."""
    stored = json.loads(text or "{}")
    guards = {f"{type(g).__module__}.{type(g).__qualname__}": type(g) for g in all_guards()}
    return {guards[path]: each for path, each in stored.items() if path in guards}


def new_invocation_of(task: ToolTask) -> Invocation:
    """Return the call of an ended task as a new one, which no request has brought.

    Raises `RevokedError` when its caller could not call any more.
    """
    assert not task.has_secrets, "What was secret is gone."
    call = invocation_of(task, current_principal(task))
    # No client knows of its task, so none could send input.
    return replace(
        call,
        id=uuid4(),
        address="",
        traceparent="",
        is_askable=False,
        takes_task=False,
        input_responses={},
    )


def recorded_principal(task: ToolTask) -> Principal:
    """Return the caller as it was when it called; its user may be gone or barred since.

    Its endpoint may have been removed: then it is one that serves nothing.
    """
    return Principal(
        endpoint=get_endpoints().recorded(task.endpoint),
        user=_user(task.user),
        client_id=task.client,
        client_name=task.client_name,
        scopes=frozenset(task.scopes.split()),
        credential=task.credential,
        authenticator=task.authenticator,
    )


def current_principal(task: ToolTask) -> Principal:
    """Return the caller as it is now, with the scopes that are left of those that it had.

    Raises `RevokedError` when the endpoint was removed, when the user is gone or barred, or when
    its authenticator says that the credential was withdrawn.
    """
    if get_endpoints().by_name(task.endpoint) is None:
        logger.warning(
            "Task %s is not run: the site does not serve the endpoint %r any more",
            task.pk,
            task.endpoint,
        )
        raise RevokedError
    principal = recorded_principal(task)
    if task.user and principal.user is None:
        raise RevokedError
    return _vouched_for(principal)


def renewed_principal(principal: Principal) -> Principal:
    """Return an authenticated caller as it is now; raises as `current_principal` does.

    Its `expires` may have passed: that ends what is open, and not what has been begun.
    """
    user = None
    if principal.user is not None:
        user = _user(user_key(principal))
        if user is None:
            raise RevokedError
    return _vouched_for(replace(principal, user=user))


def _vouched_for(principal: Principal) -> Principal:
    """Return the principal as its authenticator renews it; its user has just been read."""
    if principal.user is not None and not principal.user.is_active:
        raise RevokedError
    try:
        return renew(principal)
    except InvalidCredentialsError as error:
        raise RevokedError from error


def _user(key: str) -> Any:
    if not key:
        return None
    model = get_user_model()
    try:
        return model._default_manager.filter(pk=key).first()
    except (ValueError, ValidationError):  # the project has another kind of user by now
        return None
