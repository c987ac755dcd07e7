"""Suggestions as a project has them: printed, pasted into a module, imported."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from django_mcp.primitives.declaration import collecting
from django_mcp.primitives.registry import Registry
from tests.calls import serving_declared

DANGER = re.compile(r"# DANGER, ([^:]+):")


@contextmanager
def pasted(source: str, folder: Path) -> Iterator[Registry]:
    """Serve the tools that a module of this source declares instead of the project's."""
    path = folder / "mcp_tools.py"
    path.write_text(source)
    spec = spec_from_file_location("pasted_tools", path)
    assert spec is not None
    assert spec.loader is not None
    with collecting() as declared:
        spec.loader.exec_module(module_from_spec(spec))
        with serving_declared(declared) as registry:
            yield registry


def printed_actions(source: str) -> dict[str, list[str]]:
    """The sorts of the dangers of each action; `#` stands before one that is commented out."""
    found: dict[str, list[str]] = {}
    dangers: list[str] = []
    statement = ""
    for line in source.splitlines():
        text = line.removeprefix("# ")
        if danger := DANGER.match(line):
            dangers.append(danger[1])
        if statement or text.startswith("expose("):
            statement += text
            if text.endswith(")"):
                mark = "#" if line.startswith("#") else ""
                names = statement.partition("actions=[")[2].partition("]")[0]
                found |= {mark + name.strip('" '): dangers for name in names.split(",")}
                dangers, statement = [], ""
    return found


def reasons_of(source: str) -> str:
    """The comments, as if no line had an end."""
    lines = (line[2:] for line in source.splitlines() if line.startswith("# "))
    return " ".join(lines)
