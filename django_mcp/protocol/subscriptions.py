"""`subscriptions/listen`: news of the caller's tasks, pushed on the stream of one request."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from mcp import MCPError
from mcp.server.subscriptions import SUBSCRIPTION_ID_META_KEY
from mcp_types import (
    Notification,
    SubscriptionFilter,
    SubscriptionsAcknowledgedNotification,
    SubscriptionsAcknowledgedNotificationParams,
    SubscriptionsListenRequestParams,
    SubscriptionsListenResult,
)

from django_mcp.concurrency import run_in_control
from django_mcp.execution.finding import find_tasks
from django_mcp.execution.waiting import changes, watch
from django_mcp.models import ToolTask
from django_mcp.protocol.errors import internal_error, missing_extension
from django_mcp.protocol.exchange import Context, exchange_of
from django_mcp.protocol.extensions import TASKS, declares_tasks
from django_mcp.protocol.task_requests import task_key
from django_mcp.protocol.tasks import task_details

MAX_TASKS = 500
"""How many tasks one stream tells of; the acknowledgement says which."""


PACE = 1.0
"""Seconds between two messages that tell of a task's progress alone."""


class TaskNotification(Notification[dict[str, Any], Literal["notifications/tasks"]]):
    """The state of a task, as `tasks/get` would tell it now."""

    method: Literal["notifications/tasks"] = "notifications/tasks"


async def listen(
    ctx: Context, params: SubscriptionsListenRequestParams
) -> SubscriptionsListenResult:
    """Answer `subscriptions/listen`: the state of each task now, and again whenever it changes.

    What else a client asks to hear of is not acknowledged. The stream ends when there is nothing
    left to tell: every task has ended, or there was none.
    """
    asked = _asked_tasks(params.notifications)
    if asked and not declares_tasks(ctx):
        raise missing_extension(TASKS)
    stream = _Stream(ctx)
    try:
        known = await stream.read(asked)
        await stream.acknowledge([str(key) for key in asked if key in known])
        async with asyncio.TaskGroup() as following:
            for key, state in known.items():
                following.create_task(stream.follow(key, state))
    except MCPError:
        raise
    except Exception as error:  # noqa: BLE001  (rendering knows what may be told)
        raise internal_error(error) from None
    return SubscriptionsListenResult(_meta=stream.meta)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A task as it is told: `details` for its caller, the rest for us."""

    updated: datetime
    has_ended: bool
    details: dict[str, Any]

    @classmethod
    def of(cls, task: ToolTask) -> Self:
        return cls(updated=task.updated, has_ended=task.has_ended, details=task_details(task))


class _Stream:
    """What goes out on the stream of one request."""

    def __init__(self, ctx: Context) -> None:
        self.meta = {SUBSCRIPTION_ID_META_KEY: ctx.request_id}
        self._ctx = ctx
        self._principal = exchange_of(ctx).principal

    async def acknowledge(self, task_ids: list[str]) -> None:
        """Tell, first of all, what the client will hear of."""
        honored = SubscriptionFilter.model_validate({"taskIds": task_ids} if task_ids else {})
        params = SubscriptionsAcknowledgedNotificationParams(notifications=honored, _meta=self.meta)
        await self._send(SubscriptionsAcknowledgedNotification(params=params))

    async def follow(self, key: UUID, known: State) -> None:
        """Tell of one task now, and of every change until it has ended or is gone."""
        await self._tell(known)
        if known.has_ended:
            return
        async with watch().waiting_for(key) as waiter:
            waiter.has_row = True
            async for seen in changes(waiter, pace=PACE):
                if seen.updated == known.updated:  # the first look may find what has been told
                    continue
                news = (await self.read([key])).get(key)
                if news is None:
                    return
                await self._tell(news)
                known = news

    async def read(self, keys: Sequence[UUID]) -> dict[UUID, State]:
        """The state of those of the tasks that the caller may know of."""

        def find() -> dict[UUID, State]:
            return {task.pk: State.of(task) for task in find_tasks(keys, self._principal)}

        return await run_in_control(find) if keys else {}

    async def _tell(self, state: State) -> None:
        await self._send(TaskNotification(params={**state.details, "_meta": self.meta}))

    async def _send(self, notification: Any) -> None:
        # Related to the request: there is no other stream that it could go out on.
        await self._ctx.session.send_notification(
            notification, related_request_id=self._ctx.request_id
        )


def _asked_tasks(notifications: SubscriptionFilter) -> list[UUID]:
    ids = (notifications.model_extra or {}).get("taskIds")
    if not isinstance(ids, list):  # the SDK does not know this one, nor judge it
        return []
    keys = (task_key(each) for each in ids if isinstance(each, str))
    return list(dict.fromkeys(key for key in keys if key is not None))[:MAX_TASKS]
