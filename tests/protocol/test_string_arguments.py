"""Arguments of prompts and variables of URIs, which are strings on the wire, as typed values."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

import pytest
from pydantic import Field
from pytest_django import Settings
from typing_extensions import TypedDict

from django_mcp import Redacted, prompt, resource
from django_mcp.asgi import Application
from django_mcp.models import CallRecord
from django_mcp.primitives.declaration import collecting
from tests.keys import PATH
from tests.wire import Client, serving

SECRET = "hunter2"


class Login(TypedDict):
    """Data of a login."""

    user: str
    password: str


with collecting() as TYPED:

    @prompt
    def typed(
        number: Annotated[int, Field(ge=1)] = 1,
        numbers: list[int] | None = None,
        text: Annotated[str, Field(max_length=3)] = "",
        choice: Literal["a", 5] = "a",
        mapping: dict[str, int] | None = None,
    ) -> str:
        """Show what it was given."""
        return repr((number, numbers, text, choice, mapping))

    @prompt
    def filled_in(
        name: str = "nobody",
        note: str | None = None,
        count: int = 3,
        day: date | None = None,
        key: UUID | None = None,
        days: list[date] | None = None,
        colour: Literal["red", "blue"] = "red",
        kind: Annotated[str, Field(min_length=1)] = "plain",
    ) -> str:
        """Show a form."""
        return repr((name, note, count, day, key, days, colour, kind))

    @prompt
    def required(count: int) -> str:
        """Show a count."""
        return str(count)

    @resource("days://all{?count}")
    def days(count: int = 7) -> str:
        """Show days."""
        return str(count)

    @prompt
    def login(login: Login) -> str:
        """Use a password."""
        return "used"

    @resource("sums://all{/numbers*}")
    def sums(numbers: list[int]) -> str:
        """Show a sum."""
        return str(sum(numbers))

    @resource("vault://box/{key}{?note}")
    def vault(key: Annotated[str, Redacted], note: str = "") -> str:
        """Open a box."""
        return "opened"

    @resource("closed://{password}", permissions=["auth.view_user"])
    def closed(password: str) -> str:
        """Open what is hidden from most."""
        return "opened"


@pytest.fixture
def application(db: None, settings: Settings) -> Iterator[Application]:
    settings.DJANGO_MCP_AUTHENTICATORS = [PATH]
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
    with serving(TYPED) as application:
        yield application


def got(client: Client, **arguments: str) -> str:
    result = client.send("prompts/get", {"name": "typed", "arguments": arguments}).result
    text: str = result["messages"][0]["content"]["text"]
    return text


def refusal(client: Client, name: str, **arguments: str) -> str:
    error = client.send("prompts/get", {"name": name, "arguments": arguments}).error
    assert error["code"] == -32602
    hint: str = error["data"]["django-mcp/error"]["hint"]
    return hint


def test_strings_become_what_the_types_want(client: Client) -> None:
    values = {"number": "5", "numbers": "[1, 2.0]", "text": "7", "choice": "5"}

    assert got(client, **values, mapping='{"a": 1}') == "(5, [1, 2], '7', 5, {'a': 1})"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"number": "0"}, "- number: must be at least 1"),
        ({"number": "9" * 5000}, "- number: must be an integer"),
        ({"number": "\u0665"}, "- number: must be an integer"),
        ({"numbers": '[1, "x"]'}, "- numbers[1]: must be an integer"),
        ({"numbers": "1"}, "- numbers: must be a list"),
        ({"numbers": "[" * 100_000}, "- numbers: must be a list"),
        ({"text": "1234"}, "- text: must have at most 3 characters"),
        ({"mapping": '{"a": "b"}'}, "- mapping.a: must be an integer"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_refusal_is_about_the_value_that_was_spelled(
    client: Client, arguments: dict[str, str], reason: str
) -> None:
    assert refusal(client, "typed", **arguments) == reason


def test_empty_string_counts_as_left_out_where_none_is_taken(client: Client) -> None:
    """Hosts send every field of their forms, those that are empty too."""
    names = ("name", "note", "count", "day", "key", "days", "colour", "kind")
    arguments = dict.fromkeys(names, "")

    result = client.send("prompts/get", {"name": "filled_in", "arguments": arguments}).result

    text = result["messages"][0]["content"]["text"]
    assert text == "('', '', 3, None, None, None, 'red', 'plain')"


def test_empty_string_of_the_query_counts_as_left_out_where_none_is_taken(client: Client) -> None:
    result = client.send("resources/read", {"uri": "days://all?count="}).result

    assert [each["text"] for each in result["contents"]] == ["7"]


def test_empty_string_for_what_is_required_is_refused_as_it_is(client: Client) -> None:
    assert refusal(client, "required", count="") == "- count: must be an integer"


def test_empty_string_in_a_list_is_refused(client: Client) -> None:
    assert refusal(client, "filled_in", days='[""]').startswith("- days[0]: ")


@pytest.mark.parametrize("spelled", ["[NaN]", "[1e999]"])
def test_numbers_that_json_does_not_have_are_refused(client: Client, spelled: str) -> None:
    assert "finite" in refusal(client, "typed", numbers=spelled)


def test_elements_of_a_list_in_a_uri_are_refused_each_for_itself(client: Client) -> None:
    error = client.send("resources/read", {"uri": "sums://all/1/x/3"}).error

    assert error["message"] == "The arguments are invalid.\n- numbers[1]: must be an integer"


def test_json_in_an_argument_counts_for_the_limit_of_items(
    client: Client, settings: Settings
) -> None:
    settings.DJANGO_MCP_MAX_REQUEST_ITEMS = 100

    assert got(client, numbers=str([1] * 90)).count("1") == 91
    assert refusal(client, "typed", numbers=str([1] * 200)).startswith("- numbers: must be a list")


def test_secret_in_the_json_of_an_argument_is_not_on_record(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    value = f'{{"user": "ann", "password": "{SECRET}"}}'

    with caplog.at_level("INFO"):
        client.send("prompts/get", {"name": "login", "arguments": {"login": value}})

    assert CallRecord.objects.get().arguments == {
        "login": {"user": "ann", "password": "[redacted]"}
    }
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    ("uri", "recorded"),
    [
        (f"vault://box/{SECRET}", "vault"),
        (f"vault://box/{SECRET}/..", "vault://box/[redacted]"),
        (f"vault://box/{SECRET}%ff?note=1", "vault://box/[redacted]"),
        (f"VAULT://BOX/{SECRET}", "vault://box/[redacted]"),
        (f"closed://{SECRET}", "closed://[redacted]"),
        (f"sums://nothing/1?token={SECRET}", "sums://nothing/1?[redacted]"),
        (f"sums://nothing/1#{SECRET}", "sums://nothing/1#[redacted]"),
        (f"https://ann:{SECRET}@shop.example/x", "https://[redacted]@shop.example/x"),
        ("sums://nothing/1", "sums://nothing/1"),
        ("", ""),
    ],
)
def test_secret_in_a_uri_is_not_on_record(
    client: Client, uri: str, recorded: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Whether its resource is found, hidden or missing."""
    with caplog.at_level("INFO"):
        client.send("resources/read", {"uri": uri})

    record = CallRecord.objects.get()
    assert record.name == recorded
    assert record.arguments in ({}, {"key": "[redacted]"})
    assert SECRET not in caplog.text
    assert all(SECRET not in repr(vars(line)) for line in caplog.records)
