"""What the wheel holds, and what it says of itself."""

import fnmatch
from email import message_from_bytes
from email.message import Message
from pathlib import Path, PurePosixPath
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement

import django_mcp
from tests.floors import floor, floors, pyproject

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def contents(wheel: Path) -> set[str]:
    with ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if not name.endswith("/")}


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    with ZipFile(wheel) as archive:
        [name] = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return message_from_bytes(archive.read(name))


def test_wheel_holds_every_file_of_the_package(contents: set[str]) -> None:
    source = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "django_mcp").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert {name for name in contents if name.startswith("django_mcp/")} == source


def test_wheel_holds_nothing_beside_the_package_and_its_metadata(contents: set[str]) -> None:
    folders = {name.split("/")[0] for name in contents}

    assert folders == {
        "django_mcp",
        f"django_mcp_toolkit-{django_mcp.__version__}.dist-info",
    }


def test_wheel_holds_nothing_but_code_and_what_it_shows(contents: set[str]) -> None:
    kinds = {PurePosixPath(name).suffix for name in contents if name.startswith("django_mcp/")}

    assert kinds <= {".css", ".html", ".js", ".mo", ".po", ".py", ".typed"}


@pytest.mark.parametrize(
    "pattern",
    [
        "django_mcp/py.typed",
        "django_mcp/migrations/0001_*.py",
        "django_mcp/static/*.css",
        "django_mcp/static/*.js",
        "django_mcp/templates/*.css",
        "django_mcp/templates/*.html",
        "*.dist-info/licenses/LICENSE",
    ],
)
def test_wheel_holds_what_is_not_imported_too(contents: set[str], pattern: str) -> None:
    assert fnmatch.filter(contents, pattern)


def test_metadata_names_the_distribution_its_licence_and_its_extras(metadata: Message) -> None:
    assert metadata["Name"] == "django-mcp-toolkit"
    assert metadata["Version"] == django_mcp.__version__
    assert metadata["License-Expression"] == "BSD-3-Clause"
    assert metadata["Requires-Python"] == ">=3.11"
    assert set(metadata.get_all("Provides-Extra", [])) == {
        "all",
        "celery",
        "drf",
        "oauth",
        "ratelimit",
        "resilience",
        "tasks",
    }


def test_metadata_leads_to_the_documentation_and_the_changelog(metadata: Message) -> None:
    urls = dict(text.split(", ") for text in metadata.get_all("Project-URL", []))

    assert urls.keys() == {"Homepage", "Documentation", "Changelog", "Issues"}
    assert all(url.startswith(urls["Homepage"]) for url in urls.values())


def test_only_extras_ask_for_optional_packages(metadata: Message) -> None:
    required = [text for text in metadata.get_all("Requires-Dist", []) if "extra ==" not in text]

    assert sorted(text.split(">")[0].split("<")[0] for text in required) == [
        "asgiref",
        "cryptography",
        "django",
        "docstring-parser",
        "jsonschema-rs",
        "mcp",
        "pydantic",
        "typing-extensions",
    ]


def test_leg_of_the_lowest_versions_pins_what_the_wheel_asks_for(metadata: Message) -> None:
    pinned = {Requirement(text).name: Requirement(text).specifier for text in floors(pyproject())}
    asked = [Requirement(text) for text in metadata.get_all("Requires-Dist", [])]

    assert {
        each.name: str(pinned[each.name]) for each in asked if each.name != metadata["Name"]
    } == {
        each.name: f"=={floor(each.specifier)}" for each in asked if each.name != metadata["Name"]
    }
