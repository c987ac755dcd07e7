"""Which processor core the servers get, and which is left to the load."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self


class TooFewCoresError(Exception):
    """A server and its load cannot be kept apart here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cores:
    """Server, load and (beyond the first) further workers each have a core of their own.

    The database runs beside the load, as it would on another machine.
    """

    server: int
    load: int
    spare: tuple[int, ...]

    @classmethod
    def of_this_machine(cls) -> Self:
        """Raises `TooFewCoresError` where there is one core."""
        load, server, *spare = [*sorted(os.sched_getaffinity(0)), -1, -1][:4]
        if server < 0:
            raise TooFewCoresError("Two processor cores are needed, one for the load.")
        return cls(server=server, load=load, spare=tuple(core for core in spare if core >= 0))

    @property
    def count(self) -> int:
        return 2 + len(self.spare)

    def of_workers(self, count: int) -> frozenset[int]:
        """A core for each of `count` workers; the load's own when there are no others."""
        return frozenset([self.server, *self.spare, self.load][:count])


@contextmanager
def on_cores(cores: frozenset[int]) -> Iterator[None]:
    """What is started inside the block stays on these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
