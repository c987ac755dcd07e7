"""Wherever the Inspector is named, it is the version that is tested, with the Node it needs."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, pages
from tests.interop import node

MENTION = re.compile(rf"{re.escape(node.INSPECTOR)}(?:@([\w.-]+))?")
NODE = re.compile(r"Node (\d+)\.(\d+) or newer")
SOURCES = [ROOT / "README.md", *pages(), *sorted((ROOT / "example_project").rglob("*.py"))]
NAMING = [path for path in SOURCES if MENTION.search(path.read_text())]


def test_inspector_is_named_where_newcomers_look() -> None:
    named = {str(path.relative_to(ROOT)) for path in NAMING}

    assert {"README.md", "docs/tutorial/index.md", "example_project/demo/invitation.py"} <= named


@pytest.mark.parametrize("path", NAMING, ids=lambda path: str(path.relative_to(ROOT)))
def test_mention_has_the_version_that_is_tested_and_the_node_that_it_needs(path: Path) -> None:
    text = path.read_text()

    assert set(MENTION.findall(text)) == {node.pinned(node.INSPECTOR)}
    assert {tuple(map(int, found)) for found in NODE.findall(text)} == {node.MINIMUM_NODE}


def test_node_that_runs_the_programs_is_what_the_inspector_asks_for() -> None:
    assert node.required_node(node.INSPECTOR) == ">={}.{}.0".format(*node.MINIMUM_NODE)
