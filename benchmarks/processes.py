"""What a process and its children have used, as Linux counts it."""

import os
from contextlib import suppress
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
USER_TIME, SYSTEM_TIME = 11, 12
"""Fields of `/proc/PID/stat` after the name, counted from 0; see proc(5)."""


def family(pid: int) -> list[int]:
    """The process and everything that descends from it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(FileNotFoundError):  # the thread has ended
            for child in (task / "children").read_text().split():
                found += family(int(child))
    return found


def cpu_seconds(pid: int) -> float:
    """Processor time of the process and its living descendants so far, in hundredths."""
    ticks = 0
    for member in family(pid):
        fields = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[USER_TIME]) + int(fields[SYSTEM_TIME])
    return ticks / TICKS_PER_SECOND


def resident_mebibytes(pid: int) -> tuple[float, float]:
    """Resident memory (RSS) of the process, and how much of it is its own.

    The rest are pages of files, mostly of libraries, which processes share. How many of them are
    counted depends on what the system's cache held when they were mapped.
    """
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    sizes = {name: value for name, _, value in (line.partition(":") for line in lines)}
    return tuple(int(sizes[kind].split()[0]) / 1024 for kind in ("Rss", "Anonymous"))  # type: ignore[return-value]
