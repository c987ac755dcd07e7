"""The parts made from the code name every layer, guard and way of running."""

import re
from pathlib import Path

import pytest

import django_mcp
from django_mcp import guards
from django_mcp.guards import Call, all_guards
from docs.parts.layers import UndescribedModuleError, described
from docs.parts.pages import PAGES
from tests.docs.pages import DOCS, ROOT

PACKAGE = Path(django_mcp.__file__).parent
PATH_OF_A_CALL = (DOCS / "explanation" / "path-of-a-call.md").read_text()


def test_contributing_has_exactly_the_modules_of_the_package_on_layers() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    named = re.findall(r"^\| \d* \| `(\w+)/?` \|", text, re.MULTILINE)

    modules = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")} - {"migrations"}
    assert sorted(named) == sorted(modules | packages)


def test_a_module_without_a_docstring_stops_the_build(tmp_path: Path) -> None:
    (tmp_path / "mute.py").write_text("")

    with pytest.raises(UndescribedModuleError, match=r"mute\.py"):
        described(tmp_path, "mute")


def test_path_of_a_call_has_exactly_the_guards_in_their_order() -> None:
    table = PATH_OF_A_CALL.partition("<!-- generated: guards -->")[2].partition("<!-- end -->")[0]

    assert re.findall(r"^\| \d+ \| `(\w+)` \|", table, re.MULTILINE) == names()


def test_story_of_a_call_names_the_guards_in_their_order() -> None:
    """What somebody reads who opens `guards/__init__.py`."""
    story = (guards.__doc__ or "").partition("`before` is called")[0]

    assert re.findall(r"^    (\w+) ", story, re.MULTILINE) == names()


@pytest.mark.parametrize(
    "page",
    [ROOT / "CONTRIBUTING.md", *sorted((DOCS / "explanation").glob("*.md"))],
    ids=lambda page: page.stem,
)
def test_paths_of_the_package_lead_to_files_that_exist(page: Path) -> None:
    code = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    paths = re.findall(r"`((?:\w+/)+|(?:\w+/)*\w+\.py)`", code)

    assert [path for path in paths if not any((at / path).exists() for at in (PACKAGE, ROOT))] == []


@pytest.mark.parametrize("name", ["path-of-a-call", "CONTRIBUTING"])
def test_pages_beside_the_reference_are_kept_to_the_code(name: str) -> None:
    assert name in {page.stem for page in PAGES}


def names() -> list[str]:
    return [type(guard).__name__ for guard in all_guards()]


def test_reference_names_attributes_that_a_call_has() -> None:
    text = (DOCS / "reference" / "guards.md").read_text().partition("## Call\n")[2]
    table = text.partition("## Rendered")[0]
    named = re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
    attributes = [name for cell in named for name in re.findall(r"`(\w+)`", cell)]

    assert attributes
    assert [name for name in attributes if not hasattr(Call, name)] == []
