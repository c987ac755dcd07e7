"""What the API answers its users, their agents are answered, too: users by actions by inputs."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from pytest_django import Settings

from django_mcp.primitives.registry import Registry
from tests.billing.answers import begin_keys_anew, rest_answer, tool_answer, unwrapped
from tests.billing.callers import CALLERS, Caller
from tests.billing.cases import CASES, Case
from tests.billing.operations import OPERATIONS
from tests.billing.world import SITE


@contextmanager
def undone() -> Iterator[None]:
    """Undo what the block has written."""
    with transaction.atomic():
        begin_keys_anew()
        yield
        transaction.set_rollback(True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One case of one caller: what the API answers, and what the tool answers otherwise."""

    status: int
    kind: str
    differences: Sequence[str]


def exchanges(operation: str, caller: Caller, *, at_host: bool = True) -> list[Exchange]:
    """Every case of an operation, each asked in both ways of the same rows."""
    browser = caller.browser(at_host=at_host)
    return [exchange(case, caller, browser) for case in CASES if case.operation == operation]


def exchange(case: Case, caller: Caller, browser: Client) -> Exchange:
    """Ask in both ways."""
    arguments = case.resolved()
    with undone():
        response = OPERATIONS[case.operation].send(browser, arguments)
        rest = rest_answer(response)
    with undone():
        tool = tool_answer(caller.agent.call(case.operation, **arguments))
    if case.status == 400 and rest.kind and tool.kind == "invalid_arguments":
        # What breaks the published schema is refused before the view is asked who calls.
        tool = replace(tool, kind=rest.kind)
    differences = [f"{caller.name}, {case}: {each}" for each in rest.differences(tool)]
    return Exchange(status=response.status_code, kind=rest.kind, differences=differences)


def differences(found: Mapping[str, Sequence[Exchange]]) -> str:
    """All differences, a line for each."""
    return "\n".join(text for each in found.values() for one in each for text in one.differences)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_tool_answers_each_user_as_the_api_does(
    operation: str, tools: Registry, filled: None
) -> None:
    found = {name: exchanges(operation, caller) for name, caller in CALLERS.items()}

    assert differences(found) == ""
    assert [one.status for one in found["owner"]] == [
        case.status for case in CASES if case.operation == operation
    ]


BY_MEMBERSHIP = ("customer_create", "entry_list", "invoice_list", "invoice_send", "status_get")


@pytest.mark.parametrize("operation", BY_MEMBERSHIP)
def test_tenant_is_that_of_the_membership_where_no_host_names_one(
    operation: str, tools: Registry, filled: None, settings: Settings
) -> None:
    settings.DJANGO_MCP_DRF_REQUEST = ""

    found = {name: exchanges(operation, caller, at_host=False) for name, caller in CALLERS.items()}

    assert differences(found) == ""
    assert found["member"][0].kind == ""


ORDERS: list[tuple[str, dict[str, Any]]] = [
    ("customer_list", {"page_size": 2, "is_blocked": False}),
    ("project_list", {"customer_reference": "north", "ordering": "-name"}),
    ("entry_list", {"customer_reference": "north", "project_key": str(SITE)}),
    ("invoice_list", {"status": ["sent", "paid", "draft"], "ordering": "-number"}),
]


@pytest.mark.parametrize(("operation", "arguments"), ORDERS)
def test_pages_follow_each_other_by_their_arguments(
    operation: str, arguments: dict[str, Any], tools: Registry, filled: None
) -> None:
    member = CALLERS["member"]
    browser, agent = member.browser(at_host=True), member.agent

    def by_argument(direction: str, page: Any) -> list[Any]:
        found = [page]
        while following := links(found[-1])[direction]:
            result = agent.call(operation, **{**arguments, **following})
            found.append(unwrapped(result))
        return found

    def by_link(direction: str, page: Any) -> list[Any]:
        found = [page]
        while link := links(found[-1])[direction]:
            found.append(browser.get(link).json())
        return found

    first = OPERATIONS[operation].send(browser, arguments).json()
    asked = by_link("next", first)
    called = by_argument("next", unwrapped(agent.call(operation, **arguments)))

    assert len(asked) > 1
    assert list(map(rows, called)) == list(map(rows, asked))
    # Back again, also to the first page, whose number is in no link.
    assert [rows(each) for each in by_argument("previous", called[-1])] == [
        rows(each) for each in by_link("previous", asked[-1])
    ]


def links(page: Any) -> Any:
    return page["meta"]["links"] if "meta" in page else page


def rows(page: Any) -> Any:
    return page["data"] if "meta" in page else page["results"]
