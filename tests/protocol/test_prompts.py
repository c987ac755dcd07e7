"""Prompts as clients list and get them, in both eras."""

import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, Literal, TypeVar

import pytest
from django.utils.translation import override
from pytest_django import Settings

from django_mcp import Image, PromptMessage, Text, prompt
from django_mcp.asgi import Application
from django_mcp.exceptions import ToolRegistrationError
from django_mcp.models import CallRecord, ToolGroup
from django_mcp.primitives.declaration import collecting
from django_mcp.primitives.registry import Registry, build
from tests.keys import PATH
from tests.protocol.documents import DOCUMENTS, SECRET
from tests.wire import Answer, Client, serving


@pytest.fixture
def application(db: None, settings: Settings) -> Iterator[Application]:
    """Anybody may get them; the group `closed` is off."""
    settings.DJANGO_MCP_AUTHENTICATORS = [PATH]
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
    ToolGroup.objects.update_or_create(name="closed", defaults={"enabled": False})
    with serving(DOCUMENTS) as application:
        yield application


def get(client: Client, name: str, /, **arguments: Any) -> Answer:
    params = {"name": name, **({"arguments": arguments} if arguments else {})}
    return client.send("prompts/get", params)


def text(role: str, words: str) -> dict[str, Any]:
    return {"role": role, "content": {"type": "text", "text": words}}


def test_list_describes_each_prompt_and_its_arguments(client: Client) -> None:
    prompts = client.send("prompts/list").result["prompts"]

    assert [each["name"] for each in prompts] == [
        "agreet",
        "ask_about",
        "atranslated",
        "broken_prompt",
        "greet",
        "refused_prompt",
        "show",
        "translated",
        "wrong_prompt",
    ]
    assert prompts[4] == {
        "name": "greet",
        "title": "Greeting",
        "description": "Greet somebody.",
        "arguments": [
            {"name": "name", "description": "Who is greeted.", "required": True},
            {"name": "times", "description": "How often.", "required": False},
            {"name": "day", "required": False},
        ],
        "icons": [{"src": "https://shop.example/hello.png"}],
    }


def test_strings_become_the_annotated_types(client: Client) -> None:
    result = get(client, "greet", name="5", times="3", day="2026-02-03").result

    words = "Say hello to 5 3 times on datetime.date(2026, 2, 3)."
    assert result["messages"] == [text("user", words)]
    assert result["description"] == "Greet somebody."


@pytest.mark.parametrize(("sent", "bound"), [("true", True), ("False", False)])
def test_prompt_on_the_loop_has_messages_of_both_roles(
    client: Client, sent: str, bound: bool
) -> None:
    assert get(client, "agreet", name="Ann", loud=sent).result["messages"] == [
        text("user", "Hello Ann"),
        text("assistant", f"Loud: {bound}"),
    ]


def test_messages_have_every_kind_of_content(client: Client) -> None:
    assert get(client, "show").result["messages"] == [
        text("user", "text"),
        {"role": "user", "content": {"type": "image", "data": "iQ==", "mimeType": "image/png"}},
        {"role": "user", "content": {"type": "audio", "data": "iQ==", "mimeType": "audio/wav"}},
        {
            "role": "user",
            "content": {
                "type": "resource_link",
                "uri": "shop://hours",
                "name": "hours",
                "title": "Opening hours",
                "description": "Opening hours of the shop.",
                "mimeType": "text/markdown",
            },
        },
        {
            "role": "user",
            "content": {
                "type": "resource",
                "resource": {"uri": "shop://hours", "text": "Nine to five"},
            },
        },
    ]


def test_lazy_text_is_in_the_language_that_is_active(client: Client) -> None:
    with override("de"):
        assert get(client, "translated").result["messages"] == [
            text("user", "Ja"),
            text("user", "Nein"),
        ]
        assert get(client, "atranslated").result["messages"] == [text("user", "Ja")]


def test_prompt_links_and_embeds_resources(client: Client) -> None:
    messages = get(client, "ask_about", uri="shop://bill/7").result["messages"]

    bill = {"uri": "shop://bill/7", "mimeType": "application/json"}
    assert messages == [
        {
            "role": "user",
            "content": {
                "type": "resource_link",
                "name": "bill",
                "description": "A bill.",
                **bill,
            },
        },
        {
            "role": "user",
            "content": {
                "type": "resource",
                "resource": {**bill, "text": '[{"item":"bill 7","price":1.5}]'},
            },
        },
    ]


@pytest.mark.parametrize("uri", ["shop://hidden", "shop://missing", "shop://own"])
def test_prompt_embeds_only_what_its_caller_sees(client: Client, uri: str) -> None:
    error = get(client, "ask_about", uri=uri).error

    assert error["message"] == f"Resource not found: {uri}"
    assert error["data"]["django-mcp/error"]["kind"] == "not_found"


def test_get_is_on_record_with_its_arguments(client: Client) -> None:
    result = get(client, "greet", name="Ann").result

    record = CallRecord.objects.get()
    assert result["_meta"]["django-mcp/call-id"] == str(record.call_id)
    assert (record.kind, record.name, record.outcome) == ("prompt", "greet", "ok")
    assert record.arguments == {"name": "Ann"}


def test_hidden_prompt_is_answered_as_a_missing_one(client: Client) -> None:
    answers = {name: get(client, name).error for name in ("hidden_prompt", "missing")}

    for name, error in answers.items():
        assert error == {
            "code": -32602,
            "message": f"Unknown prompt: {name}",
            "data": {
                "django-mcp/error": {
                    "kind": "not_found",
                    "error": f"Unknown prompt: {name}",
                    "retryable": False,
                    "hint": "",
                    "retry_after": None,
                }
            },
        }
    assert set(CallRecord.objects.values_list("outcome", "kind")) == {("not_found", "prompt")}


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({}, ["name"]),
        ({"name": "Ann", "times": "often"}, ["times"]),
        ({"name": "Ann", "zzz": "1"}, ["zzz"]),
        ({"times": "often", "day": "yesterday"}, ["name", "times", "day"]),
    ],
)
def test_invalid_arguments_are_answered_with_each_reason(
    client: Client, arguments: dict[str, str], named: list[str]
) -> None:
    error = get(client, "greet", **arguments).error

    assert error["code"] == -32602
    assert error["data"]["django-mcp/error"]["kind"] == "invalid_arguments"
    for name in named:
        assert f"- {name}: " in error["message"]


def test_refusal_of_a_prompt_reaches_the_client(client: Client) -> None:
    error = get(client, "refused_prompt").error

    assert (error["code"], error["message"]) == (
        -32603,
        "The shop is closed.\nCome back tomorrow.",
    )


@pytest.mark.parametrize("name", ["broken_prompt", "wrong_prompt"])
def test_failure_of_a_prompt_tells_nothing_but_an_id(
    client: Client, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = get(client, name)

    record = CallRecord.objects.get()
    assert answer.error["code"] == -32603
    assert str(record.call_id) in answer.error["message"]
    assert SECRET not in answer.text
    assert record.outcome == "failed"


T = TypeVar("T")


def returning(annotation: Any) -> Registry:
    def ask() -> Any:
        """Ask."""

    ask.__annotations__ = {"return": annotation}
    with collecting() as declared:
        prompt(ask)
    return build(declared)


@pytest.mark.parametrize(
    "annotation",
    [
        str,
        Any,
        T,
        Text | str,
        Literal["a", "b"],
        list,
        list[PromptMessage],
        list[str | Image],
        tuple[str, PromptMessage],
        tuple[str, ...],
        Sequence[str],
        Iterator[Text],
    ],
)
def test_what_holds_messages_may_be_returned(annotation: Any) -> None:
    assert len(returning(annotation).primitives) == 1


@pytest.mark.parametrize(
    ("annotation", "shown"),
    [
        (int, "int"),
        (None, "NoneType"),
        (str | None, "str | None"),
        (bytes, "bytes"),
        (dict, "dict"),
        (dict[str, str], "dict[str, str]"),
        (list[int], "list[int]"),
        (tuple[str, int], "tuple[str, int]"),
        (str | dict[str, str], "str | dict[str, str]"),
        (AsyncIterator[str], "collections.abc.AsyncIterator[str]"),
    ],
)
def test_annotation_that_holds_no_messages_is_refused(annotation: Any, shown: str) -> None:
    with pytest.raises(ToolRegistrationError) as refused:
        returning(annotation)

    (problem,) = refused.value.problems
    assert problem.endswith(
        "a prompt returns text, content blocks or PromptMessages, or a list of them, "
        f"and not {shown}"
    )
