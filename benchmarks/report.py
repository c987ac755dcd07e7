"""What a scenario found, as text and as Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.rounds import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What is wanted, and what was measured."""

    wanted: str
    measured: str
    is_met: bool

    @property
    def verdict(self) -> str:
        return "met" if self.is_met else "missed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One scenario's table, with the aims that it decides."""

    title: str
    text: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    aims: Sequence[Aim] = ()

    def to_markdown(self) -> str:
        lines = [f"## {self.title}", "", self.text, "", *markdown_table(self.header, self.rows)]
        if self.aims:
            lines += ["", *(f"- {a.wanted}: {a.measured}, **{a.verdict}**" for a in self.aims)]
        return "\n".join(lines) + "\n"


CONTEST_HEADER = ("Server", "Ratio", "Requests/s", "Server CPU, us", "Median, ms", "99 %, ms")


def contest_rows(results: Sequence[Result], reference: Result) -> list[list[str]]:
    """A row for each contestant; the ratio is to the reference's rate."""
    return [
        [
            each.name,
            f"{each.ratio_to(reference):.2f}",
            f"{each.rate:.0f}",
            f"{middle(each.cpu_us):.0f}",
            f"{middle(each.median_ms):.1f}",
            f"{middle(each.slowest_percent_ms):.1f}",
        ]
        for each in results
    ]


def at_most(wanted: str, ratio: float, limit: float) -> Aim:
    return Aim(wanted=wanted, measured=f"{ratio:.2f} times", is_met=ratio <= limit)


def middle(values: Sequence[float]) -> float:
    """The median; NaN of nothing."""
    ordered = sorted(values)
    half = len(ordered) // 2
    if not ordered:
        return float("nan")
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def at_least(wanted: str, ratio: float, limit: float) -> Aim:
    return Aim(wanted=wanted, measured=f"{ratio:.2f} times", is_met=ratio >= limit)


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table; every column but the first is of numbers."""
    alignment = ["---", *("--:" for _ in header[1:])]
    return ["| " + " | ".join(row) + " |" for row in (header, alignment, *rows)]
