"""The tutorial and the how-to guides do what they say, word for word, in an empty folder."""

import re
import sqlite3
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import httpx
import pytest

from tests.docs.conftest import Shell, Tutorial
from tests.docs.pages import DOCS, File, steps
from tests.docs.reader import Reader
from tests.markers import unavailable

pytestmark = [pytest.mark.slow, pytest.mark.oauth]

NEEDS = {
    "choose-a-server": ("gunicorn", "whitenoise"),
    "from-a-viewset": ("rest_framework",),
    "reuse-existing-tasks": ("celery", "django_tasks_db"),
    "run-slow-tools": ("celery", "django_tasks_db"),
}
"""The packages that a guide installs by an extra, and that may be absent here."""

GUIDES = sorted(path for path in (DOCS / "howto").glob("*.md") if path.name != "index.md")


def recorded(database: Path) -> list[tuple[str, str, str]]:
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute(
            "SELECT username, name, outcome FROM django_mcp_callrecord ORDER BY id"
        )
        return list(rows)


def skip_without_packages_of(guide: Path) -> None:
    for needed in NEEDS.get(guide.stem, ()):
        if find_spec(needed) is None:
            pytest.skip(f"{needed} is not installed")


def test_tutorial_ends_with_a_connected_client(tutorial: Tutorial) -> None:
    assert recorded(tutorial.database)[:4] == [
        ("ada", "add_note", "ok"),
        ("ada", "list_notes", "ok"),
        ("ada", "add_note", "invalid_arguments"),
        ("ada", "finish_note", "tool_error"),
    ]


def test_tutorial_ends_with_a_connected_inspector(tutorial: Tutorial, shell: Shell) -> None:
    if shell.no_inspector:
        unavailable(shell.no_inspector)

    assert recorded(tutorial.database)[4:] == [("ada", "finish_note", "ok")]


def test_guides_that_write_the_same_files_go_together(reader: Reader) -> None:
    for guide in ("serve-resources", "offer-prompts", "test-your-tools"):
        for step in steps(DOCS / "howto" / f"{guide}.md"):
            if isinstance(step, File):
                reader.write(step)

    assert "no issues" in reader.run("python manage.py check")
    assert "Ran 10 tests" in reader.run("python manage.py test")


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_guide_works_in_the_project_of_the_tutorial(reader: Reader, guide: Path) -> None:
    skip_without_packages_of(guide)
    reader.follow(guide)


def test_admin_is_styled_under_gunicorn(reader: Reader) -> None:
    guide = DOCS / "howto" / "choose-a-server.md"
    skip_without_packages_of(guide)
    reader.follow(guide)

    assert types_of_style_sheets(reader) == {"text/css"}


def test_tutorial_ends_the_same_under_runserver(reader: Reader) -> None:
    reader.start(
        f"python manage.py runserver --noreload {reader.port}",
        until=lambda printed: "Starting development server" in printed,
    )

    printed = reader.run("python client.py")

    assert "Tools: add_note, finish_note, list_notes" in printed
    assert types_of_style_sheets(reader) == {"text/css"}


def types_of_style_sheets(reader: Reader) -> set[str]:
    """The media types of the style sheets that the admin's login page links to."""
    with httpx.Client(base_url=f"http://127.0.0.1:{reader.port}", trust_env=False) as browser:
        page = browser.get("/admin/login/")
        sheets = re.findall(r'<link rel="stylesheet" href="(/static/[^"]+)"', page.text)
        answers = [browser.get(sheet) for sheet in sheets]
    return {answer.headers["content-type"].partition(";")[0] for answer in answers}
