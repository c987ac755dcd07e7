"""Versions in pyproject.toml, tox, CI, Makefile and documents, which have to agree."""

import itertools
import re
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.floors import asked, floor, floors, grouped, pyproject
from tests.legs import legs

ROOT = Path(__file__).resolve().parent.parent
WORKFLOWS = ROOT / ".github" / "workflows"

pytestmark = pytest.mark.skipif(not WORKFLOWS.exists(), reason="needs the checkout")


def read(name: str) -> str:
    return (ROOT / name).read_text()


def classified(trove: str) -> list[str]:
    """The versions in the classifiers of pyproject.toml that begin so."""
    found = (
        re.fullmatch(rf"{trove} :: (\d+\.\d+)", text)
        for text in pyproject()["project"]["classifiers"]
    )
    return [match[1] for match in found if match]


def tox_environments() -> list[list[str]]:
    """The factors of each environment in the list of tox.ini."""
    tox = ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini")
    return [
        "".join(parts).split("-")
        for line in tox["tox"]["env_list"].split()
        for parts in itertools.product(
            *(part.strip("{}").split(",") for part in re.split(r"(\{.+?\})", line))
        )
    ]


def tox_versions(prefix: str) -> set[str]:
    """The versions that stand in factors such as py311 or django52."""
    factors = (
        re.fullmatch(rf"{prefix}(\d)(\d+)", factor)
        for factor in itertools.chain.from_iterable(tox_environments())
    )
    return {f"{match[1]}.{match[2]}" for match in factors if match}


def used_actions() -> list[str]:
    """The actions of others that the workflows use, with what they are pinned to."""
    texts = [path.read_text() for path in WORKFLOWS.glob("*.yml")]
    used = {action for text in texts for action in re.findall(r"uses: (.+)", text)}
    return sorted(action for action in used if not action.startswith("./"))


def with_dependencies(*dependencies: str) -> dict[str, Any]:
    return {
        "build-system": {"requires": []},
        "project": {"name": "us", "dependencies": dependencies, "optional-dependencies": {}},
        "dependency-groups": {"lowest": ["other>=2"], "package": []},
    }


def test_every_python_that_is_promised_is_tested_by_tox_and_ci() -> None:
    promised = classified("Programming Language :: Python")

    assert promised[0] == str(floor(Requirement(f"us{lowest_python()}").specifier))
    assert tox_versions("py") == set(promised)
    assert re.findall(r'python: "(.+)", factor: py', read(".github/workflows/ci.yml")) == promised


def lowest_python() -> str:
    requires: str = pyproject()["project"]["requires-python"]
    return requires


def test_every_django_that_is_promised_is_tested_by_tox() -> None:
    promised = classified("Framework :: Django")

    assert promised[0] == str(min(map(Version, promised)))
    assert tox_versions("django") == set(promised)
    for version in promised:
        major, minor = version.split(".")
        assert f"django{major}{minor}: django>={version},<" in read("tox.ini")


def test_readme_names_the_versions_that_are_promised() -> None:
    pythons = classified("Programming Language :: Python")
    lts, *between, newest = classified("Framework :: Django")

    assert (
        f"Python {pythons[0]} to {pythons[-1]}; "
        f"Django {', '.join([f'{lts} LTS', *between])} and {newest};"
    ) in read("README.md")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("README.md", "needs Python {0} or newer"),
        ("CONTRIBUTING.md", "You need Python {0} or newer"),
        ("docs/tutorial/index.md", "You need Python {0} or newer"),
        ("Makefile", "is older than {0}: "),
        (".ci/run", "! python{0} -c"),
        ("pyproject.toml", 'target-version = "py{1}"'),
    ],
)
def test_lowest_python_is_the_same_everywhere(name: str, text: str) -> None:
    lowest = classified("Programming Language :: Python")[0]

    assert text.format(lowest, lowest.replace(".", "")) in read(name)


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


def test_lock_file_has_an_allowed_version_of_all_that_development_asks_for() -> None:
    project = pyproject()
    wanted = [*asked(project), *grouped(project["dependency-groups"], "dev")]
    locked: dict[str, list[str]] = {}
    for name, version in re.findall(r"^([^ #=]+)==([^ ]+) ", read("requirements-dev.lock"), re.M):
        locked.setdefault(name, []).append(version)

    assert {
        str(requirement)
        for requirement in map(Requirement, wanted)
        if not (versions := locked.get(canonicalize_name(requirement.name)))
        or not all(requirement.specifier.contains(version) for version in versions)
    } == set()


def test_lock_file_names_no_index_and_no_machine() -> None:
    assert not re.search(r"://|--(extra-)?index-url|--find-links", read("requirements-dev.lock"))


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
