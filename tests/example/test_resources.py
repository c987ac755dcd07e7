"""The resources of expenses and deployments, as agents of two users read them."""

import json
from base64 import b64decode
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.management import call_command
from pytest_django import Settings

from django_mcp.models import CallRecord
from example_project.expenses import services
from example_project.expenses.models import Expense
from example_project.expenses.receipts import LARGEST_RECEIPT
from tests.spec import MODERN
from tests.wire import Answer, Client

AgentOf = Callable[..., Client]

READ = ("expense:read", "deploy:read")
PDF = b"%PDF-1.4 a receipt"
DAY = date(2026, 3, 14)


@pytest.fixture
def expense(demo: User) -> Expense:
    """An expense of demo's, with its receipt."""
    expense = services.add_expense(demo, Decimal("4.20"), "transport", "City Transit", DAY)
    return services.attach_receipt(demo, expense.pk, ContentFile(PDF, "scan.pdf"))


def read(client: Client, uri: str) -> Answer:
    return client.send("resources/read", {"uri": uri})


def content(client: Client, uri: str) -> dict[str, Any]:
    (found,) = read(client, uri).result["contents"]
    assert found["uri"] == uri
    return dict(found)


def data(client: Client, uri: str) -> Any:
    found = content(client, uri)
    assert found["mimeType"] == "application/json"
    return json.loads(found["text"])


def listed(client: Client) -> dict[str, str]:
    """Titles by URI, in the order of the list."""
    found = client.send("resources/list").result["resources"]
    return {each["uri"]: each["title"] for each in found}


def refusal(client: Client, uri: str) -> dict[str, Any]:
    """The error, with `URI` in place of the one that was asked for."""
    answer = read(client, uri).error
    assert answer["data"]["uri"] == uri
    return {**answer, "data": {**answer["data"], "uri": "URI"}}


def test_templates_are_listed_with_what_they_are_for(agent_of: AgentOf, demo: User) -> None:
    listed = agent_of(demo, *READ).send("resources/templates/list").result["resourceTemplates"]

    assert {each["uriTemplate"]: each["title"] for each in listed} == {
        "expense://{pk}": "Expense",
        "receipt://{+path}": "Receipt",
        "summary://{month}": "Summary of a month",
        "service://{name}": "Service",
        "service://{name}/{environment}": "Status of a service",
    }


def test_list_has_the_expenses_of_the_user_and_the_services(
    agent_of: AgentOf, demo: User, auditor: User, expense: Expense
) -> None:
    theirs = services.add_expense(auditor, Decimal(1), "other", "Theirs", DAY)

    mine = listed(agent_of(demo, *READ))
    others = listed(agent_of(auditor, "expense:read"))

    assert {uri: mine[uri] for uri in list(mine)[:2]} == {
        f"expense://{expense.pk}": "2026-03-14 City Transit 4.20",
        "service://accounts": "accounts",
    }
    assert len(mine) == 6
    assert others == {f"expense://{theirs.pk}": "2026-03-14 Theirs 1.00"}


def test_expense_leads_to_its_receipt(agent_of: AgentOf, demo: User, expense: Expense) -> None:
    agent = agent_of(demo, *READ)

    found = data(agent, f"expense://{expense.pk}")
    receipt = content(agent, found["receipt_uri"])

    assert found == {
        "id": expense.pk,
        "spent_on": "2026-03-14",
        "amount": "4.20",
        "category__name": "transport",
        "payee": "City Transit",
        "note": "",
        "receipt_uri": expense.receipt_uri,
    }
    assert receipt["mimeType"] == "application/pdf"
    assert b64decode(receipt["blob"]) == PDF


def test_largest_receipt_that_a_page_takes_can_be_read(
    agent_of: AgentOf, demo: User, expense: Expense
) -> None:
    largest = ContentFile(PDF + bytes(LARGEST_RECEIPT - len(PDF)), "scan.pdf")
    expense = services.attach_receipt(demo, expense.pk, largest)

    receipt = content(agent_of(demo, *READ), str(expense.receipt_uri))

    assert len(b64decode(receipt["blob"])) == LARGEST_RECEIPT


def test_tool_links_to_the_receipts_of_a_time(
    agent_of: AgentOf, demo: User, expense: Expense
) -> None:
    services.add_expense(demo, Decimal(1), "other", "Without", DAY)
    agent = agent_of(demo, *READ)
    march = {"first_day": "2026-03-01", "last_day": "2026-03-31"}

    (link,) = agent.call("find_receipts", **march).result["content"]
    others = agent.call("find_receipts", **march, search="Without").result["content"]

    assert (link["type"], link["uri"], link["title"]) == (
        "resource_link",
        expense.receipt_uri,
        "Receipt",
    )
    assert others == []
    assert b64decode(content(agent, link["uri"])["blob"]) == PDF


def test_paths_of_receipts_are_completed_for_their_owner_alone(
    agent_of: AgentOf, demo: User, auditor: User, expense: Expense
) -> None:
    params = {
        "ref": {"type": "ref/resource", "uri": "receipt://{+path}"},
        "argument": {"name": "path", "value": ""},
    }

    mine, theirs = (
        agent_of(user, *READ).send("completion/complete", params).result["completion"]["values"]
        for user in (demo, auditor)
    )

    assert [f"receipt://{path}" for path in mine] == [expense.receipt_uri]
    assert theirs == []


def test_summary_is_that_of_the_month(agent_of: AgentOf, demo: User, expense: Expense) -> None:
    services.add_expense(demo, Decimal(9), "other", "Later", date(2026, 4, 1))

    summary = data(agent_of(demo, *READ), "summary://2026-03")

    assert (summary["first_day"], summary["last_day"]) == ("2026-03-01", "2026-03-31")
    assert (summary["total"], summary["count"]) == ("4.20", 1)


def test_service_says_what_is_live_and_its_status_what_runs(agent_of: AgentOf, demo: User) -> None:
    agent = agent_of(demo, *READ)

    service = data(agent, "service://checkout")
    status = data(agent, "service://checkout/staging")

    assert service == {
        "name": "checkout",
        "team": "payments",
        "description": "Basket, payment and confirmation of orders",
        "versions": {"development": "2.4.0", "staging": "2.4.0", "production": "2.3.1"},
    }
    assert (status["version"], status["health"]) == ("2.4.0", "degraded")


def test_status_while_the_platform_fails_is_worth_a_retry(
    agent_of: AgentOf, demo: User, settings: Settings
) -> None:
    call_command("upstream", "staging", "down", verbosity=0)

    error = read(agent_of(demo, *READ), "service://checkout/staging").error

    assert error["code"] == -32603
    assert error["message"].startswith("The deployment platform of staging is down.")
    facts = error["data"]["django-mcp/error"]
    assert (facts["retryable"], facts["retry_after"]) == (True, 30)


@pytest.mark.parametrize("uri", ["service://rumour", "service://rumour/staging"])
def test_service_that_does_not_exist_is_not_found(
    uri: str, agent_of: AgentOf, demo: User, era: str
) -> None:
    error = read(agent_of(demo, *READ), uri).error

    assert error["code"] == (-32602 if era == MODERN else -32002)
    assert error["data"]["uri"] == uri


@pytest.mark.parametrize("name", ["expense", "receipt"])
def test_resource_of_another_user_reads_as_a_missing_one(
    name: str, agent_of: AgentOf, demo: User, auditor: User, expense: Expense
) -> None:
    uri = {"expense": f"expense://{expense.pk}", "receipt": str(expense.receipt_uri)}[name]
    missing = {"expense": "expense://0", "receipt": "receipt://0/none.pdf"}[name]
    colleague = agent_of(auditor, *READ)

    assert refusal(colleague, uri) == refusal(colleague, missing)
    assert "blob" not in read(colleague, uri).text
    assert content(agent_of(demo, *READ), uri)
    assert list(
        CallRecord.objects.order_by("pk").values_list("username", "kind", "name", "outcome")
    ) == [
        ("auditor", "resource", name, "not_found"),
        ("auditor", "resource", name, "not_found"),
        ("auditor", "resource", name, "not_found"),
        ("demo", "resource", name, "ok"),
    ]


def test_summaries_and_links_hold_nothing_of_another_user(
    agent_of: AgentOf, auditor: User, expense: Expense
) -> None:
    colleague = agent_of(auditor, *READ)

    assert data(colleague, "summary://2026-03")["count"] == 0
    days = {"first_day": "2000-01-01", "last_day": "2100-01-01"}
    assert colleague.call("find_receipts", **days).result["content"] == []


@pytest.mark.parametrize(
    "path",
    [
        "{owner}/../{owner}/{name}",
        "{owner}/%2e%2e/{owner}/{name}",
        "../receipts/{owner}/{name}",
        "/{owner}/{name}",
        "{owner}/{name}%00",
        "{owner}//{name}",
        "{owner}/",
        "../db.sqlite3",
        "..%2f..%2fetc%2fpasswd",
        "../reports/{owner}/2025.xlsx",
        "",
    ],
)
def test_path_that_is_not_a_receipts_own_reads_nothing(
    path: str, agent_of: AgentOf, demo: User, expense: Expense
) -> None:
    owner, _, name = str(expense.receipt_uri).removeprefix("receipt://").partition("/")

    answer = read(agent_of(demo, *READ), "receipt://" + path.format(owner=owner, name=name))

    assert answer.error["message"] == "Resource not found"
    assert "blob" not in answer.text


def test_token_without_the_scope_is_told_which_it_lacks(
    agent_of: AgentOf, demo: User, expense: Expense
) -> None:
    answer = read(agent_of(demo, "deploy:read"), f"expense://{expense.pk}")

    assert answer.status == 403
    assert "expense:read" in str(answer.header("WWW-Authenticate"))
