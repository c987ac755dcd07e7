"""How users are shown: on pages, in the record, by commands."""

import logging
import uuid
from typing import Any

import pytest
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import User
from django.db import models
from django.test.utils import isolate_apps
from django.utils.safestring import mark_safe
from pytest_django import Settings

from django_mcp.models import CallRecord
from django_mcp.user_labels import MAX_LABEL_CHARACTERS, user_label
from tests.calls import call_of, caller, serve_here

KEY = uuid.UUID("8a3c1f0e-5b7d-4f6a-9c2e-1d0b3a4f5e6c")


def first_name(user: Any) -> str:
    return str(user.first_name)


def marked_safe(user: Any) -> str:
    return mark_safe("<b>Ada</b>\n\tLovelace")


def endless(user: Any) -> str:
    return "ada " * 1_000_000


def unstorable(user: Any) -> str:
    return "A\ud800d\x00a"


def ending(user: Any) -> str:
    raise SystemExit(1)


def nothing(user: Any) -> Any:
    return None


def failing(user: Any) -> str:
    raise RuntimeError("no directory")


async def later(user: Any) -> str:
    return "Ada"


OPAQUE = [
    str(KEY),
    KEY.hex,
    f"{{{KEY}}}".upper(),
    "1004711",
    "+49 151 234567",
    "5f7c8ec7c33c6c004bbafe82",
    "auth0|ada",
    "google-oauth2|103547991597142817347",
    "user_2NNEqL2nrIRdJ194ndJqAHwEfxC",
    "01ARZ3NDEKTSV4RRFFQ69G5FAV",
    "cl9ebqhxk00003b600tymydho",
    "jQ3l-9xLkQm_0sZ4hJ8wT1bVnYc",
    "8a3c1f0e5b7d4f6a9c2e@users.example",
    "",
]
READABLE = [
    "ada",
    "r2d2",
    "deadbeef",
    "b8e2",
    "ada.lovelace@example.com",
    "christopherjohnson1985",
    "jean-baptiste-2-de-la-tour",
    "李雷",
]


@pytest.mark.parametrize("username", OPAQUE)
def test_user_with_an_opaque_username_is_shown_by_full_name_or_else_by_email_address(
    username: str,
) -> None:
    user = User(pk=7, username=username, email="ada@example.com")

    assert user_label(user) == "ada@example.com"
    user.first_name, user.last_name = "Ada", "Lovelace"
    assert user_label(user) == "Ada Lovelace"


@pytest.mark.parametrize("username", READABLE)
def test_username_that_reads_as_a_name_is_shown_whatever_else_is_known(username: str) -> None:
    user = User(
        username=username, first_name="Ada", last_name="Lovelace", email="a@example.com", pk=7
    )

    assert user_label(user) == username


def test_user_of_whom_nothing_readable_is_known_is_shown_by_username_or_else_by_key() -> None:
    assert user_label(User(pk=7, username="1004711")) == "1004711"
    assert user_label(User(pk=7, username="")) == "7"


@isolate_apps("tests.shop")
def test_user_model_need_have_neither_names_nor_text_as_its_username() -> None:
    class Member(AbstractBaseUser):
        id = models.UUIDField(primary_key=True)
        contact = models.EmailField()

        USERNAME_FIELD = "id"
        EMAIL_FIELD = "contact"

        class Meta:
            app_label = "shop"

    class Machine(AbstractBaseUser):
        serial = models.IntegerField(null=True)

        USERNAME_FIELD = "serial"

        class Meta:
            app_label = "shop"

    assert user_label(Member(id=KEY, contact="ada@example.com")) == "ada@example.com"
    assert user_label(Member(id=KEY)) == str(KEY)
    assert user_label(Machine(pk=3, serial=4711)) == "4711"
    assert user_label(Machine(pk=3)) == "3"


def test_record_keeps_the_label_of_the_time_of_the_call(db: None, settings: Settings) -> None:
    user = User.objects.create_user(str(KEY), first_name="Ada", last_name="Lovelace")
    serve_here(call_of("greet", principal=caller(user)))
    settings.DJANGO_MCP_USER_LABEL = f"{__name__}.first_name"
    serve_here(call_of("greet", principal=caller(user)))
    key = str(user.pk)
    user.delete()

    kept = CallRecord.objects.order_by("pk").values_list("user", "username")
    assert list(kept) == [(key, "Ada Lovelace"), (key, "Ada")]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("first_name", "Ada"),
        ("marked_safe", "<b>Ada</b> Lovelace"),
        ("unstorable", "A?d\ufffda"),
        ("endless", ("ada " * MAX_LABEL_CHARACTERS)[:MAX_LABEL_CHARACTERS]),
    ],
)
def test_label_of_the_project_is_one_bounded_line_of_plain_text(
    settings: Settings, name: str, expected: str
) -> None:
    settings.DJANGO_MCP_USER_LABEL = f"{__name__}.{name}"

    label = user_label(User(username="ada", first_name="Ada"))

    assert label == expected
    assert type(label) is str


@pytest.mark.implementation
@pytest.mark.parametrize("name", ["nothing", "failing", "ending", "later"])
def test_label_that_cannot_be_made_is_the_default_and_is_logged_once(
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    path = settings.DJANGO_MCP_USER_LABEL = f"{__name__}.{name}"
    monkeypatch.setattr("django_mcp.user_labels._logged", set())

    labels = [user_label(User(username=username)) for username in ("ada", "ben")]

    assert labels == ["ada", "ben"]
    assert [(record.levelno, record.name) for record in caplog.records] == [
        (logging.ERROR, "django_mcp.user_labels")
    ]
    assert path in caplog.text


def test_empty_label_is_the_default_and_no_failure(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.DJANGO_MCP_USER_LABEL = f"{__name__}.first_name"

    assert user_label(User(username="ada")) == "ada"
    assert caplog.records == []
