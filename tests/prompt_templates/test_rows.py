"""Prompts that operators have written, as clients list and get them, in both eras."""

import logging
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from django_mcp.asgi import Application
from django_mcp.catalog import empty_list_reason, survey
from django_mcp.endpoints import get_endpoints
from django_mcp.kinds import Kind
from django_mcp.models import CallRecord, PromptTemplate, ToolGroup
from django_mcp.policy.snapshot import current_snapshot, forget_snapshot
from django_mcp.principals import Principal
from django_mcp.prompts.prompt import Prompt
from tests.wire import Answer, Client


def get(client: Client, name: str, /, **arguments: Any) -> Answer:
    params = {"name": name, **({"arguments": arguments} if arguments else {})}
    return client.send("prompts/get", params)


def listed(client: Client) -> list[dict[str, Any]]:
    prompts: list[dict[str, Any]] = client.send("prompts/list").result["prompts"]
    return prompts


def names(client: Client) -> list[str]:
    forget_snapshot()
    return [each["name"] for each in listed(client)]


def text_of(answer: Answer) -> str:
    (message,) = answer.result["messages"]
    assert (message["role"], message["content"]["type"]) == ("user", "text")
    return str(message["content"]["text"])


@pytest.fixture
def review(shop: ToolGroup) -> PromptTemplate:
    prompt = PromptTemplate.objects.create(
        name="review",
        title="Review a month",
        description="Review the sales of a month.",
        group=shop,
        text="Review <{{ month }}>.{% if focus %}\nMind {{ focus }}.{% endif %}\n",
    )
    prompt.arguments.create(name="focus", required=False, choices="prices\nreturns", position=2)
    prompt.arguments.create(name="month", description="The month, as 2026-01", position=1)
    return prompt


@pytest.fixture
def application(review: PromptTemplate, application: Application) -> Application:
    """With the prompt `review`."""
    return application


def test_choice_that_is_not_required_may_be_empty(client: Client) -> None:
    assert text_of(get(client, "review", month="May", focus="")) == "Review <May>."


def test_list_has_the_prompts_of_code_and_of_operators_by_name(client: Client) -> None:
    assert listed(client) == [
        {
            "name": "review",
            "title": "Review a month",
            "description": "Review the sales of a month.",
            "arguments": [
                {"name": "month", "description": "The month, as 2026-01", "required": True},
                {"name": "focus", "required": False},
            ],
        },
        {
            "name": "welcome",
            "description": "Welcome somebody.",
            "arguments": [{"name": "name", "description": "Who comes.", "required": True}],
        },
    ]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"month": "2026-02", "focus": "prices"}, "Review <2026-02>.\nMind prices."),
        ({"month": "5"}, "Review <5>."),
        ({"month": "{{ focus }} & <b>"}, "Review <{{ focus }} & <b>>."),
    ],
)
def test_prompt_is_one_message_of_the_user(
    client: Client, arguments: dict[str, str], text: str
) -> None:
    answer = get(client, "review", **arguments)

    assert text_of(answer) == text
    assert answer.result["description"] == "Review the sales of a month."


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({}, ["month"]),
        ({"month": "2026-02", "focus": "weather"}, ["focus"]),
        ({"month": "2026-02", "zzz": "1"}, ["zzz"]),
    ],
)
def test_arguments_are_validated_as_they_are_declared(
    client: Client, arguments: dict[str, str], named: list[str]
) -> None:
    error = get(client, "review", **arguments).error

    assert error["code"] == -32602
    assert [
        name for name in ("month", "focus", "zzz") if f"- {name}: " in error["message"]
    ] == named


def test_get_is_on_record_as_of_any_prompt(client: Client) -> None:
    result = get(client, "review", month="2026-02").result

    record = CallRecord.objects.get()
    assert result["_meta"]["django-mcp/call-id"] == str(record.call_id)
    assert (record.kind, record.name, record.outcome) == ("prompt", "review", "ok")
    assert record.arguments == {"month": "2026-02"}


def test_rendering_that_fails_tells_the_operators_alone(
    client: Client, review: PromptTemplate, caplog: pytest.LogCaptureFixture
) -> None:
    PromptTemplate.objects.update(
        text="{{ month }}\n{% if focus %}{{ 1|divisibleby:0 }}{% endif %}"
    )

    error = get(client, "review", month="2026-02", focus="prices").error

    record = CallRecord.objects.get()
    assert (record.outcome, record.error_class) == ("failed", "PromptTextError")
    assert str(record.call_id) in error["message"]
    assert "ZeroDivisionError" not in error["message"]
    assert "Line 2: ZeroDivisionError" in caplog.text


@override_settings(DJANGO_MCP_MAX_RESULT_BYTES=1000)
def test_message_that_becomes_too_long_is_refused(client: Client) -> None:
    error = get(client, "review", month="x" * 1000).error

    assert error["message"] == (
        "The text becomes longer than 1000 characters.\nSend shorter arguments."
    )


def test_choices_are_completed(client: Client) -> None:
    params = {
        "ref": {"type": "ref/prompt", "name": "review"},
        "argument": {"name": "focus", "value": "P"},
    }

    result = client.send("completion/complete", params).result

    assert result["completion"] == {"values": ["prices"], "total": 1, "hasMore": False}


def test_change_is_live_with_the_next_snapshot(client: Client, review: PromptTemplate) -> None:
    before = text_of(get(client, "review", month="May"))
    PromptTemplate.objects.update(text="Look at {{ month }}.")
    forget_snapshot()
    after = text_of(get(client, "review", month="May"))
    review.arguments.filter(name="month").update(name="period")
    PromptTemplate.objects.update(text="Look at {{ period }}.")
    forget_snapshot()

    assert (before, after) == ("Review <May>.", "Look at May.")
    assert text_of(get(client, "review", period="June")) == "Look at June."


def hide(what: str) -> None:
    groups = ToolGroup.objects.filter(name="shop")
    match what:
        case "prompt":
            PromptTemplate.objects.update(enabled=False)
        case "group":
            groups.update(enabled=False)
        case "deleted":
            PromptTemplate.objects.all().delete()
        case "user groups":
            groups.get().allowed_groups.add(Group.objects.create(name="clerks"))
        case "applications":
            groups.update(allowed_clients=["another"])


@pytest.mark.parametrize("what", ["prompt", "group", "deleted", "user groups", "applications"])
def test_hidden_prompt_is_answered_as_a_missing_one(client: Client, what: str) -> None:
    assert "review" in names(client)
    hide(what)

    assert "review" not in names(client)
    assert get(client, "review", month="May").error == {
        "code": -32602,
        "message": "Unknown prompt: review",
        "data": {
            "django-mcp/error": {
                "kind": "not_found",
                "error": "Unknown prompt: review",
                "retryable": False,
                "hint": "",
                "retry_after": None,
            }
        },
    }


def test_group_that_is_read_only_keeps_its_prompts(client: Client) -> None:
    ToolGroup.objects.filter(name="shop").update(read_only=True)

    assert names(client) == ["review", "welcome"]


@pytest.mark.parametrize("name", ["welcome", "Welcome", "WELCOME"])
def test_prompt_of_the_code_keeps_its_name(
    client: Client, review: PromptTemplate, name: str
) -> None:
    PromptTemplate.objects.update(name=name)

    assert names(client) == ["welcome"]
    answer = get(client, "welcome", name="Ann")
    assert text_of(answer) == "Welcome Ann, by the code."


def test_prompt_may_have_the_name_of_a_tool(client: Client, review: PromptTemplate) -> None:
    PromptTemplate.objects.update(name="count_visitors")

    assert names(client) == ["count_visitors", "welcome"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"text": "{% load static %}"}, "Line 1: There is no tag “load” here"),
        ({"text": "\n{{ mouth }}"}, "Line 2: “mouth” is no argument of this prompt."),
        ({"text": "x" * 50_001}, "The text is longer than 50000 characters."),
        ({"name": "re view"}, "the name 're view' is not 1 to 64 of the characters"),
        ({"description": ""}, "it has no description"),
        ({"description": "  "}, "it has no description"),
    ],
)
def test_row_that_makes_no_prompt_is_left_out_with_one_line_in_the_log(
    client: Client,
    review: PromptTemplate,
    caplog: pytest.LogCaptureFixture,
    changes: dict[str, str],
    reason: str,
) -> None:
    PromptTemplate.objects.create(
        name="other", description="Another.", group=review.group, text="x"
    )
    PromptTemplate.objects.filter(pk=review.pk).update(**changes)
    caplog.set_level(logging.WARNING, logger="django_mcp.prompt_templates")

    found = [names(client) for _ in range(3)]

    assert found == [["other", "welcome"]] * 3
    (line,) = [each.getMessage() for each in caplog.records if "of the admin" in each.getMessage()]
    name = changes.get("name", "review")
    assert line.startswith(f"The prompt {name!r} of the admin is not served: {reason}")


def test_argument_that_no_form_has_checked_leaves_its_prompt_out(
    client: Client, review: PromptTemplate
) -> None:
    review.arguments.filter(name="focus").update(name="in")

    assert names(client) == ["welcome"]


def test_of_two_names_that_differ_in_case_alone_one_is_served(
    client: Client, review: PromptTemplate, caplog: pytest.LogCaptureFixture
) -> None:
    twin = PromptTemplate.objects.create(
        name="REVIEW", description="Another.", group=review.group, text="x"
    )

    found = [names(client) for _ in range(3)]

    assert found[0] in (["REVIEW", "welcome"], ["review", "welcome"])
    assert found == [found[0]] * 3
    assert len([1 for each in caplog.records if "of the admin" in each.getMessage()]) == 1
    twin.delete()
    assert names(client) == ["review", "welcome"]


def test_row_without_arguments_is_served(client: Client, review: PromptTemplate) -> None:
    PromptTemplate.objects.create(
        name="plain", description="Plain.", group=review.group, text="Nothing to fill in."
    )

    assert text_of(get(client, "plain")) == "Nothing to fill in."


@pytest.mark.implementation
@pytest.mark.parametrize("number", [0, 1, 20])
def test_rows_cost_one_query_of_a_snapshot_however_many_there_are(
    shop: ToolGroup, number: int
) -> None:
    for each in range(number):
        prompt = PromptTemplate.objects.create(
            name=f"prompt-{each}", description="One.", group=shop, text="{{ a }}{{ b }}"
        )
        prompt.arguments.create(name="a")
        prompt.arguments.create(name="b")

    with CaptureQueriesContext(connection) as queries:
        snapshot = current_snapshot()

    assert len(queries) == 4  # groups, switches, clients, rows
    assert len(snapshot.rows) == number


@pytest.mark.implementation
def test_unchanged_row_stays_the_same_prompt(review: PromptTemplate) -> None:
    before = current_snapshot().registry
    forget_snapshot()
    after = current_snapshot().registry
    PromptTemplate.objects.update(title="Anew")
    forget_snapshot()
    changed = current_snapshot().registry

    assert before is after
    assert before.find(Prompt, "review") is not None
    assert before.find(Prompt, "review") is not changed.find(Prompt, "review")


def test_operators_are_told_who_sees_it(review: PromptTemplate) -> None:
    ToolGroup.objects.filter(name="shop").update(enabled=False)
    principal = Principal(endpoint=get_endpoints().default, user=None)

    (entry,) = [each for each in survey(principal) if each.primitive.name == "review"]
    reason = empty_list_reason(Kind.PROMPT, principal)

    assert entry.primitive.kind is Kind.PROMPT
    assert entry.reasons == ("its group is disabled",)
    assert "shop" in reason
