"""Scopes without a description are told, near misses with what was probably meant."""

import re

import pytest
from pytest_django import Settings

from django_mcp import tool
from django_mcp.primitives.declaration import collecting
from django_mcp.primitives.registry import build, using_registry
from tests.checks.messages import found, hints
from tests.tools.single_tools import unlocated

# Django's own checks of the models ask SQLite once whether it has JSON.
pytestmark = [pytest.mark.django_db, pytest.mark.oauth]


def told(
    settings: Settings, *, described: list[str], used: list[str], id: str = "W031"
) -> list[str]:
    settings.OAUTH2_PROVIDER = {
        **settings.OAUTH2_PROVIDER,
        "SCOPES": dict.fromkeys(described, "In words"),
    }
    with collecting() as declared:
        for number, scope in enumerate(used):

            @tool(name=f"tool_{number}", scopes=[scope])
            def example() -> None:
                """Do something."""

    with using_registry(build(declared)):
        return found().get(id, [])


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("notes:raed", "notes:read"),
        ("note:read", "notes:read"),
        ("notes:Read", "notes:read"),
        ("notes.read", "notes:read"),
        ("notes_read", "notes:read"),
        ("notesread", "notes:read"),
        ("read:notes", "notes:read"),
        ("notes:wirte", "notes:write"),
        ("notes:reads", "notes:read"),
    ],
)
def test_w031_tells_what_a_tool_meant(settings: Settings, asked: str, near: str) -> None:
    (message,) = told(settings, described=["notes:read", "notes:write"], used=[asked, "shop:x"])

    assert re.search(r" \(tests/checks/oauth/test_scopes\.py:\d+\): ", message)
    assert unlocated(message) == (
        f'{__name__}.told.<locals>.example: OAUTH2_PROVIDER["SCOPES"] does not describe the scope '
        f"{asked!r}. Did you mean {near!r}?"
    )


def test_w031_tells_of_a_key_that_no_tool_uses(settings: Settings) -> None:
    (message,) = told(settings, described=["notes:read", "note:read"], used=["notes:read"])

    assert message == (
        "OAUTH2_PROVIDER[\"SCOPES\"] describes 'note:read', and nothing asks for that scope. "
        "Did you mean 'notes:read'?"
    )


@pytest.mark.parametrize(
    ("described", "used"),
    [
        (["notes:read", "notes:write"], ["notes:read", "notes:write"]),
        (["notes:read"], ["notes:write"]),
        (["notes:read"], ["shop:read"]),
        (["notes:read"], ["notes:read:all"]),
        (["notes:read"], ["notes"]),
        (["team1:read"], ["team2:read"]),
        (["a:read"], ["b:read"]),
        (["openid", "profile"], ["notes:read"]),
        ([], ["notes:read"]),
    ],
    ids=str,
)
def test_scopes_that_are_merely_others_are_no_misspellings(
    settings: Settings, described: list[str], used: list[str]
) -> None:
    assert told(settings, described=described, used=used) == []


def test_i002_lists_all_scopes_without_words_in_one_message(settings: Settings) -> None:
    described = ["notes:read", "notes:write"]
    used = ["notes:raed", "notes:write", "shop:write", "shop:read"]

    (message,) = told(settings, described=described, used=used, id="I002")

    assert message == (
        'OAUTH2_PROVIDER["SCOPES"] does not describe shop:read, shop:write: the consent page shows '
        "users the names of these scopes."
    )
    assert told(settings, described=used, used=used, id="I002") == []


def test_i002_says_what_to_type(settings: Settings) -> None:
    settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, "SCOPES": {"shop:read": ""}}
    with collecting() as declared:

        @tool(scopes=["shop:read", "notes"])
        def example() -> None:
            """Do something."""

    with using_registry(build(declared)):
        assert hints()["I002"] == [
            'Add to OAUTH2_PROVIDER["SCOPES"]: "notes": "...", "shop:read": "...".'
        ]
