"""How commands find the user whom an operator names, and what they say when they find none."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from django_mcp.models import CallRecord
from tests.calls import offering
from tests.commands import run
from tests.databases import finds_whatever_the_case

pytestmark = pytest.mark.django_db

UUID = "8a3c1f0e-5b7d-4f6a-9c2e-1d0b3a4f5e6c"


def named(text: str) -> str:
    """Whom `mcp_catalog` takes for the user of this text."""

    def look() -> None:
        """Look."""

    with offering(look):
        printed = run("mcp_catalog", f"--user={text}").text
    return printed.removeprefix("Visible to ").partition(":")[0]


def refusal(text: str, command: str = "mcp_catalog") -> list[str]:
    """The lines of the error about a text that names no user."""
    return run(command, f"--user={text}").error.splitlines()


def user(username: str, **facts: Any) -> User:
    return User.objects.create_user(username, **facts)


@finds_whatever_the_case
def test_user_is_found_by_username_key_or_email_address() -> None:
    ada = user(UUID, first_name="Ada", last_name="Lovelace", email="Ada@example.com")
    user("ada@example.org")

    for text in (UUID, str(ada.pk), "Ada@example.com", "ada@EXAMPLE.com"):
        assert named(text) == "Ada Lovelace"
    assert named("ada@example.org") == "ada@example.org"


@finds_whatever_the_case
def test_email_address_that_is_the_username_is_found_in_any_case(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(User, "USERNAME_FIELD", "email")
    for number, email in enumerate(("ada@example.com", "Ben@example.com", "ben@example.com")):
        User.objects.create(username=f"{number}", email=email)

    for text, email in (
        ("ADA@example.com", "ada@example.com"),
        ("ben@example.com", "ben@example.com"),
        ("Ben@example.com", "Ben@example.com"),
    ):
        assert named(text) == email
    head, *candidates = refusal("BEN@example.com")
    assert head.startswith("More than one user is called 'BEN@example.com'.")
    assert len(candidates) == 2


def test_username_comes_before_the_key_of_another_user() -> None:
    ada = user("ada")
    user(str(ada.pk), email="ben@example.com")

    assert named(str(ada.pk)) == "ben@example.com"


@finds_whatever_the_case
def test_several_users_of_one_email_address_are_listed_with_label_username_and_key() -> None:
    ada = user(UUID, first_name="Ada\x1b[2J", email="us@example.com")
    ben = user("ben", email="US@example.com", is_active=False)

    assert refusal("us@example.com") == [
        ("More than one user is called 'us@example.com'. Give the username or the key of one:"),
        f"  Ada\\x1b[2J, username {UUID}, key {ada.pk}",
        f"  ben, key {ben.pk}, not active",
    ]
    assert named(str(ada.pk)) == "Ada\\x1b[2J"


def test_username_that_is_the_email_address_of_another_user_is_not_taken_for_it() -> None:
    ada = user("ada", email="ada@example.com")
    impostor = user("ada@example.com")

    first, *candidates = refusal("ada@example.com", "mcp_revoke")

    assert first.startswith("More than one user is called 'ada@example.com'.")
    assert candidates == [f"  ada@example.com, key {impostor.pk}", f"  ada, key {ada.pk}"]


@finds_whatever_the_case
@pytest.mark.parametrize(
    ("text", "candidates"),
    [
        ("Ada", ["ada", "ada.byron"]),
        ("adda", ["ada"]),
        ("sda", ["ada"]),
        ("byron", ["ada.byron"]),
        ("ada@exmaple.com", ["ada", "ada.byron"]),
        ("grace.hoper", ["4711"]),
        ("Grace Hopper", ["4711"]),
        ("hoppr", ["4711"]),
        ("zuse", []),
    ],
)
def test_unknown_text_lists_users_with_similar_names(text: str, candidates: list[str]) -> None:
    keys = {each: user(each).pk for each in ("ada", "ada.byron", "carl")}
    facts = {"first_name": "Grace", "last_name": "Hopper", "email": "grace.hopper@example.com"}
    keys["4711"] = user("4711", **facts).pk

    first, *lines = refusal(text)

    found = {f"  {each}, key {keys[each]}": each for each in ("ada", "ada.byron", "carl")}
    found[f"  Grace Hopper, username 4711, key {keys['4711']}"] = "4711"
    assert [found[line] for line in lines] == candidates
    question = " Did you mean one of these?" if candidates else ""
    assert first == f"There is no user {text!r}.{question}"


def count_labels(user: Any) -> str:
    labelled.append(user.pk)
    return str(user.username)


labelled: list[int] = []


@pytest.mark.implementation
def test_near_misses_are_bounded_however_many_users_there_are(settings: Settings) -> None:
    settings.DJANGO_MCP_USER_LABEL = f"{__name__}.count_labels"
    user("ada")
    with CaptureQueriesContext(connection) as few:
        refusal("ad")
    User.objects.bulk_create(User(username=f"adam{number:03}") for number in range(500))
    labelled.clear()
    with CaptureQueriesContext(connection) as many:
        _, *candidates = refusal("ad")

    assert len(candidates) == len(labelled) == 10
    assert len(many) == len(few)
    assert "LIMIT 100" in many[-1]["sql"]


@pytest.mark.parametrize(
    "text",
    ["", "no\0text", "\udcff", "9" * 40, "9" * 5_000, "a" * 100_000, "%", "_", "' OR 1=1 --", "@"],
    ids=["empty", "null", "surrogate", "number", "digits", "long", "percent", "any", "sql", "at"],
)
@pytest.mark.parametrize("command", ["mcp_catalog", "mcp_audit", "mcp_revoke"])
def test_hostile_text_names_nobody_and_is_quoted_in_part(command: str, text: str) -> None:
    user("ben")

    (line,) = refusal(text, command)

    assert line.startswith(("There is no user '", 'There is no user "'))
    assert line.isprintable()
    assert len(line) < 100


def calls_of(text: str) -> list[str]:
    lines = run("mcp_audit", f"--user={text}").lines
    return [line.split("  ")[-4].strip() for line in lines]


class TestRecord:
    """`mcp_audit` knows users who are gone as well."""

    def test_calls_of_a_user_are_found_by_all_that_names_it_and_ever_did(self) -> None:
        ada = user("ada", email="ada@example.com")
        other = user("other")
        for name, key, username in (
            ("now", ada.pk, "ada"),
            ("before", ada.pk, "augusta"),
            ("namesake", 999, "ada"),
            ("other", other.pk, "other"),
            ("gone", 998, "ghost"),
        ):
            CallRecord.objects.create(name=name, user=str(key), username=username, outcome="ok")

        assert calls_of("ada") == ["now", "before", "namesake"]
        assert calls_of("ada@example.com") == calls_of(str(ada.pk)) == ["now", "before"]
        assert calls_of("ghost") == calls_of("998") == ["gone"]
        assert calls_of("augusta") == ["before"]

    def test_text_of_no_user_and_no_call_lists_near_misses(self) -> None:
        ada = user("ada")

        assert refusal("adda", "mcp_audit") == [
            "There is no user 'adda'. Did you mean one of these?",
            f"  ada, key {ada.pk}",
        ]
