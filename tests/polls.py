"""Waiting for what nobody can tell of: a fact of another process or thread."""

import time
from collections.abc import Callable

PATIENCE = 60.0
"""Seconds after which a test gives up on something that should happen at once.

Far more than a loaded machine needs: nobody waits for it but a test that fails.
"""


def until(is_so: Callable[[], bool]) -> None:
    """Look again and again until it is so; fails when it takes too long."""
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.02)  # nothing wakes this one: whoever makes it so does not know of us
