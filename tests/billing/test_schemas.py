"""What agents are told of the tools, before they call one."""

from collections.abc import Mapping
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from django_mcp.primitives.registry import Registry
from tests.billing.callers import CALLERS
from tests.billing.cases import CASES
from tests.billing.operations import OPERATIONS

CUSTOMER_FILTERS = [
    "name",
    "credit_limit_min",
    "credit_limit_max",
    "country__in",
    "kind",
    "since_after",
    "since_before",
    "is_blocked",
    "tag",
    "has_email",
    "sort",
    "search",
]
ARGUMENTS: Mapping[str, list[str]] = {
    "customer_list": [*CUSTOMER_FILTERS, "page", "page_size"],
    # It filters, and makes no pages.
    "customer_by_country": CUSTOMER_FILTERS,
    "customer_retrieve": ["reference"],
    "customer_block": ["reference", "reason", "from_day"],
    "project_finish": ["customer_reference", "key"],
    "entry_list": [
        "customer_reference",
        "project_key",
        "is_billable",
        "day__year",
        "day__gte",
        "day__lt",
        "lasted__gte",
        "cursor",
    ],
    "entry_create": [
        "customer_reference",
        "project_key",
        "day",
        "lasted",
        "note",
        "is_billable",
    ],
    "invoice_update": [
        "number",
        "new_number",
        "customer",
        "currency",
        "issued_on",
        "due_on",
        "lines",
    ],
    "rate_patch": ["currency", "day", "new_currency", "new_day", "value"],
    "report_get": ["year", "month", "with_customers"],
    "status_get": [],
}


@pytest.fixture
def definitions(tools: Registry, filled: None) -> Mapping[str, Any]:
    return {each.name: each for each in CALLERS["owner"].agent.list_tools()}


def test_every_operation_is_a_tool(definitions: Mapping[str, Any]) -> None:
    assert definitions.keys() == OPERATIONS.keys()


@pytest.mark.parametrize("name", ARGUMENTS)
def test_arguments_are_those_of_path_query_and_body(
    name: str, definitions: Mapping[str, Any]
) -> None:
    assert list(definitions[name].input_schema["properties"]) == ARGUMENTS[name]


def test_published_schemas_allow_what_the_api_accepts(definitions: Mapping[str, Any]) -> None:
    accepted = [case for case in CASES if case.status < 400]

    for case in accepted:
        schema = definitions[case.operation].input_schema
        Draft202012Validator(schema).validate(case.resolved())

    assert {case.operation for case in accepted} >= {"customer_list", "invoice_create"}


def test_list_of_an_envelope_of_the_projects_own_promises_no_shape(
    definitions: Mapping[str, Any],
) -> None:
    schemas = {name: each.output_schema for name, each in definitions.items()}

    assert schemas["invoice_list"] is None
    assert schemas["ledger_get"] is None
    assert schemas["payment_create"] == {"type": "object"}
    assert list(schemas["customer_list"]["properties"]) == ["count", "next", "previous", "results"]
    assert schemas["rates_get"]["properties"]["result"]["type"] == "array"
