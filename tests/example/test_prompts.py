"""The prompt of the expenses and the completions, as agents of two users get them."""

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User

from example_project.expenses import services
from tests.wire import Answer, Client

AgentOf = Callable[..., Client]

READ = "expense:read"


@pytest.fixture(autouse=True)
def expenses(demo: User, auditor: User) -> None:
    """Demo's expenses are of February and March, the auditor's of May."""
    for owner, day in (
        (demo, date(2026, 2, 1)),
        (demo, date(2026, 3, 14)),
        (demo, date(2026, 3, 31)),
        (auditor, date(2026, 5, 2)),
    ):
        services.add_expense(owner, Decimal("4.20"), "transport", "City Transit", day)


def review(client: Client, month: str) -> Answer:
    params = {"name": "monthly_review", "arguments": {"month": month}}
    return client.send("prompts/get", params)


def complete(client: Client, reference: dict[str, str], argument: dict[str, str]) -> dict[str, Any]:
    params = {"ref": reference, "argument": argument}
    completion: dict[str, Any] = client.send("completion/complete", params).result["completion"]
    return completion


def test_prompt_is_listed_with_its_argument(agent_of: AgentOf, demo: User) -> None:
    (listed,) = agent_of(demo, READ).send("prompts/list").result["prompts"]

    assert (listed["name"], listed["title"]) == ("monthly_review", "Review a month")
    assert listed["arguments"] == [
        {
            "name": "month",
            "description": "The name of the month and the year, such as March 2026.",
            "required": True,
        }
    ]


@pytest.mark.parametrize("name", ["March 2026", " march 2026"])
def test_review_embeds_the_summary_of_the_month(name: str, agent_of: AgentOf, demo: User) -> None:
    request, summary = review(agent_of(demo, READ), name).result["messages"]

    assert request["content"]["text"].startswith("Review what I spent in March 2026, which is")
    assert (request["role"], summary["role"]) == ("user", "user")
    embedded = summary["content"]["resource"]
    assert embedded["uri"] == "summary://2026-03"
    totals = json.loads(embedded["text"])
    assert (totals["total"], totals["count"]) == ("8.40", 2)


@pytest.mark.parametrize("name", ["Marzo 2026", "2026-03", "", "March"])
def test_month_that_is_none_is_refused_with_an_example(
    name: str, agent_of: AgentOf, demo: User
) -> None:
    error = review(agent_of(demo, READ), name).error

    assert error["code"] == -32602
    assert "month: must be a month such as March 2026" in error["message"]


def test_month_of_another_users_expenses_is_one_without_any(
    agent_of: AgentOf, demo: User, auditor: User
) -> None:
    theirs = review(agent_of(demo, READ), "May 2026").error
    nobodys = review(agent_of(demo, READ), "June 2026").error

    assert theirs["message"] == "The user has no expenses in May 2026."
    assert nobodys["message"] == "The user has no expenses in June 2026."
    assert theirs["code"] == nobodys["code"]
    assert "messages" in review(agent_of(auditor, READ), "May 2026").result


@pytest.mark.parametrize(
    ("typed", "values"),
    [("", ["March 2026", "February 2026"]), ("fe", ["February 2026"]), ("May", [])],
)
def test_month_is_completed_with_those_of_the_users_expenses(
    typed: str, values: list[str], agent_of: AgentOf, demo: User
) -> None:
    completion = complete(
        agent_of(demo, READ),
        {"type": "ref/prompt", "name": "monthly_review"},
        {"name": "month", "value": typed},
    )

    assert completion == {"values": values, "total": len(values), "hasMore": False}


def test_completion_holds_nothing_of_another_user(agent_of: AgentOf, auditor: User) -> None:
    agent = agent_of(auditor, READ)
    argument = {"name": "month", "value": ""}

    names = complete(agent, {"type": "ref/prompt", "name": "monthly_review"}, argument)
    months = complete(agent, {"type": "ref/resource", "uri": "summary://{month}"}, argument)
    keys = complete(
        agent, {"type": "ref/resource", "uri": "expense://{pk}"}, {"name": "pk", "value": ""}
    )

    assert (names["values"], months["values"]) == (["May 2026"], ["2026-05"])
    assert keys["values"] == [str(auditor.expenses.get().pk)]


STATUS = "service://{name}/{environment}"


@pytest.mark.parametrize(
    ("uri", "argument", "values"),
    [
        ("service://{name}", {"name": "name", "value": "c"}, ["checkout"]),
        (STATUS, {"name": "name", "value": "c"}, ["checkout"]),
        (STATUS, {"name": "environment", "value": ""}, ["development", "staging", "production"]),
    ],
)
def test_service_and_environment_are_completed(
    uri: str, argument: dict[str, str], values: list[str], agent_of: AgentOf, demo: User
) -> None:
    reference = {"type": "ref/resource", "uri": uri}

    completion = complete(agent_of(demo, "deploy:read"), reference, argument)

    assert completion["values"] == values
