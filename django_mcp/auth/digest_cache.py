"""Cache of a process for digests of credentials that were found to be good."""

from collections import OrderedDict
from threading import Lock


class DigestCache:
    """Thread-safe cache of digests, of which the least recently used are dropped."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._lock = Lock()
        self._digests: OrderedDict[bytes, None] = OrderedDict()

    def holds(self, digest: bytes) -> bool:
        """Return whether a digest is cached, and mark it as recently used."""
        with self._lock:
            if digest not in self._digests:
                return False
            self._digests.move_to_end(digest)
            return True

    def add(self, digest: bytes) -> None:
        """Add a digest; the least recently used one is dropped beyond the capacity."""
        with self._lock:
            self._digests[digest] = None
            self._digests.move_to_end(digest)
            if len(self._digests) > self._capacity:
                self._digests.popitem(last=False)

    def discard(self, digest: bytes) -> None:
        """Remove a digest, if it is cached."""
        with self._lock:
            self._digests.pop(digest, None)

    def clear(self) -> None:
        """Remove all digests."""
        with self._lock:
            self._digests.clear()
