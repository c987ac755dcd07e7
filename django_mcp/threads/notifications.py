"""In-process publish/subscribe of changes. Callbacks run on any thread and must not block."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from weakref import WeakSet


class Subscriber:
    """A callback for every key that is published, for as long as this object is kept."""

    def __init__(self, callback: Callable[[object], None]) -> None:
        self.callback = callback


_subscribers: WeakSet[Subscriber] = WeakSet()
_lock = Lock()


def subscribe(subscriber: Subscriber) -> None:
    """Add a subscriber, which is called for every key that is published from now on."""
    with _lock:
        _subscribers.add(subscriber)


def publish(key: object) -> None:
    """Call every subscriber in this process: the object of this key has changed."""
    with _lock:
        subscribers = tuple(_subscribers)
    for subscriber in subscribers:
        subscriber.callback(key)


def waiter_count() -> int:
    """Return about how many wait in this process for something to be published."""
    with _lock:
        return len(_subscribers)


async def wait_until_published(key: object, *, patience: float) -> None:
    """Return when the key is published, or after `patience` seconds."""
    loop = asyncio.get_running_loop()
    published = asyncio.Event()

    def on_publish(each: object) -> None:
        if each == key and not loop.is_closed():
            loop.call_soon_threadsafe(published.set)

    subscriber = Subscriber(on_publish)
    subscribe(subscriber)
    with suppress(TimeoutError):
        async with asyncio.timeout(patience):
            await published.wait()
