"""Signals tell of every call, and nothing that listens can harm one."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User

from django_mcp import ToolError
from django_mcp.exceptions import MissingScopeError, ToolFailedError, UnknownToolError
from django_mcp.models import CallRecord
from django_mcp.signals import tool_called, tool_rejected
from django_mcp.testing import MCPClient
from tests.calls import call_of, caller, serve_here
from tests.shop import services

Heard = list[dict[str, Any]]


@pytest.fixture
def heard(db: None) -> Iterator[Heard]:
    """Everything that the signals have told."""
    heard: Heard = []

    def hear(**facts: Any) -> None:
        record = CallRecord.objects.filter(call_id=facts["call"].id).first()
        heard.append({**facts, "outcome_on_record": record and record.outcome})

    tool_called.connect(hear)
    tool_rejected.connect(hear)
    yield heard
    tool_called.disconnect(hear)
    tool_rejected.disconnect(hear)


def test_a_call_is_told_with_its_function_after_it_is_on_record(heard: Heard) -> None:
    context = call_of("greet", arguments={"name": "Bob"})

    serve_here(context)

    (facts,) = heard
    assert facts["signal"] is tool_called
    assert facts["sender"] is services.greet
    assert facts["call"] is context.invocation
    assert facts["outcome"] == facts["outcome_on_record"] == "ok"
    assert type(facts["outcome"]) is str
    assert isinstance(facts["duration_ms"], int)


@pytest.mark.parametrize(
    ("name", "error", "outcome"),
    [
        ("get_product", ToolError, "tool_error"),
        ("order_from_supplier", ToolFailedError, "failed"),
        ("ask_supplier", ToolFailedError, "failed"),
    ],
)
def test_a_tool_that_ran_was_called_however_it_ended(
    heard: Heard, name: str, error: type[Exception], outcome: str
) -> None:
    arguments = {"sku": "x"} if name == "get_product" else {"note": "x"}

    with pytest.raises(error):
        serve_here(call_of(name, arguments=arguments))

    (facts,) = heard
    assert facts["signal"] is tool_called
    assert facts["sender"] is getattr(services, name)
    assert facts["outcome"] == facts["outcome_on_record"] == outcome


@pytest.mark.parametrize(
    ("name", "error", "outcome"),
    [
        ("gone", UnknownToolError, "unknown_tool"),
        ("list_products", MissingScopeError, "missing_scope"),
    ],
)
def test_a_refusal_is_told_without_the_function(
    heard: Heard, name: str, error: type[Exception], outcome: str
) -> None:
    with pytest.raises(error):
        serve_here(call_of(name, principal=caller(scopes=())))

    (facts,) = heard
    assert facts["signal"] is tool_rejected
    assert facts["sender"] is None
    assert facts["outcome"] == facts["outcome_on_record"] == outcome


def test_a_receiver_of_one_tool_hears_of_that_tool_alone(db: None) -> None:
    heard: list[str] = []

    def hear(call: Any, **facts: Any) -> None:
        heard.append(call.name)

    tool_called.connect(hear, sender=services.opening_hours)
    try:
        serve_here(call_of("greet"))
        serve_here(call_of("opening_hours"))
    finally:
        tool_called.disconnect(hear, sender=services.opening_hours)

    assert heard == ["opening_hours"]


@pytest.mark.parametrize("name", ["add_product", "opening_hours", "restock"])
def test_a_receiver_that_raises_harms_nothing(
    heard: Heard, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    def fail(**facts: Any) -> None:
        raise RuntimeError("the receiver is broken")

    client = MCPClient(User.objects.create_user("ann"))
    client.call("add_product", sku="there", name="There", price=1)
    arguments = {
        "add_product": {"sku": "a", "name": "A", "price": 1},
        "restock": {"sku": "there", "quantity": 1},
        "opening_hours": {},
    }
    heard.clear()
    tool_called.connect(fail)
    try:
        result = client.call(name, **arguments[name])
    finally:
        tool_called.disconnect(fail)

    assert not result.is_error
    assert [facts["outcome_on_record"] for facts in heard] == ["ok"]
    assert "the receiver is broken" in caplog.text
