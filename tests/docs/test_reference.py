"""The reference names everything that users can set, silence, run, receive or import."""

import ast
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from django.core.management import get_commands
from django.dispatch import Signal

import django_mcp
from django_mcp import signals
from django_mcp.conf import declared_settings
from django_mcp.models import CallRecord
from django_mcp.tools.declaration import ToolDeclaration
from docs.parts.pages import PAGES, generated
from tests.docs.pages import DOCS, ROOT
from tests.markers import parameter

CHECKS = Path(django_mcp.__file__).with_name("checks")
CHECK_ID = re.compile(r"django_mcp\.[EWI]\d{3}")


def page(name: str) -> str:
    return (DOCS / "reference" / f"{name}.md").read_text()


def rows(text: str) -> Iterator[str]:
    """What the first cells of the tables hold, without its marks."""
    for match in re.finditer(r"^\| `([^`]+)`", text, re.MULTILINE):
        yield match[1]


@pytest.mark.parametrize(
    "path",
    [parameter(path, id=path.stem, needs_oauth=path.stem == "authenticators") for path in PAGES],
)
def test_reference_is_what_the_code_says_now(path: Path) -> None:
    text = path.read_text()

    assert generated(text) == text, "run: python -m docs.parts"


def test_reference_has_exactly_the_settings_that_exist() -> None:
    named = {name for name in rows(page("settings")) if name.startswith("DJANGO_MCP_")}

    assert named == {setting.name for setting in declared_settings()}


def test_reference_explains_exactly_the_checks_that_exist() -> None:
    explained = re.findall(r"^## (\S+)$", page("checks"), re.MULTILINE)

    assert sorted(explained) == sorted(set(explained))
    given = {id for module in CHECKS.rglob("*.py") for id in CHECK_ID.findall(module.read_text())}
    assert set(explained) == given


def test_every_message_of_a_check_has_a_hint() -> None:
    given = [
        node
        for module in CHECKS.rglob("*.py")
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.Call) and any(keyword.arg == "id" for keyword in node.keywords)
    ]

    assert given
    assert [node.lineno for node in given if "hint" not in {k.arg for k in node.keywords}] == []


def test_reference_describes_exactly_the_commands_that_exist() -> None:
    commands = {name for name, app in get_commands().items() if app == "django_mcp"}

    assert commands
    assert set(re.findall(r"^## (\S+)$", page("commands"), re.MULTILINE)) == commands


def test_reference_describes_exactly_the_signals_that_exist() -> None:
    names = {name for name, value in vars(signals).items() if isinstance(value, Signal)}

    assert names
    assert {name for name in rows(page("signals")) if name.startswith("tool_")} == names


def test_reference_explains_exactly_the_options_of_a_tool() -> None:
    options = {each.name for each in fields(ToolDeclaration)} - {"function"}

    assert set(rows(page("tools").partition("## Parameters")[0])) == options


def test_reference_lists_exactly_the_names_that_the_package_exports() -> None:
    lines = re.findall(r"^\| (`.*?) \|", page("index"), re.MULTILINE)
    named = [name for line in lines for name in re.findall(r"`(\w+)`", line)]

    assert sorted(named) == sorted(django_mcp.__all__)


def test_reference_explains_exactly_the_outcomes_that_exist() -> None:
    outcomes = page("models").partition("### Outcomes")[2]

    assert set(rows(outcomes)) == set(CallRecord.Outcome.values)


def test_readme_explains_every_option_of_a_tool() -> None:
    readme = (ROOT / "README.md").read_text()
    options = {each.name for each in fields(ToolDeclaration)} - {"function"}

    assert {option for option in options if f"`{option}`" not in readme} == set()
