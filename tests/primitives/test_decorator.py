"""Options of decorators: checked when a module is imported, and seen by editors and mypy."""

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from django_mcp import tool
from django_mcp.tools.declaration import ToolDeclaration

ROOT = Path(__file__).parents[2]

SOURCE = """
from django_mcp import tool

reveal_type(tool)

@tool
def bare(number: int) -> int:
    return number

@tool(name="good", scopes=["a"], timeout=3, background=True)
def good(number: int) -> int:
    return number

reveal_type(bare)
reveal_type(good)
"""
WRONG_NAME = """
from django_mcp import tool

@tool(read_onyl=True)
def act() -> None: ...
"""
WRONG_TYPE = """
from django_mcp import tool

@tool(read_only="yes")
def act() -> None: ...
"""


@pytest.mark.parametrize(
    ("option", "problem"),
    [
        ("read_onyl", "@tool has no option 'read_onyl'; did you mean 'read_only'?"),
        ("function", "@tool has no option 'function'"),
        ("zzz", "@tool has no option 'zzz'"),
    ],
)
def test_wrong_option_is_refused_where_it_is_written(option: str, problem: str) -> None:
    with pytest.raises(TypeError) as caught:
        tool(**{option: True})  # type: ignore[call-overload]

    assert str(caught.value) == problem


def test_options_are_those_of_the_declaration() -> None:
    parameters = list(inspect.signature(tool).parameters.values())

    declared = inspect.signature(ToolDeclaration).parameters.values()
    assert parameters[1:] == [each for each in declared if each.name != "function"]
    assert parameters[0].kind is inspect.Parameter.POSITIONAL_ONLY
    assert "`django_mcp.tools.declaration.ToolDeclaration`" in (inspect.getdoc(tool) or "")


def checked(source: str, tmp_path: Path) -> str:
    """What mypy prints of a module, which it checks strictly."""
    module = tmp_path / "checked.py"
    module.write_text(source)
    config = tmp_path / "mypy.ini"
    config.write_text("[mypy]\nstrict = true\nfollow_imports = silent\n")
    # Apart from the cache of `make types`, whose options are others.
    cache = ROOT / ".mypy_cache" / "of_tests"
    command = ("-m", "mypy", f"--config-file={config}", f"--cache-dir={cache}", str(module))
    return subprocess.run([sys.executable, *command], capture_output=True, text=True).stdout


@pytest.mark.slow
def test_mypy_sees_every_option_with_its_type(tmp_path: Path) -> None:
    printed = checked(SOURCE, tmp_path)

    assert "Success" in printed, printed
    decorator = printed.partition('Revealed type is "')[2].partition("\n")[0]
    assert all(
        f" {name}: " in decorator
        for name in inspect.signature(tool).parameters
        if name != "function"
    )
    assert printed.count('Revealed type is "def (number: int) -> int"') == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "problem"),
    [
        (WRONG_NAME, 'Unexpected keyword argument "read_onyl"'),
        (WRONG_TYPE, 'matches argument type "str"'),
    ],
)
def test_mypy_refuses_a_wrong_option(tmp_path: Path, source: str, problem: str) -> None:
    assert problem in checked(source, tmp_path)
