"""The work that the tools of tests stand for."""

import time


def spend(seconds: float) -> None:
    """Take so long, whatever else happens."""
    time.sleep(seconds)  # it is the work itself: nobody waits for something else by it
