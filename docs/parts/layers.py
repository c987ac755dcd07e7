"""The layers of the package: the contract of import-linter, with the docstrings of the modules."""

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import django_mcp
from docs.parts.docstrings import summary
from docs.parts.markdown import code, table

PACKAGE = Path(django_mcp.__file__).parent
CONTRACTS = Path(__file__).resolve().parents[2] / "pyproject.toml"


class UndescribedModuleError(Exception):
    """A module of the package has no docstring."""


def layer_lines() -> Iterator[str]:
    """A table of every module and package on its layer, the highest first."""
    rows = [
        (str(number) if module == modules[0] else "", code(name), meaning)
        for number, modules in enumerate(layers(), start=1)
        for module in modules
        for name, meaning in [described(PACKAGE, module)]
    ]
    yield from table(("layer", "module", "holds"), rows)


def layers() -> list[list[str]]:
    """The modules and packages on each layer, the highest first."""
    contracts = tomllib.loads(CONTRACTS.read_text())["tool"]["importlinter"]["contracts"]
    found: list[str] = next(each["layers"] for each in contracts if each["type"] == "layers")
    return [layer.split(" | ") for layer in found]


def described(folder: Path, name: str) -> tuple[str, str]:
    """The path of a module or package as people write it, and the summary of its docstring."""
    package = folder / name / "__init__.py"
    path = package if package.exists() else folder / f"{name}.py"
    docstring = ast.get_docstring(ast.parse(path.read_text()))  # read and not imported
    if not docstring:
        raise UndescribedModuleError(path)
    return f"{name}/" if path == package else name, summary(docstring)
