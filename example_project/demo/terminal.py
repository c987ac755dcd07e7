"""Terminal output of the demo: plain text, and colours where the terminal has them."""

import os
import shutil
import sys
import textwrap
from collections.abc import Sequence

HAS_COLOURS = sys.stdout.isatty() and "NO_COLOR" not in os.environ
WIDTH = min(shutil.get_terminal_size((100, 24)).columns, 110)
BAR_WIDTH = 32


def heading(text: str) -> None:
    print(
        f"\n{_styled('1;36', '── ' + text + ' ' + '─' * max(3, WIDTH - len(text) - 4))}", flush=True
    )


def say(text: str, *, indent: int = 2) -> None:
    """Print a wrapped paragraph."""
    margin = " " * indent
    for line in _wrapped(text, WIDTH - indent):
        print(f"{margin}{line}", flush=True)


def command(text: str) -> None:
    """Print the command line that does the same."""
    print(f"  {_styled('2', '$ ' + text)}", flush=True)


def call(name: str, arguments: str) -> None:
    """A tool call as it is about to be made."""
    print(f"  {_styled('1', '→ ' + name)} {arguments}", flush=True)


def good(text: str) -> None:
    _marked("32", "✓", text)


def refused(text: str) -> None:
    _marked("33", "✗", text)


def verbatim(text: str) -> None:
    """Text to copy: as it is, without indentation or wrapping."""
    print(text, flush=True)


def table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns as wide as they must be; the last one is cut at the terminal's edge."""
    widths = [max(map(len, column)) for column in zip(headers, *rows, strict=True)]
    for number, row in enumerate([headers, *rows]):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        line = line[: WIDTH - 2].rstrip()
        print("  " + (_styled("2", line) if number == 0 else line), flush=True)


def facts(pairs: Sequence[tuple[str, str]]) -> None:
    """Names and values; values are never cut, because they are there to be copied."""
    width = max(len(name) for name, _ in pairs)
    for name, value in pairs:
        print(f"  {_styled('2', name.ljust(width))}  {value}", flush=True)


def share_bar(share: float) -> str:
    """A bar for a part of a hundred."""
    return "█" * max(1, round(share / 100 * BAR_WIDTH))


class ProgressBar:
    """One line that fills up. Away from a terminal it is printed once, as it is in the end."""

    def __init__(self) -> None:
        self.reports: list[tuple[float, float | None]] = []
        self._line = ""

    async def show(self, progress: float, total: float | None, message: str | None) -> None:
        """Takes a progress notification, in the form of the SDK's callbacks."""
        self.reports.append((progress, total))
        filled = round(BAR_WIDTH * progress / total) if total else 0
        bar = "█" * filled + "░" * (BAR_WIDTH - filled)
        self._line = f"  {bar} {message or ''}"[:WIDTH]
        if sys.stdout.isatty():
            # The rest of a longer line before it is erased.
            print(f"\r{self._line}\033[K", end="", flush=True)

    def close(self) -> None:
        if self.reports:
            print("" if sys.stdout.isatty() else self._line, flush=True)


def _marked(colour: str, mark: str, text: str) -> None:
    first, *rest = _wrapped(text, WIDTH - 4)
    print(f"  {_styled(colour, mark)} {first}", flush=True)
    for line in rest:
        print(f"    {line}", flush=True)


def _wrapped(text: str, width: int) -> list[str]:
    """Lines of at most `width`; the text's own lines stay apart, and long words stay whole."""
    return [
        part
        for line in text.splitlines()
        for part in textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False)
    ] or [""]


def _styled(codes: str, text: str) -> str:
    return f"\033[{codes}m{text}\033[0m" if HAS_COLOURS else text
