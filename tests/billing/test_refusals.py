"""What the API refuses, and how much of it agents are told."""

import pytest
from django.db import connection
from pytest_django import Settings

from django_mcp.primitives.registry import Registry
from tests.billing.answers import rest_answer, tool_answer
from tests.billing.callers import CALLERS
from tests.billing.models import Company, Payment
from tests.billing.operations import OPERATIONS
from tests.billing.throttles import RATES
from tests.billing.world import PAID

MEMBER = CALLERS["member"]


@pytest.mark.parametrize(
    ("caller", "throttle", "operation", "arguments"),
    [
        ("member", "user", "customer_list", {}),
        ("member", "reports", "report_get", {"year": 2026}),
        ("anonymous", "anon", "rates_get", {}),
    ],
)
def test_throttle_counts_calls_of_tools_with_those_of_the_api(
    caller: str,
    throttle: str,
    operation: str,
    arguments: dict[str, object],
    tools: Registry,
    filled: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(RATES, throttle, "3/hour")
    browser, agent = CALLERS[caller].browser(at_host=True), CALLERS[caller].agent
    # The throttle of strangers counts by address, and theirs differ.
    by_api = 0 if caller == "anonymous" else 1

    for _ in range(by_api):
        assert OPERATIONS[operation].send(browser, arguments).status_code == 200
    results = [agent.call(operation, **arguments) for _ in range(4 - by_api)]

    assert [result.error.get("kind") for result in results] == [
        *[None] * (3 - by_api),
        "rate_limited",
    ]
    assert results[-1].error["retryable"]
    assert 3500 < results[-1].error["retry_after"] <= 3600


@pytest.mark.parametrize(("is_atomic", "number"), [(False, 3), (True, 1)])
def test_atomic_requests_undo_what_a_refused_call_has_written(
    is_atomic: bool,
    number: int,
    transactional_db: None,
    tools: Registry,
    filled: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", is_atomic)
    payments = Payment.objects.filter(pk=PAID)
    paid = payments.get().invoice
    arguments = {"source": str(PAID), "target": 3}

    rest = rest_answer(OPERATIONS["transfer_post"].send(MEMBER.browser(at_host=True), arguments))
    payments.update(invoice=paid)
    tool = tool_answer(MEMBER.agent.call("transfer_post", **arguments))

    assert "".join(rest.differences(tool)) == ""
    assert tool.kind == "conflict"
    assert payments.get().invoice.number == number


def test_view_that_is_not_atomic_keeps_what_it_has_written(
    transactional_db: None, tools: Registry, filled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)

    noted = MEMBER.agent.call("note_post")
    crashed = MEMBER.agent.call("crash_post")

    assert noted.error["kind"] == "tool_error"
    assert "makes no coffee" in noted.text
    assert crashed.error["kind"] == "failed"
    assert Company.objects.get(slug="acme").name == "Noted"


@pytest.mark.parametrize("operation", ["crash_post", "bank_get"])
def test_failure_of_a_view_leaks_nothing(operation: str, tools: Registry, filled: None) -> None:
    result = MEMBER.agent.call(operation)

    assert result.error["kind"] == "failed"
    assert str(result.call_id) in result.text
    assert "hunter2" not in f"{result.text} {result.structured} {result.meta}"


@pytest.mark.parametrize("handler", ["rest_framework.views.exception_handler", None])
def test_fields_are_named_in_the_words_of_the_api(
    handler: str | None, tools: Registry, filled: None, settings: Settings
) -> None:
    if handler is not None:
        settings.REST_FRAMEWORK = {"EXCEPTION_HANDLER": handler}
    line = {"text": "Work", "quantity": "1", "unit_price": "1"}

    taken = MEMBER.agent.call("invoice_create", number=1, customer="secret", lines=[line])
    person = MEMBER.agent.call(
        "customer_create", reference="p", name="P", kind="person", credit_limit="1"
    )
    gone = MEMBER.agent.call("customer_retrieve", reference="secret")
    viewer = CALLERS["read-only"].agent.call("customer_destroy", reference="north")

    for field, words in (
        ("number", "There is an invoice with this number."),
        ("customer", "There is no such object."),
    ):
        assert field in taken.text
        assert words in taken.text
    assert "A person gets no credit." in person.text
    assert gone.error["kind"] == "not_found"
    assert viewer.error["kind"] == "permission_denied"
    assert "Viewers may only read." in viewer.text


def test_member_of_another_company_is_refused_at_the_host_of_this_one(
    tools: Registry, filled: None, settings: Settings
) -> None:
    settings.DJANGO_MCP_DRF_REQUEST = "tests.billing.tenancy.name_host_of_acme"

    refused = CALLERS["other tenant"].agent.call("customer_list")
    shown = MEMBER.agent.call("customer_list")

    assert refused.error["kind"] == "permission_denied"
    assert "You are no member of this company." in refused.text
    assert shown.data["count"] == 5
