"""Cancellation of one call, shared by everything that serves it; see docs/explanation."""

from collections.abc import Callable
from threading import Lock


class Cancellation:
    """State of a call's cancellation: requested, seen by the tool; and the client's absence.

    Each is set once and never reset. All methods may be called from any thread.
    """

    __slots__ = ("_callbacks", "_lock", "is_client_gone", "is_requested", "is_seen")

    def __init__(self) -> None:
        self.is_requested = False
        self.is_seen = False
        self.is_client_gone = False
        self._callbacks: list[Callable[[], object]] = []
        self._lock = Lock()

    def request(self) -> None:
        """Note that the result is no longer wanted, and call the callbacks of `on_request`."""
        with self._lock:
            if self.is_requested:
                return
            self.is_requested = True
            callbacks = tuple(self._callbacks)
        for callback in callbacks:
            callback()

    def on_request(self, callback: Callable[[], object]) -> None:
        """Call `callback`, from any thread, at the request; at once if that was made already."""
        with self._lock:
            if not self.is_requested:
                self._callbacks.append(callback)
                return
        callback()

    def see(self) -> bool:
        """Return `is_requested` to the tool, and note that the tool has seen a request."""
        if self.is_requested:
            self.is_seen = True
        return self.is_requested

    def client_left(self, *, is_request: bool) -> None:
        """Note that the result cannot be delivered, and whether that requests a cancellation."""
        self.is_client_gone = True
        if is_request:
            self.request()
