"""The same services, called as tools by an agent."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User

from django_mcp.meta_keys import RATE_LIMITS_META_KEY
from django_mcp.testing import MCPClient
from example_project.expenses import services
from example_project.expenses.models import Category, Expense

SCOPES = ["expense:read", "expense:write"]
OPEN_TO_ALL = {
    "add_expense",
    "build_annual_report",
    "correct_expense",
    "delete_expense",
    "find_receipts",
    "import_statement",
    "import_statements",
    "list_budgets",
    "list_categories",
    "list_expenses",
    "search_expenses",
    "set_budget",
    "summarise_expenses",
}
EXPENSE: dict[str, Any] = {
    "amount": "4.20",
    "category": "transport",
    "payee": "City Transit",
    "spent_on": "2026-03-14",
}


@pytest.fixture
def agent(demo: User) -> MCPClient:
    return MCPClient(user=demo, scopes=SCOPES)


def names_for(user: User) -> set[str]:
    listed = MCPClient(user=user, scopes=SCOPES).list_tools()
    return {tool.name for tool in listed if tool.name in {*OPEN_TO_ALL, "team_totals"}}


def test_tool_with_a_permission_is_listed_for_those_who_hold_it(demo: User, auditor: User) -> None:
    assert names_for(demo) == OPEN_TO_ALL
    assert names_for(auditor) == {*OPEN_TO_ALL, "team_totals"}


def test_user_and_context_stand_in_no_schema(agent: MCPClient) -> None:
    schemas = {tool.name: tool.input_schema for tool in agent.list_tools()}

    assert set(schemas["add_expense"]["properties"]) == {
        "allow_over_budget",
        "amount",
        "category",
        "note",
        "payee",
        "request_id",
        "spent_on",
    }
    assert set(schemas["import_statement"]["properties"]) == {"statement"}


def test_parameters_carry_the_words_of_the_docstring(agent: MCPClient) -> None:
    (tool,) = (tool for tool in agent.list_tools() if tool.name == "add_expense")

    amount = tool.input_schema["properties"]["amount"]
    assert amount["description"] == "In euros, more than zero, with at most two decimals."
    assert tool.description is not None
    assert tool.description.startswith("Record an expense of the user.")
    assert "Args:" not in tool.description


def test_expense_is_added_for_the_caller(agent: MCPClient, demo: User) -> None:
    result = agent.call("add_expense", **EXPENSE)

    expense = Expense.objects.get()
    assert expense.owner == demo
    assert result.structured == {
        "id": expense.pk,
        "spent_on": "2026-03-14",
        "amount": "4.20",
        "category__name": "transport",
        "payee": "City Transit",
        "note": "",
    }


def test_expense_is_recorded_once_by_calls_with_one_request_id(agent: MCPClient) -> None:
    first, second = (agent.call("add_expense", **EXPENSE, request_id="ticket-1") for _ in range(2))

    assert second.data == first.data
    assert (first.is_repeated, second.is_repeated) == (False, True)
    assert Expense.objects.count() == 1


def test_agent_in_a_loop_is_told_to_wait_and_knew_how_often_it_may_call(agent: MCPClient) -> None:
    (tool,) = (tool for tool in agent.list_tools() if tool.name == "add_expense")
    # The window may end on the way, and another begin.
    results = (agent.call("add_expense", **EXPENSE) for _ in range(21))
    refused = next(result for result in results if result.is_error)

    assert refused.error is not None
    assert refused.error["kind"] == "rate_limited"
    assert 0 < refused.error["retry_after"] <= 10
    assert tool.meta is not None
    assert {"limit": 10, "seconds": 10, "per": "tool", "of": "calls"} in tool.meta[
        RATE_LIMITS_META_KEY
    ]
    assert Expense.objects.count() >= 10


def test_refusal_reaches_the_agent_with_its_hint_and_leaves_nothing(agent: MCPClient) -> None:
    result = agent.call("add_expense", **{**EXPENSE, "category": "trains"})

    assert result.is_error
    assert result.error is not None
    assert result.error["error"] == "There is no category 'trains'."
    assert "transport, travel" in result.error["hint"]
    assert result.error["hint"] in result.text
    assert not Expense.objects.exists()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"amount": 0}, "amount"),
        ({"amount": "1.005"}, "amount"),
        ({"amount": True}, "amount"),
        ({"spent_on": "14.03.2026"}, "spent_on"),
        ({"payee": ""}, "payee"),
        ({"owner": "admin"}, "owner"),
        ({"context": {}}, "context"),
    ],
)
def test_invalid_argument_is_named_and_nothing_runs(
    changes: dict[str, Any], named: str, agent: MCPClient
) -> None:
    result = agent.call("add_expense", **{**EXPENSE, **changes})

    assert result.is_error
    assert named in result.text
    assert not Expense.objects.exists()


def test_lists_are_bounded_by_their_schema(agent: MCPClient) -> None:
    assert agent.call("list_expenses", limit=201).is_error
    assert agent.call("list_expenses", limit=200).structured == {"result": []}


def test_statement_is_imported_as_by_the_page(
    agent: MCPClient, demo: User, bank_statement: str
) -> None:
    first = agent.call("import_statement", statement=bank_statement).structured
    again = agent.call("import_statement", statement=bank_statement).structured

    assert first is not None
    assert again is not None
    assert (first["imported"], again["imported"], again["already_known"]) == (331, 0, 331)
    assert first["total"] == str(Expense.objects.of(demo).total())


def test_summary_is_kept_until_expenses_are_added_or_imported(
    agent: MCPClient,
    demo: User,
    bank_statement: str,
    django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[list[Any]]],
) -> None:
    def totals() -> list[str]:
        summary = agent.call("summarise_expenses", first_day="2026-03-01", last_day="2026-03-31")
        month = agent.read("summary://2026-03")
        return [summary.data["total"], json.loads(month.text)["total"]]

    services.add_expense(demo, Decimal("4.20"), "transport", "City Transit", date(2026, 3, 14))
    before = totals()
    Expense.objects.update(amount=5)  # behind Django's signals
    kept = totals()
    with django_capture_on_commit_callbacks(execute=True):
        agent.call("add_expense", **EXPENSE)
    added = totals()
    with django_capture_on_commit_callbacks(execute=True):
        agent.call("import_statement", statement=bank_statement)
    march = Expense.objects.between(date(2026, 3, 1), date(2026, 3, 31)).total()

    assert before == kept == ["4.20"] * 2
    assert added == ["9.20"] * 2
    assert totals() == [str(march)] * 2
    assert march > 1000


def test_categories_are_kept_for_everybody_until_one_is_renamed(
    agent: MCPClient,
    auditor: User,
    django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[list[Any]]],
) -> None:
    before = agent.call("list_categories").data
    Category.objects.filter(name="travel").update(name="journeys")  # behind Django's signals
    kept = MCPClient(auditor, scopes=SCOPES).call("list_categories").data
    with django_capture_on_commit_callbacks(execute=True):
        Category.objects.get(name="journeys").save()

    after = agent.call("list_categories").data

    assert before == kept
    assert "travel" in {each["name"] for each in kept}
    assert "journeys" in {each["name"] for each in after}


def test_bad_statement_rolls_everything_back(agent: MCPClient, bank_statement: str) -> None:
    result = agent.call("import_statement", statement=bank_statement + "x,x,x,x\n")

    assert result.is_error
    assert "Line 337" in result.text
    assert not Expense.objects.exists()


def test_async_tool_answers_from_the_callers_data(
    agent: MCPClient, demo: User, auditor: User
) -> None:
    services.add_expense(demo, Decimal("12.50"), "groceries", "Market")

    mine = agent.call("list_budgets").structured
    theirs = MCPClient(user=auditor, scopes=SCOPES).call("list_budgets").structured

    assert mine is not None
    assert {entry["category"]: entry["spent"] for entry in mine["result"]} == {
        "eating out": "0.00",
        "entertainment": "0.00",
        "groceries": "12.50",
        "shopping": "0.00",
    }
    assert theirs == {"result": []}


def test_expense_of_somebody_else_can_neither_be_seen_nor_deleted(
    agent: MCPClient, auditor: User
) -> None:
    expense = services.add_expense(auditor, Decimal(1), "other", "Theirs")

    assert agent.call("list_expenses").structured == {"result": []}
    assert agent.call("delete_expense", expense_id=expense.pk).is_error
    assert Expense.objects.filter(pk=expense.pk).exists()


def test_team_totals_answer_those_who_may_see_them(demo: User, auditor: User) -> None:
    services.add_expense(demo, Decimal("12.50"), "groceries", "Market")

    result = MCPClient(user=auditor, scopes=SCOPES).call(
        "team_totals", first_day="2000-01-01", last_day="2100-01-01"
    )

    assert result.structured == {
        "result": [{"username": "demo", "total": "12.50", "count": 1}],
    }
