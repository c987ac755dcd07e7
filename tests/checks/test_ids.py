"""Ids of the system checks stand in one table, and keep their meaning for good."""

import re
from pathlib import Path

import django_mcp
from django_mcp.checks.ids import RETIRED_IDS, CheckId

PACKAGE = Path(django_mcp.__file__).parent
TABLE = PACKAGE / "checks" / "ids.py"
CHECK_ID = re.compile(r"django_mcp\.[EWI]\d{3}")


def test_each_id_has_a_number_of_its_own() -> None:
    written = re.findall(r'= "(.+)"$', TABLE.read_text(), re.MULTILINE)

    assert written
    assert sorted(written) == sorted(set(written))
    assert all(map(CHECK_ID.fullmatch, written))


def test_no_id_of_an_earlier_message_is_given_again() -> None:
    assert RETIRED_IDS.isdisjoint(CheckId)


def test_numbers_follow_each_other_in_each_level() -> None:
    known = {*CheckId, *RETIRED_IDS}
    for level in "EWI":
        numbers = sorted(int(each[-3:]) for each in known if f".{level}" in each)
        assert numbers == list(range(1, len(numbers) + 1))


def test_no_module_but_the_table_spells_an_id() -> None:
    modules = [path for path in PACKAGE.rglob("*.py") if path != TABLE]

    assert [path for path in modules if CHECK_ID.search(path.read_text())] == []


def test_every_id_is_the_id_of_a_message() -> None:
    modules = [path.read_text() for path in PACKAGE.rglob("*.py")]
    used = {name for text in modules for name in re.findall(r"\bid=CheckId\.(\w+)", text)}

    assert used == set(CheckId.__members__)
