"""What of a call's arguments is kept."""

import json
import math
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, SecretBytes, SecretStr
from pytest_django.fixtures import Settings
from typing_extensions import TypedDict

from django_mcp import Redacted
from django_mcp.audit.redaction import (
    MAX_DEPTH,
    MAX_ITEMS,
    MAX_KEY_CHARACTERS,
    MAX_STRING_CHARACTERS,
    REDACTED,
    UNKNOWN,
    argument_names,
    redact,
    secret_arguments,
)
from django_mcp.models import CallRecord
from django_mcp.testing import MCPClient
from tests.calls import offering
from tests.tools.single_tools import resolved, taking

SECRET = "hunter2-s3cret"


def kept(arguments: Any, annotation: Any = None) -> Any:
    """What is kept of `arguments`, or of a `value` for a parameter of this annotation."""
    if annotation is None:
        return redact(arguments)
    return redact({"value": arguments}, resolved(taking(annotation)).input_schema)["value"]


@pytest.mark.parametrize(
    "name",
    [
        "password", "PASSWORD", "Password2", "user_password", "passwd", "api_key", "apiKey",
        "API-Key", "x-api-key", "X-API-KEY", "api key", "api.key", "privateKey", "PRIVATE-KEY",
        "access_token", "accessToken", "Authorization", "client-secret", "clientSecret", "cookie",
        "credentials", "pass_phrase",
    ],
)  # fmt: skip
@pytest.mark.parametrize("value", [SECRET, 5, [SECRET], {"a": SECRET}, None])
def test_names_mark_secrets_at_any_depth(name: str, value: Any) -> None:
    arguments = {name: value, "list": [{name: value}], "a": {"b": {"c": {name: value, "d": 1}}}}

    assert kept(arguments) == {
        name: REDACTED,
        "list": [{name: REDACTED}],
        "a": {"b": {"c": {name: REDACTED, "d": 1}}},
    }


@pytest.mark.parametrize("name", ["pass", "key", "author", "note", "", "_", "-"])
def test_other_names_are_kept(name: str) -> None:
    assert kept({name: "fine"}) == {name: "fine"}


def test_project_decides_which_names_are_secret(settings: Settings) -> None:
    settings.DJANGO_MCP_REDACT = ["Tax-Number", "\u043f\u0430\u0440\u043e\u043b\u044c", "-"]

    assert kept({"taxNumber": 1, "\u041f\u0410\u0420\u041e\u041b\u042c": 2, "password": 3}) == {
        "taxNumber": REDACTED,
        "\u041f\u0410\u0420\u041e\u041b\u042c": REDACTED,
        "password": 3,
    }


class Login(BaseModel):
    name: str
    pin: SecretStr
    extra: dict[str, Annotated[int, Redacted]] = {}


class Person(TypedDict, total=False):
    name: str
    diagnosis: Annotated[str, Redacted]


@dataclass
class Vault:
    door: int
    code: Annotated[list[int], Redacted()]


class Cash(BaseModel):
    kind: Literal["cash"]


class Card(BaseModel):
    kind: Literal["card"]
    number: Annotated[str, Redacted]


class Tree(BaseModel):
    pin: SecretStr | None = None
    trees: list["Tree"] = []


Payment = Annotated[Cash | Card, Field(discriminator="kind")]
Word = Annotated[str, Field(pattern="^[a-z]+$")]


@pytest.mark.parametrize(
    ("annotation", "value", "expected"),
    [
        (SecretStr, SECRET, REDACTED),
        (SecretBytes, SECRET, REDACTED),
        (Annotated[str, Redacted], SECRET, REDACTED),
        (Annotated[str, Redacted()], SECRET, REDACTED),
        (Annotated[dict[str, str], Redacted], {"a": SECRET}, REDACTED),
        (Annotated[Login, Redacted], {"name": SECRET}, REDACTED),
        (Annotated[str, Redacted] | None, SECRET, REDACTED),
        (Annotated[str, Redacted] | int, 5, REDACTED),
        (list[SecretStr], [SECRET], [REDACTED]),
        (dict[str, SecretStr], {"a": SECRET}, {"a": REDACTED}),
        (dict[Word, SecretStr], {"a": SECRET, "B": SECRET}, {"a": REDACTED, "B": REDACTED}),
        (dict[str, SecretStr] | Cash, {"kind": SECRET}, {"kind": REDACTED}),
        (tuple[int, SecretStr], [1, SECRET, SECRET], [1, REDACTED, REDACTED]),
        (tuple[SecretStr, ...], [SECRET, SECRET], [REDACTED, REDACTED]),
        (
            Login,
            {"name": "ann", "pin": SECRET, "extra": {"a": 5}},
            {"name": "ann", "pin": REDACTED, "extra": {"a": REDACTED}},
        ),
        (Person, {"name": "ann", "diagnosis": SECRET}, {"name": "ann", "diagnosis": REDACTED}),
        (Vault, {"door": 1, "code": [1, 2]}, {"door": 1, "code": REDACTED}),
        (list[Vault | Login], [{"code": SECRET}], [{"code": REDACTED}]),
        (Payment, {"kind": "card", "number": SECRET}, {"kind": "card", "number": REDACTED}),
        (
            Tree,
            {"trees": [{"trees": [{"pin": SECRET}]}]},
            {"trees": [{"trees": [{"pin": REDACTED}]}]},
        ),
    ],
)
def test_declared_secrets_are_left_out(annotation: Any, value: Any, expected: Any) -> None:
    assert kept(value, annotation) == expected


@pytest.mark.parametrize(
    ("annotation", "value", "expected"),
    [
        (Login, SECRET, REDACTED),
        (Login, [SECRET], [REDACTED]),
        (Login, {"name": [5], "pin": {"a": SECRET}}, {"name": [5], "pin": REDACTED}),
        (Login | None, 5, REDACTED),
        (list[SecretStr], SECRET, REDACTED),
        (list[SecretStr], {"a": SECRET}, {"a": REDACTED}),
        (list[Login], [[SECRET]], [[REDACTED]]),
        (dict[str, SecretStr], [{"a": SECRET}], [REDACTED]),
        (dict[str, Login], SECRET, REDACTED),
        (tuple[int, Login], {"a": {"b": SECRET}}, {"a": REDACTED}),
        (Payment, {"kind": "cash", "number": [SECRET]}, {"kind": "cash", "number": REDACTED}),
        (Tree, [{"pin": SECRET}], [REDACTED]),
    ],
)
def test_secrets_of_another_shape_than_declared_are_left_out(
    annotation: Any, value: Any, expected: Any
) -> None:
    assert kept(value, annotation) == expected


@pytest.mark.parametrize(
    ("annotation", "value", "expected"),
    [
        (int, "seven", "seven"),
        (list[int], {"a": 5}, {"a": 5}),
        (Any, {"a": [5]}, {"a": [5]}),
        (dict[str, Any], {"a": {"password": 5}}, {"a": {"password": REDACTED}}),
        (Cash, ["cash"], ["cash"]),
    ],
)
def test_wrong_arguments_without_secrets_are_kept(
    annotation: Any, value: Any, expected: Any
) -> None:
    assert kept(value, annotation) == expected


def test_arguments_that_the_tool_does_not_know_are_not_kept() -> None:
    schema = resolved(taking(Cash)).input_schema
    unknown = "[not a declared argument]"

    assert redact({"value": {"kind": "cash", "card": SECRET}, "other": SECRET}, schema) == {
        "value": {"kind": "cash", "card": unknown},
        "other": unknown,
    }


def test_schemas_that_refer_to_each_other_are_walked_in_time() -> None:
    names = [f"M{number}" for number in range(40)]
    links = {name: {"$ref": f"#/$defs/{name}"} for name in names}
    schema = {
        "type": "object",
        "properties": {"value": links["M0"]},
        "$defs": {name: {"type": "object", "properties": links} for name in names},
    }

    assert redact({"value": SECRET}, schema) == {"value": SECRET}


def test_what_is_too_large_is_cut_and_says_so() -> None:
    deep: Any = 5
    for _ in range(MAX_DEPTH + 5):
        deep = {"in": deep}
    found = kept(
        {
            "text": "x" * (MAX_STRING_CHARACTERS + 7),
            "items": list(range(MAX_ITEMS + 3)),
            "entries": {str(number): 1 for number in range(MAX_ITEMS + 4)},
            "deep": deep,
            "k" * (MAX_KEY_CHARACTERS + 2): 1,
            "lists": json.loads("[" * 30 + "]" * 30),
        }
    )

    assert found["text"] == "x" * MAX_STRING_CHARACTERS + "\u2026 [7 more characters]"
    assert found["items"] == [*range(MAX_ITEMS), "[3 more]"]
    assert found["entries"]["..."] == "[4 more]"
    assert len(found["entries"]) == MAX_ITEMS + 1
    assert json.dumps(found["deep"]).count('"in"') == MAX_DEPTH - 1
    assert "[1 entries]" in json.dumps(found["deep"])
    assert found["k" * MAX_KEY_CHARACTERS + "\u2026 [2 more characters]"] == 1
    assert "[1 items]" in json.dumps(found["lists"])


@pytest.mark.parametrize("limit", [16, 300, 5000, 16 * 1024])
@pytest.mark.parametrize(
    "arguments",
    [
        {"a": "x" * 900, "b": 1},
        {str(number): "\U0001f600" * 900 for number in range(45)},
        {"\U0001f600" * 90 + str(number): number for number in range(200)},
        {str(number): [["y" * 30] * 50] * 50 for number in range(50)},
        {"a": {"b": ["x" * 1000] * 50}},
    ],
    ids=["one", "wide", "names", "many", "deep"],
)
def test_whole_is_never_larger_than_its_bound(
    arguments: Any, limit: int, settings: Settings
) -> None:
    settings.DJANGO_MCP_RECORD_MAX_BYTES = limit
    found = kept(arguments)

    assert found
    assert len(json.dumps(found)) <= max(limit, 40)


def test_largest_arguments_are_left_out_first(settings: Settings) -> None:
    settings.DJANGO_MCP_RECORD_MAX_BYTES = 400

    assert kept({"small": 1, "large": "x" * 900, "middle": "y" * 200}) == {
        "small": 1,
        "large": "[902 bytes left out]",
        "middle": "y" * 200,
    }


class TestArgumentNames:
    """Of arguments that no schema describes only the names are kept, within the same bounds."""

    @pytest.mark.parametrize("value", [SECRET, 5, None, [SECRET], {SECRET: {"a": SECRET}}])
    def test_nothing_of_a_value_is_kept(self, value: Any) -> None:
        assert argument_names({"note": value, "password": value}) == {
            "note": UNKNOWN,
            "password": UNKNOWN,
        }

    def test_names_are_storable_and_cut(self) -> None:
        kept = argument_names({"nul\x00": 1, "n" * (MAX_KEY_CHARACTERS + 5): 1})

        assert list(kept) == ["nul\ufffd", f"{'n' * MAX_KEY_CHARACTERS}… [5 more characters]"]

    def test_many_names_are_counted(self) -> None:
        kept = argument_names({f"a{number}": SECRET for number in range(MAX_ITEMS + 7)})

        assert len(kept) == MAX_ITEMS + 1
        assert kept["..."] == "[7 more]"

    def test_the_whole_is_never_larger_than_its_bound(self, settings: Settings) -> None:
        settings.DJANGO_MCP_RECORD_MAX_BYTES = 200

        kept = argument_names({"\U0001f600" * 90 + str(n): SECRET for n in range(MAX_ITEMS)})

        assert len(json.dumps(kept)) <= 200


UNSTORABLE = {
    "null\x00": "a\x00b",
    "sur\ud800": "a\udfffb",
    "numbers": [math.nan, math.inf, -math.inf, 10**400, -(10**30), 2**63 - 1, 1e15, True, None],
}


def test_what_databases_refuse_is_replaced() -> None:
    assert kept(UNSTORABLE) == {
        "null\ufffd": "a\ufffdb",
        "sur?": "a?b",
        "numbers": [
            "nan",
            "inf",
            "-inf",
            "[a number too large to keep]",
            "[a number too large to keep]",
            2**63 - 1,
            1e15,
            True,
            None,
        ],
    }


@pytest.mark.django_db
def test_call_with_such_arguments_is_on_record() -> None:
    with offering(taking(Any), read_only=True):
        result = MCPClient().call("take", value=UNSTORABLE, password=SECRET, other="\x00")

    assert result.is_error
    record = CallRecord.objects.get(call_id=result.call_id)
    assert record.arguments == {
        "value": kept(UNSTORABLE),
        "password": REDACTED,
        "other": "[not a declared argument]",
    }


@pytest.mark.django_db
def test_secrets_reach_the_tool_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    taken: list[Any] = []
    with offering(taking(Login, taken), read_only=True):
        result = MCPClient().call("take", value={"name": "ann", "pin": SECRET})

    assert taken[0].pin.get_secret_value() == SECRET
    record = CallRecord.objects.get(call_id=result.call_id)
    assert record.arguments == {"value": {"name": "ann", "pin": REDACTED}}
    assert SECRET not in caplog.text
    assert all(SECRET not in str(vars(each)) for each in caplog.records)


class TestSecretArguments:
    """Those of a background call are encrypted while it waits; the others are not."""

    @pytest.mark.parametrize(
        ("annotation", "value"),
        [
            (SecretStr, SECRET),
            (Login, {"name": "ann", "pin": SECRET}),
            (list[Login], [{"name": "ann", "pin": SECRET}]),
            (Login | None, None),
            (dict[str, Any], {"a": [{"b": {"apiKey": SECRET}}]}),
            (list[Any], [*range(MAX_ITEMS + 1), {"password": SECRET}]),
        ],
    )
    def test_argument_that_may_hold_a_secret_is_one(self, annotation: Any, value: Any) -> None:
        schema = resolved(taking(annotation)).input_schema

        assert secret_arguments({"value": value}, schema) == {"value"}

    @pytest.mark.parametrize(
        ("annotation", "value"), [(str, SECRET), (dict[str, Any], {"a": [1, {"b": None}]})]
    )
    def test_any_other_is_none(self, annotation: Any, value: Any) -> None:
        schema = resolved(taking(annotation)).input_schema

        assert secret_arguments({"value": value}, schema) == frozenset()

    def test_names_count_as_they_do_in_the_record(self) -> None:
        assert secret_arguments({"password": 1, "name": 2}, {}) == {"password"}
