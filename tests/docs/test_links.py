"""What the pages beside the documentation link to exists; Sphinx looks after its own pages."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT, pages

LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("path", [*sorted(ROOT.glob("*.md")), *pages()], ids=lambda p: p.name)
def test_links_lead_to_files(path: Path) -> None:
    targets = LINK.findall(path.read_text())

    assert [target for target in targets if not (path.parent / target).exists()] == []


def test_every_page_can_be_reached_from_the_first() -> None:
    reached = {DOCS / "index.md"}
    pending = list(reached)
    while pending:
        page = pending.pop()
        targets = [target for target in LINK.findall(page.read_text()) if target.endswith(".md")]
        linked = {(page.parent / target).resolve() for target in targets}
        pending += linked - reached
        reached |= linked

    assert set(pages()) <= reached
