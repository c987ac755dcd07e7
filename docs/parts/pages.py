"""The pages that have parts made from the code, and those parts.

A part stands between two comments; the first names it, as `<!-- generated: model ToolGroup -->`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from docs.parts.calls import docstring_lines, guard_lines, path_lines
from docs.parts.checks import check_lines
from docs.parts.classes import class_lines
from docs.parts.commands import command_lines
from docs.parts.exceptions import exception_lines
from docs.parts.layers import layer_lines
from docs.parts.models import model_lines
from docs.parts.names import name_lines
from docs.parts.options import option_lines
from docs.parts.settings import setting_lines

DOCS = Path(__file__).resolve().parents[1]
PAGES = [
    *sorted((DOCS / "reference").glob("*.md")),
    DOCS / "explanation" / "path-of-a-call.md",
    DOCS.with_name("CONTRIBUTING.md"),
]

PART = re.compile(
    r"(?P<begin><!-- generated: (?P<kind>\w+) ?(?P<subject>[^\n]*?) ?-->\n)"
    r".*?(?P<end><!-- end -->)",
    re.DOTALL,
)
WRITERS: Mapping[str, Callable[[str], Iterator[str]]] = {
    "checks": lambda _: check_lines(),
    "class": class_lines,
    "command": command_lines,
    "docstring": docstring_lines,
    "exceptions": lambda _: exception_lines(),
    "guards": lambda _: guard_lines(),
    "layers": lambda _: layer_lines(),
    "model": model_lines,
    "names": name_lines,
    "options": option_lines,
    "path": path_lines,
    "settings": lambda _: setting_lines(),
}


def generated(page: str) -> str:
    """The page with all its parts as the code has them now."""
    return PART.sub(_written, page)


def _written(part: re.Match[str]) -> str:
    lines = WRITERS[part["kind"]](part["subject"])
    text = "\n".join(lines).strip("\n")
    return f"{part['begin']}\n{text}\n\n{part['end']}"
