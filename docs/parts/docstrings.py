"""Docstrings as Markdown: their paragraphs, and what they say of arguments."""

import re
from collections.abc import Iterator

ARGUMENTS = re.compile(r"^Args:\n(?P<entries>(?: +.*\n?)+)", re.MULTILINE)
ENTRY = re.compile(r"^ {4}(?=\w+: )", re.MULTILINE)


def paragraphs(docstring: str) -> Iterator[str]:
    """The lines of a docstring, its arguments as a list."""
    for paragraph in docstring.split("\n\n"):
        if ARGUMENTS.match(paragraph):
            yield from (f"- `{name}`: {meaning}" for name, meaning in arguments(paragraph))
        else:
            yield paragraph
        yield ""


def arguments(docstring: str) -> Iterator[tuple[str, str]]:
    """The arguments that a docstring describes, each with its description."""
    section = ARGUMENTS.search(docstring)
    for entry in ENTRY.split(section["entries"] if section else ""):
        name, _, meaning = entry.partition(": ")
        if meaning:
            yield name, " ".join(meaning.split())


def summary(docstring: str) -> str:
    """The first paragraph, on one line."""
    return " ".join(docstring.partition("\n\n")[0].split())
