"""The REST API of the expenses, and the part of it that agents have as tools."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from django_mcp.exceptions import MissingScopeError
from django_mcp.testing import MCPClient
from example_project.expenses.models import Category, Expense

API = "/api/expenses/"
JSON = "application/json"


@pytest.fixture
def program(demo: User) -> Client:
    """A program of the user's, with their session."""
    program = Client()
    program.force_login(demo)
    return program


@pytest.fixture
def expenses(demo: User, auditor: User) -> list[Expense]:
    """Three expenses of the user, the last of which was imported; and one of another user."""
    categories = {each.name: each for each in Category.objects.all()}
    rows = [
        (demo, "transport", "4.20", "City Transit", 3, ""),
        (demo, "groceries", "61.05", "Corner Shop", 2, ""),
        (demo, "groceries", "12.00", "Market", 1, "B-1"),
        (auditor, "groceries", "99.00", "Corner Shop", 2, ""),
    ]
    return [
        Expense.objects.create(
            owner=owner,
            category=categories[category],
            amount=Decimal(amount),
            payee=payee,
            spent_on=date(2026, 3, day),
            reference=reference,
        )
        for owner, category, amount, payee, day, reference in rows
    ]


def payees(data: Any) -> list[str]:
    return [each["payee"] for each in data["results"]]


def test_api_shows_the_expenses_of_the_user_alone(program: Client, expenses: list[Expense]) -> None:
    response = program.get(API)

    assert payees(response.json()) == ["City Transit", "Corner Shop", "Market"]
    assert response.json()["results"][0] == {
        "id": expenses[0].pk,
        "spent_on": "2026-03-03",
        "amount": "4.20",
        "category": "transport",
        "payee": "City Transit",
        "note": "",
        "receipt_uri": None,
    }
    assert program.get(f"{API}{expenses[3].pk}/").status_code == 404


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("amount_min=10&ordering=amount", ["Market", "Corner Shop"]),
        ("category=Groceries&spent_on__gte=2026-03-02", ["Corner Shop"]),
        ("spent_on__lte=2026-03-01", ["Market"]),
        ("search=transit", ["City Transit"]),
        ("has_receipt=true", []),
        ("has_receipt=false&page_size=1&page=3", ["Market"]),
    ],
)
def test_api_filters_and_orders(
    query: str, expected: list[str], program: Client, expenses: list[Expense]
) -> None:
    assert payees(program.get(f"{API}?{query}").json()) == expected


def test_api_corrects_an_expense_but_not_its_amount(
    program: Client, expenses: list[Expense]
) -> None:
    change = {"category": "Travel", "note": "to the fair", "amount": "0.01"}

    response = program.patch(f"{API}{expenses[0].pk}/", change, content_type=JSON)

    expense = Expense.objects.get(pk=expenses[0].pk)
    assert response.status_code == 200
    assert (expense.category.name, expense.note) == ("travel", "to the fair")
    assert expense.amount == Decimal("4.20")


def test_api_keeps_the_payee_of_a_bank_statement(program: Client, expenses: list[Expense]) -> None:
    url = f"{API}{expenses[2].pk}/"

    refused = program.patch(url, {"payee": "Nobody"}, content_type=JSON)
    changed = program.patch(url, {"note": "cheese"}, content_type=JSON)

    assert (refused.status_code, changed.status_code) == (403, 200)
    assert "bank statement" in refused.json()["detail"]


def test_api_asks_who_calls(expenses: list[Expense]) -> None:
    assert Client().get(API).status_code == 403


def test_agent_searches_as_a_program_does(
    program: Client, expenses: list[Expense], demo: User
) -> None:
    agent = MCPClient(demo, scopes=["expense:read"])
    query: dict[str, Any] = {"amount_min": 10, "ordering": "amount", "page_size": 1}

    page = agent.call("search_expenses", **query).data
    following = agent.call("search_expenses", **{**query, **page["next"]}).data

    answer = program.get(API, query).json()
    assert {**page, "next": None} == {**answer, "next": None}
    assert page["next"] == {"page": 2, "page_size": 1}
    assert following["results"] == program.get(answer["next"]).json()["results"]


def test_agent_corrects_what_its_user_may_correct(
    expenses: list[Expense], demo: User, auditor: User
) -> None:
    agent = MCPClient(demo, scopes=["expense:write"])
    own, imported, others = (expenses[number].pk for number in (0, 2, 3))

    changed = agent.call("correct_expense", id=own, category="Travel")
    unknown = agent.call("correct_expense", id=own, category="moon")
    refused = agent.call("correct_expense", id=imported, payee="Nobody")
    missing = agent.call("correct_expense", id=others, note="mine")

    assert changed.data["category"] == "travel"
    assert [each.error["kind"] for each in (unknown, refused, missing)] == [
        "invalid_arguments",
        "permission_denied",
        "not_found",
    ]
    assert "category: There is no category 'moon'." in unknown.text
    assert "bank statement" in refused.text
    with pytest.raises(MissingScopeError):
        agent.call("search_expenses")
