"""Virtual environment with the lowest versions that pyproject.toml allows, in build/lowest.

    python -m tests.floors    make or renew it; quick when nothing has changed

What the package, its extras, its tests and its build ask for by name has exactly its floor; what
those bring with them is as new as they allow. The interpreter is the lowest that is allowed.
"""

import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "lowest"
PYTHON = FOLDER / "bin" / "python"
CONSTRAINTS = FOLDER / "constraints.txt"
# The groups of what runs in this environment.
GROUPS = ("lowest", "package")


def pyproject() -> Mapping[str, Any]:
    """The parsed pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def floor(specifier: SpecifierSet) -> Version:
    """The lowest version that a specifier allows; ValueError if it names none."""
    return min(Version(each.version) for each in specifier if each.operator in (">=", "=="))


def floors(project: Mapping[str, Any]) -> list[str]:
    """Return the pinned requirements, sorted; ValueError if a name has none or two."""
    pins = {pinned(Requirement(text)) for text in asked(project)}
    names = [Requirement(pin).name for pin in pins]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"Two floors of {', '.join(twice)} in pyproject.toml")
    return sorted(pins)


def asked(project: Mapping[str, Any]) -> Iterator[str]:
    """Requirements of the package, its extras, its build and the groups above."""
    own = project["project"]
    yield from project["build-system"]["requires"]
    yield from own["dependencies"]
    for extra in own["optional-dependencies"].values():
        yield from (text for text in extra if Requirement(text).name != own["name"])
    for group in GROUPS:
        yield from grouped(project["dependency-groups"], group)


def grouped(groups: Mapping[str, Any], name: str) -> Iterator[str]:
    """Requirements of a dependency group and of those that it includes."""
    for entry in groups[name]:
        if isinstance(entry, str):
            yield entry
        else:
            yield from grouped(groups, entry["include-group"])


def pinned(requirement: Requirement) -> str:
    """The requirement at its floor, without its extras; ValueError if it has no floor."""
    try:
        version = floor(requirement.specifier)
    except ValueError:
        raise ValueError(f"No floor of {requirement} in pyproject.toml") from None
    marker = f"; {requirement.marker}" if requirement.marker else ""
    return f"{requirement.name}=={version}{marker}"


def interpreter() -> str:
    """Path of the lowest Python that is allowed; empty if this machine has none."""
    lowest = floor(SpecifierSet(pyproject()["project"]["requires-python"]))
    if sys.version_info[:2] == (lowest.major, lowest.minor):
        return sys.executable
    found = shutil.which(f"python{lowest.major}.{lowest.minor}") or ""
    # A shim of pyenv may stand for an interpreter that is not there.
    if found and subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode:
        return ""
    return found


def constraints() -> str:
    """Text of the file of constraints; the environment is renewed when it changes."""
    project = pyproject()
    python = f"# Python {project['project']['requires-python']}"
    return "\n".join([python, *floors(project), ""])


def is_current() -> bool:
    """Return whether the environment has these versions; False if it was left half made."""
    return PYTHON.exists() and CONSTRAINTS.exists() and CONSTRAINTS.read_text() == constraints()


def obstacle() -> str:
    """Return why the environment cannot be made here, or nothing."""
    if not interpreter():
        return f"no Python of the lowest version {pyproject()['project']['requires-python']}"
    if is_current():
        return ""
    # Tells an index that does not answer from floors that do not fit together.
    index = subprocess.run(
        [sys.executable, "-m", "pip", "index", "--retries=0", "--timeout=15", "versions", "mcp"],
        capture_output=True,
        check=False,
    )
    return "no package index answers: nothing can be installed" if index.returncode else ""


def install() -> None:
    """Make the environment anew."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    subprocess.run([interpreter(), "-m", "venv", "--without-pip", FOLDER], check=True)
    unfinished = FOLDER / "unfinished.txt"
    unfinished.write_text(constraints())
    pip = (sys.executable, "-m", "pip", "--python", str(PYTHON), "install", "--quiet")
    pinned = (*pip, "--constraint", unfinished)
    groups = [f"--group={group}" for group in GROUPS]
    subprocess.run([*pinned, *groups], cwd=ROOT, check=True)
    # Built by the lowest hatchling, too, which the groups have brought.
    subprocess.run([*pinned, "--no-build-isolation", "--editable", ".[all]"], cwd=ROOT, check=True)
    unfinished.rename(CONSTRAINTS)


if __name__ == "__main__":
    if not is_current():
        install()
