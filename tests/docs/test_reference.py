"""The reference names everything that users can set, silence, run, receive or import."""

import ast
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest
from django.core.management import get_commands, load_command_class
from django.dispatch import Signal
from django.utils.functional import Promise

import django_mcp
from django_mcp import exceptions, signals
from django_mcp.checks.ids import CheckId
from django_mcp.conf import declared_settings
from django_mcp.models import CallRecord
from django_mcp.tools.declaration import ToolDeclaration
from docs.parts.pages import PAGES, generated
from tests.docs.pages import DOCS, ROOT
from tests.markers import parameter

CHECKS = Path(django_mcp.__file__).with_name("checks")


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
    assert set(explained) == set(CheckId)


def test_table_of_checks_has_every_message() -> None:
    listed = re.findall(r"^\| \[`([^`]+)`\]", page("checks"), re.MULTILINE)

    assert set(listed) == set(CheckId)


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


def section(heading: str) -> str:
    """A section of the page of names."""
    return page("names").partition(f"## {heading}\n")[2].partition("\n## ")[0]


def cells(text: str, column: int) -> Iterator[set[str]]:
    """What stands in code in a column of a table, row by row."""
    for line in text.splitlines():
        if line.startswith("| `"):
            yield set(re.findall(r"`([^`]+)`", line.split("|")[column + 1]))


def test_names_have_exactly_the_keys_that_the_code_writes() -> None:
    package = Path(django_mcp.__file__).parent
    texts = [path.read_text() for path in package.rglob("*.py")]
    written = {key for text in texts for key in re.findall(r"\bdjango-mcp/[a-z-]+", text)}

    assert set(rows(section("Keys of `_meta`"))) == written


def test_names_have_exactly_the_kinds_that_calls_end_in() -> None:
    raised = {cls.outcome for cls in ends()} | set(get_args(exceptions.ToolOutcome))

    assert set(rows(section("Kinds"))) == raised | {"ok", "repeated", "running"}


def test_every_kind_has_a_label_that_can_be_translated() -> None:
    choices = CallRecord._meta.get_field("outcome").flatchoices

    assert {value for value, _ in choices} == set(rows(section("Kinds")))
    assert [value for value, label in choices if not isinstance(label, Promise)] == []


def test_names_have_exactly_the_exceptions_that_exist_with_their_kinds() -> None:
    named = dict(zip(rows(section("Exceptions")), cells(section("Exceptions"), 2), strict=True))

    assert named == {
        name: {value.outcome} if value in ends() else set()
        for name, value in vars(exceptions).items()
        if isinstance(value, type) and issubclass(value, exceptions.DjangoMCPError)
    }


def ends() -> list[type[exceptions.CallError]]:
    """The exceptions of the package that end a call."""
    return [
        value
        for value in vars(exceptions).values()
        if isinstance(value, type) and issubclass(value, exceptions.CallError)
    ]


def test_names_have_exactly_the_settings_that_exist() -> None:
    assert set(rows(section("Settings"))) == {setting.name for setting in declared_settings()}


def test_names_have_exactly_the_commands_that_exist_with_their_actions() -> None:
    named = dict(zip(rows(section("Commands")), cells(section("Commands"), 1), strict=True))
    commands = {name for name, app in get_commands().items() if app == "django_mcp"}

    assert named == {name: accepted_actions(name) for name in commands}


def accepted_actions(name: str) -> set[str]:
    """The actions that a command names in its help."""
    text = load_command_class("django_mcp", name).create_parser("manage.py", name).format_help()
    listed = re.search(r"^positional arguments:\n +\{([a-z,]+)\}", text, re.MULTILINE)
    return set(listed[1].split(",")) if listed else set()


def test_readme_explains_every_option_of_a_tool() -> None:
    readme = (ROOT / "README.md").read_text()
    options = {each.name for each in fields(ToolDeclaration)} - {"function"}

    assert {option for option in options if f"`{option}`" not in readme} == set()
