"""A queue of the benchmarks' own, on the Redis that `REDIS_URL` names."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from redis import Redis, RedisError

from benchmarks.servers import ServerError

DEFAULT_URL = "redis://127.0.0.1:6379/0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A queue that nobody reads; `environment` tells projects of it."""

    url: str
    name: str

    @property
    def environment(self) -> dict[str, str]:
        return {
            "BENCHMARK_BACKGROUND": "celery",
            "BENCHMARK_BROKER": self.url,
            "BENCHMARK_QUEUE": self.name,
        }

    def empty(self) -> None:
        """Take out all messages, so that every measurement finds a queue of the same length."""
        with Redis.from_url(self.url) as redis:
            redis.delete(self.name)

    def drop(self) -> None:
        """Leave nothing of it."""
        with Redis.from_url(self.url) as redis:
            redis.delete(*redis.scan_iter(f"*{self.name}*", count=1000), self.name)


@contextmanager
def temporary_queue() -> Iterator[Queue]:
    """A new queue, dropped in the end. Raises `ServerError` where there is no Redis."""
    url = os.environ.get("REDIS_URL") or DEFAULT_URL
    queue = Queue(url=url, name=f"django_mcp_benchmarks_{os.getpid()}")
    try:
        queue.empty()
    except RedisError as error:
        raise ServerError(f"This needs the Redis of REDIS_URL: {error}") from error
    try:
        yield queue
    finally:
        queue.drop()
