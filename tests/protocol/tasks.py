"""Tasks as their clients follow them."""

import asyncio
from collections.abc import Callable
from typing import Any

from tests.wire import PATIENCE, Answer, Client

ENDED = ("completed", "failed", "cancelled")


async def start(client: Client, name: str, /, **arguments: Any) -> str:
    """Call a slow tool; the id of the task that the client receives."""
    handle = (await client.acall(name, **arguments)).result
    assert handle["resultType"] == "task", handle
    task_id: str = handle["taskId"]
    return task_id


async def ask(client: Client, method: str, task_id: str, **params: Any) -> Answer:
    """Send a request about a task."""
    return await client.asend(method, {"taskId": task_id, **params})


async def state(client: Client, task_id: str) -> dict[str, Any]:
    """What `tasks/get` tells now."""
    return (await ask(client, "tasks/get", task_id)).result


async def reached(
    client: Client, task_id: str, is_so: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """What `tasks/get` tells once that is so: asked again and again, as clients do."""
    async with asyncio.timeout(PATIENCE):
        while not is_so(found := await state(client, task_id)):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return found


async def ending(client: Client, task_id: str) -> dict[str, Any]:
    """What `tasks/get` tells when the task has ended."""
    return await reached(client, task_id, lambda found: found["status"] in ENDED)


def without_signature(result: dict[str, Any]) -> dict[str, Any]:
    """A result without what is added to every answer alike, and without the id of its call."""
    return {key: value for key, value in result.items() if key != "_meta"}
