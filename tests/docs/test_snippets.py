"""Every piece of Python in the documentation is Python, and what declares tools can be served."""

import re

import pytest

from django_mcp.primitives.declaration import collecting
from django_mcp.primitives.registry import build
from django_mcp.tools.tool import Tool
from tests.docs.pages import DOCS, ROOT, Block, blocks, pages, steps
from tests.markers import parameter

FOLLOWED = ("howto", "tutorial")
PROSE = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]


def python_blocks(*, followed: bool) -> list[Block]:
    return [
        block
        for page in pages()
        if (page.relative_to(DOCS).parts[0] in FOLLOWED) is followed
        for block in blocks(page)
        if block.language == "python"
    ]


@pytest.mark.parametrize(
    "block",
    [
        parameter(block, id=str(block), needs_oauth=block.page.stem == "authenticators")
        for block in python_blocks(followed=False)
    ],
)
def test_snippet_runs_and_its_tools_can_be_served(block: Block) -> None:
    with collecting() as declared:
        exec(compile(block.text, str(block), "exec"), {"__name__": "snippet"})

        tagged = re.findall(r"^@tool\b", block.text, re.MULTILINE)
        # Adapters declare others, without the decorator.
        assert len(build(declared).of(Tool)) >= len(tagged)


@pytest.mark.parametrize("path", [path for path in PROSE if path.exists()], ids=lambda p: p.name)
def test_snippets_beside_the_documentation_are_python(path: object) -> None:
    found = [block for page in PROSE if page == path for block in blocks(page)]
    python = [block for block in found if block.language == "python"]

    assert python
    for block in python:
        # Parts of files, some with `...` where the reader's own code stands.
        compile(block.text, str(block), "exec")


def test_every_block_of_the_guides_is_a_step_or_says_nothing_to_do() -> None:
    followed = [page for page in pages() if page.relative_to(DOCS).parts[0] in FOLLOWED]

    assert all(list(steps(page)) for page in followed if page.name != "index.md")
