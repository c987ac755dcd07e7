"""Markdown, written."""

from collections.abc import Iterable, Iterator, Sequence


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table; whatever its cells hold stays in them."""
    yield _row(heads)
    yield _row(["---"] * len(heads))
    yield from map(_row, rows)


def code(text: str) -> str:
    """A code span; empty for no text."""
    return f"`{text}`" if text else ""


def sentence(text: str) -> str:
    """The text with a capital letter and a full stop; empty for no text."""
    text = text.strip()
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}" if text else ""


def entry(heading: str, meaning: str) -> Iterator[str]:
    """What has a heading in code, and below it what it means."""
    yield f"### {code(heading)}"
    yield ""
    if meaning:
        yield meaning
        yield ""


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
