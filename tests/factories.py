"""Rows as tests need them: calls, tasks, applications and what they hold.

Importable without django-oauth-toolkit, whose models are looked up when they are needed.
"""

import datetime
import secrets
import uuid
from typing import Any

from django.apps import apps
from django.contrib.auth.models import User
from django.utils import timezone

from django_mcp.calls.results import serialize_error, serialize_result
from django_mcp.endpoints import get_endpoints
from django_mcp.models import CallRecord, ClientRegistration, ToolTask
from django_mcp.schemas.output.output import Rendered

DAY = datetime.timedelta(days=1)
NOON = datetime.datetime(2026, 7, 28, 12, tzinfo=datetime.UTC)
"""When calls were made unless something else is said: long ago."""


def record(**changes: Any) -> CallRecord:
    """A call on record."""
    values: dict[str, Any] = {
        "name": "add_expense",
        "endpoint": "default",
        "outcome": CallRecord.Outcome.OK,
        "started": NOON,
        "duration_ms": 48,
    }
    return CallRecord.objects.create(**(values | changes))


def recent(*, hours: float = 0, **changes: Any) -> CallRecord:
    """A call of so many hours ago."""
    return record(started=timezone.now() - datetime.timedelta(hours=hours), **changes)


def task(*, hours: float = 0, result: Any = None, error: Any = None, **changes: Any) -> ToolTask:
    """A task of a call of so many hours ago; completed with what it returned, or failed."""
    created = timezone.now() - datetime.timedelta(hours=hours)
    values: dict[str, Any] = {
        "name": "build_report",
        "call_id": uuid.uuid4(),
        "endpoint": "default",
        "status": ToolTask.Status.QUEUED,
        "created": created,
        "kept_for": DAY,
    }
    if error is not None:
        values |= {"status": ToolTask.Status.FAILED, "error": serialize_error(error)}
    if result is not None:
        rendered = result if isinstance(result, Rendered) else Rendered(content=tuple(result))
        values |= {"status": ToolTask.Status.COMPLETED, "result": serialize_result(rendered)}
    values |= changes
    if values["status"] in ToolTask.ENDED:
        values = {"ended": created, "is_recorded": True, "attempts": 1, **values}
    return ToolTask.objects.create(**values)


def by_hand(name: str, *, ago: datetime.timedelta = DAY, **facts: Any) -> Any:
    """An application that an operator has set up."""
    model: Any = apps.get_model("oauth2_provider", "Application")
    application = model.objects.create(
        name=name,
        client_type=model.CLIENT_PUBLIC,
        authorization_grant_type=model.GRANT_AUTHORIZATION_CODE,
        redirect_uris="https://desk.example/callback http://127.0.0.1/callback",
        **facts,
    )
    moment = timezone.now() - ago
    model.objects.filter(pk=application.pk).update(created=moment, updated=moment)
    return application


def registered(
    name: str = "Desk",
    *,
    source: str = "dcr",
    ago: datetime.timedelta = DAY,
    client_id: str = "",
    **facts: Any,
) -> Any:
    """An application that registered itself so long ago, with its row."""
    known = {"client_id": client_id} if client_id else {}
    application = by_hand(name, registration_source=source, ago=ago, **known)
    ClientRegistration.objects.create(
        client_id=application.client_id,
        source=source,
        created=timezone.now() - ago,
        **{"address": "192.0.2.7", **facts},
    )
    return application


def token(application: Any, user: User | None, *, lives: bool = True, **facts: Any) -> Any:
    """An access token for the endpoint, good for a day or expired since one."""
    model: Any = apps.get_model("oauth2_provider", "AccessToken")
    facts = {"scope": "shop:read", "resource": [get_endpoints().default.url], **facts}
    return model.objects.create(
        application=application,
        user=user,
        token=secrets.token_urlsafe(),
        expires=timezone.now() + (DAY if lives else -DAY),
        **facts,
    )


def login(application: Any, user: User, **facts: Any) -> Any:
    """The access token of a login of its own, with the refresh token that replaces it."""
    model: Any = apps.get_model("oauth2_provider", "RefreshToken")
    access = token(application, user, **facts)
    model.objects.create(
        user=user,
        application=application,
        access_token=access,
        token=secrets.token_urlsafe(),
        token_family=uuid.uuid4(),
        resource=access.resource,
    )
    return access
