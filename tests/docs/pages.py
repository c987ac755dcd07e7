"""The pages of the documentation, and the steps that they ask their readers to take."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"

FENCE = re.compile(
    r"^(?P<fence>`{3,})(?P<language>[^\n`]*)\n(?P<text>.*?)^(?P=fence)$", re.MULTILINE | re.DOTALL
)
FILE = re.compile(
    r"(?P<verb>Write|Replace|Add to the end of) `(?P<path>[^`]+)`"
    r"(?: with|(?P<or_add>, or add to its end))?:$"
)
BACKGROUND = "leave it running"
PROMPT = "$ "


class UnclearStepError(Exception):
    """A page asks for something that cannot be followed word for word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block, and the paragraph right before it."""

    page: Path
    line: int
    language: str
    text: str
    lead: str

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file to write (`Write`), to write anew (`Replace`) or to extend (`Add to the end of`).

    One that `may_exist` is extended where it is there already.
    """

    block: Block
    verb: str
    path: str
    text: str
    may_exist: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command to run, with what it prints where the page shows that."""

    block: Block
    line: str
    output: Sequence[str]
    is_left_running: bool


def pages() -> list[Path]:
    """Every page, in alphabetical order."""
    return sorted(DOCS.rglob("*.md"))


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page, from top to bottom."""
    text = page.read_text()
    for match in FENCE.finditer(text):
        before = text[: match.start()]
        lead = before.rstrip("\n").rpartition("\n\n")[2]
        yield Block(
            page=page,
            line=before.count("\n") + 1,
            language=match["language"],
            text=match["text"],
            lead=" ".join(lead.split()),
        )


def steps(page: Path) -> Iterator[File | Command]:
    """What a page tells its reader to do, in order: files to write, and commands to run.

    Blocks of other languages without such words before them only show something.
    """
    for block in blocks(page):
        file = FILE.search(block.lead)
        if file is not None:
            yield File(
                block=block,
                verb=file["verb"],
                path=file["path"],
                text=block.text,
                may_exist=file["or_add"] is not None,
            )
        elif block.language == "console":
            yield from _commands(block)
        elif block.language == "python":
            raise UnclearStepError(f"{block}: the page does not say which file this belongs to")


def _commands(block: Block) -> Iterator[Command]:
    lines = block.text.splitlines()
    if not lines or not lines[0].startswith(PROMPT):
        raise UnclearStepError(f"{block}: a console begins with a command")
    number = 0
    numbered = []
    is_continued = False
    for line in lines:
        is_command = line.startswith(PROMPT)
        number += is_command
        numbered.append((number, is_command or is_continued, line.removeprefix(PROMPT)))
        is_continued = (is_command or is_continued) and line.endswith("\\")
    for _, group in groupby(numbered, key=lambda entry: entry[0]):
        entries = list(group)
        yield Command(
            block=block,
            line="\n".join(text for _, is_typed, text in entries if is_typed),
            output=[text for _, is_typed, text in entries if not is_typed],
            is_left_running=BACKGROUND in block.lead,
        )
