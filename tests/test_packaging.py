"""Versions in pyproject.toml, tox, CI, Makefile and documents, which have to agree."""

import re
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tests.floors import floor, floors, pyproject
from tests.legs import legs

ROOT = Path(__file__).resolve().parent.parent
WORKFLOWS = ROOT / ".github" / "workflows"

pytestmark = pytest.mark.skipif(not WORKFLOWS.exists(), reason="needs the checkout")


def read(name: str) -> str:
    return (ROOT / name).read_text()


def used_actions() -> list[str]:
    """The actions of others that the workflows use, with what they are pinned to."""
    texts = [path.read_text() for path in WORKFLOWS.glob("*.yml")]
    used = {action for text in texts for action in re.findall(r"uses: (.+)", text)}
    return sorted(action for action in used if not action.startswith("./"))


def with_dependencies(*dependencies: str) -> dict[str, Any]:
    return {
        "build-system": {"requires": []},
        "project": {"name": "us", "dependencies": dependencies, "optional-dependencies": {}},
        "dependency-groups": {"test": ["other>=2"], "package": []},
    }


def test_minor_versions_of_the_sdk_are_allowed_one_by_one() -> None:
    [mcp] = (
        requirement
        for requirement in map(Requirement, pyproject()["project"]["dependencies"])
        if requirement.name == "mcp"
    )
    lowest = floor(mcp.specifier)
    following = f"{lowest.major}.{lowest.minor + 1}"

    assert not mcp.specifier.contains(Version(following))
    assert not mcp.specifier.contains(Version(f"{following}a1"), prereleases=True)


@pytest.mark.parametrize("action", used_actions())
def test_action_is_pinned_by_commit_and_says_its_version(action: str) -> None:
    assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action)


def test_tox_runs_legs_by_their_names() -> None:
    [delegated] = re.findall(r"\[testenv:\{(.+)\}\]\npackage = editable", read("tox.ini"))

    assert set(delegated.split(",")) <= {leg.name for leg in legs()}


def test_lowest_versions_are_those_in_the_requirements() -> None:
    assert floors(with_dependencies("some[extra]>=1.2,<3; python_version < '4'")) == [
        "other==2",
        'some==1.2; python_version < "4"',
    ]


@pytest.mark.parametrize(
    ("dependency", "reason"),
    [("some<3", "No floor of some<3"), ("other>=1", "Two floors of other")],
)
def test_requirement_without_one_lowest_version_is_an_error(dependency: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        floors(with_dependencies(dependency))
