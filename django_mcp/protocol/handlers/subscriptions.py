"""Handler of `subscriptions/listen`: states of the caller's tasks, sent on the request's stream."""

import asyncio
import logging
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

from django_mcp.background.access import MAX_AGE_SECONDS, Access
from django_mcp.background.queries import find_tasks
from django_mcp.background.watch import changes, poller
from django_mcp.exceptions import AccessEndedError
from django_mcp.models import ToolTask
from django_mcp.protocol.capabilities import TASKS, declares_tasks
from django_mcp.protocol.errors import internal_error, missing_extension
from django_mcp.protocol.exchange import Context, exchange_of
from django_mcp.protocol.handlers.tasks import task_key
from django_mcp.protocol.tasks import detailed_task
from django_mcp.threads.executors import run_in_control

logger = logging.getLogger(__name__)

MAX_TASKS = 500
"""Number of tasks that one stream covers; the acknowledgement names them."""


PROGRESS_INTERVAL_SECONDS = 1.0
"""Between two notifications of a task's progress alone."""


class TaskNotification(Notification[dict[str, Any], Literal["notifications/tasks"]]):
    """Notification of a task's state, as `tasks/get` would return it now."""

    method: Literal["notifications/tasks"] = "notifications/tasks"


async def listen(
    ctx: Context, params: SubscriptionsListenRequestParams
) -> SubscriptionsListenResult:
    """Handle `subscriptions/listen`: send the state of each task now, and whenever it changes.

    Other subscriptions are not acknowledged. The stream ends when there is nothing
    left to send: every task has ended, or there was none, or the caller has lost its access.
    """
    keys = _task_keys(params.notifications)
    if keys and not declares_tasks(ctx):
        raise missing_extension(TASKS)
    stream = _Stream(ctx)
    try:
        await stream.serve(keys)
    except MCPError:
        raise
    except Exception as error:  # noqa: BLE001  (rendering knows what may be told)
        raise internal_error(error) from None
    return SubscriptionsListenResult(_meta=stream.meta)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """State of a task: `details` is what its caller receives."""

    updated: datetime
    status: str
    details: dict[str, Any]

    @classmethod
    def of(cls, task: ToolTask) -> Self:
        """Return the state of a task."""
        return cls(updated=task.updated, status=task.status, details=detailed_task(task))

    @property
    def has_ended(self) -> bool:
        """True if the task has ended."""
        return self.status in ToolTask.ENDED


class _Stream:
    """Stream of notifications of one request."""

    def __init__(self, ctx: Context) -> None:
        self.meta = {SUBSCRIPTION_ID_META_KEY: ctx.request_id}
        self._ctx = ctx
        self._access = Access(exchange_of(ctx).principal)

    async def serve(self, keys: Sequence[UUID]) -> None:
        """Send the states of these tasks that the caller may know of, until all have ended."""
        try:
            async with self._access.kept_valid():
                states = await self.read(keys)
                await self.acknowledge([str(key) for key in keys if key in states])
                async with asyncio.TaskGroup() as following:
                    for key, state in states.items():
                        following.create_task(self.follow(key, state))
        except* AccessEndedError:
            # MCP has one way for a server to end a subscription: the result. The client's next
            # request is told to authenticate.
            logger.info("A stream has ended with the access of its caller")

    async def acknowledge(self, task_ids: list[str]) -> None:
        """Send the acknowledgement, which comes first."""
        honored = SubscriptionFilter.model_validate({"taskIds": task_ids} if task_ids else {})
        params = SubscriptionsAcknowledgedNotificationParams(notifications=honored, _meta=self.meta)
        await self._send(SubscriptionsAcknowledgedNotification(params=params))

    async def follow(self, key: UUID, sent: State) -> None:
        """Send the state of one task now, and at every change until it has ended or is deleted."""
        await self._send_state(sent)
        if sent.has_ended:
            return
        async with poller().watch(key) as waiter:
            waiter.has_row = True
            async for change in changes(waiter, pace=PROGRESS_INTERVAL_SECONDS):
                if change.updated == sent.updated:  # the first read may find what was sent
                    continue
                is_progress = change.status == sent.status
                states = await self.read([key], max_age=MAX_AGE_SECONDS if is_progress else 0)
                state = states.get(key)
                if state is None:
                    return
                if state.status != change.status:
                    continue  # it has moved on: the next read renews the access for that
                await self._send_state(state)
                sent = state

    async def read(self, keys: Sequence[UUID], *, max_age: float = 0) -> dict[UUID, State]:
        """Return the states of those tasks that the caller may know of, as they are now.

        Or as they were `max_age` seconds ago. Raises `AccessEndedError`.
        """
        if not keys:
            return {}
        principal = await self._access.renew(max_age=max_age)

        def find() -> dict[UUID, State]:
            return {task.pk: State.of(task) for task in find_tasks(keys, principal)}

        return await run_in_control(find)

    async def _send_state(self, state: State) -> None:
        await self._send(TaskNotification(params={**state.details, "_meta": self.meta}))

    async def _send(self, notification: Any) -> None:
        # Related to the request: there is no other stream that it could go out on.
        await self._ctx.session.send_notification(
            notification, related_request_id=self._ctx.request_id
        )


def _task_keys(notifications: SubscriptionFilter) -> list[UUID]:
    ids = (notifications.model_extra or {}).get("taskIds")
    if not isinstance(ids, list):  # the SDK does not know this one, nor judge it
        return []
    keys = (task_key(each) for each in ids if isinstance(each, str))
    return list(dict.fromkeys(key for key in keys if key is not None))[:MAX_TASKS]
