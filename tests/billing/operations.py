"""Requests of the API by the names of the tools that make them: written down, not derived."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Any
from urllib.parse import urlencode

from django.test import Client

COMMA_SEPARATED = frozenset({"country__in", "stage__in", "number__range"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A method and a path. Arguments that the path does not take are the body, or the query.

    `renamed` gives fields of the body that have another name as arguments.
    """

    method: str
    path: str
    renamed: Mapping[str, str]

    def send(self, client: Client, arguments: Mapping[str, Any]) -> Any:
        """Ask the API."""
        taken = {name for _, name, _, _ in Formatter().parse(self.path) if name}
        others = {
            self.renamed.get(name, name): value
            for name, value in arguments.items()
            if name not in taken
        }
        path = self.path.format(**{name: arguments[name] for name in taken})
        if self.method in {"GET", "DELETE"}:
            return client.generic(self.method, f"/api/{path}?{_query(others)}")
        return client.generic(
            self.method, f"/api/{path}", json.dumps(others), content_type="application/json"
        )


def _query(arguments: Mapping[str, Any]) -> str:
    return urlencode({name: _texts(name, value) for name, value in arguments.items()}, doseq=True)


def _texts(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return ",".join(map(str, value)) if name in COMMA_SEPARATED else value
    return str(value).lower() if isinstance(value, bool) else value


def _operation(method: str, path: str, **renamed: str) -> Operation:
    return Operation(method=method, path=path, renamed=renamed)


CUSTOMER = "v1/customers/{reference}/"
PROJECTS = "v1/customers/{customer_reference}/projects/"
PROJECT = f"{PROJECTS}{{key}}/"
ENTRIES = f"{PROJECTS}{{project_key}}/entries/"
ENTRY = f"{ENTRIES}{{pk}}/"
INVOICE = "v1/invoices/{number}/"
PAYMENTS = "v1/invoices/{invoice_number}/payments/"
RATE = "v1/rates/{currency}/{day}/"

OPERATIONS: Mapping[str, Operation] = {
    "company_list": _operation("GET", "v1/companies/"),
    "company_retrieve": _operation("GET", "v1/companies/{pk}/"),
    "customer_list": _operation("GET", "v1/customers/"),
    "customer_create": _operation("POST", "v1/customers/"),
    "customer_retrieve": _operation("GET", CUSTOMER),
    "customer_update": _operation("PUT", CUSTOMER, new_reference="reference"),
    "customer_partial_update": _operation("PATCH", CUSTOMER, new_reference="reference"),
    "customer_destroy": _operation("DELETE", CUSTOMER),
    "customer_block": _operation("POST", f"{CUSTOMER}block/"),
    "customer_unblock": _operation("DELETE", f"{CUSTOMER}block/"),
    "customer_by_country": _operation("GET", "v1/customers/by-country/"),
    "customer_debts": _operation("GET", f"{CUSTOMER}debts/"),
    "project_list": _operation("GET", PROJECTS),
    "project_create": _operation("POST", PROJECTS),
    "project_retrieve": _operation("GET", PROJECT),
    "project_update": _operation("PUT", PROJECT, new_key="key"),
    "project_partial_update": _operation("PATCH", PROJECT, new_key="key"),
    "project_destroy": _operation("DELETE", PROJECT),
    "project_finish": _operation("POST", f"{PROJECT}finish/"),
    "entry_list": _operation("GET", ENTRIES),
    "entry_create": _operation("POST", ENTRIES),
    "entry_retrieve": _operation("GET", ENTRY),
    "entry_partial_update": _operation("PATCH", ENTRY),
    "entry_destroy": _operation("DELETE", ENTRY),
    "invoice_list": _operation("GET", "v1/invoices/"),
    "invoice_create": _operation("POST", "v1/invoices/"),
    "invoice_retrieve": _operation("GET", INVOICE),
    "invoice_update": _operation("PUT", INVOICE, new_number="number"),
    "invoice_partial_update": _operation("PATCH", INVOICE, new_number="number"),
    "invoice_destroy": _operation("DELETE", INVOICE),
    "invoice_send": _operation("POST", f"{INVOICE}send/"),
    "invoice_overdue": _operation("GET", "v1/invoices/overdue/"),
    "terse_invoice_list": _operation("GET", "v2/invoices/"),
    "terse_invoice_retrieve": _operation("GET", "v2/invoices/{number}/"),
    "payment_list": _operation("GET", PAYMENTS),
    "payment_create": _operation("POST", PAYMENTS),
    "membership_list": _operation("GET", "v1/members/"),
    "membership_partial_update": _operation("PATCH", "v1/members/{pk}/"),
    "rates_get": _operation("GET", "v1/rates/"),
    "rates_post": _operation("POST", "v1/rates/"),
    "rate_get": _operation("GET", RATE),
    "rate_patch": _operation("PATCH", RATE, new_currency="currency", new_day="day"),
    "rate_delete": _operation("DELETE", RATE),
    "rate_today_put": _operation("PUT", "v1/rates/today/"),
    "report_get": _operation("GET", "v1/reports/{year}/"),
    "ledger_get": _operation("GET", "v1/ledger/"),
    "ledger_post": _operation("POST", "v1/ledger/"),
    "transfer_post": _operation("POST", "v1/transfers/"),
    "note_post": _operation("POST", "v1/notes/"),
    "crash_post": _operation("POST", "v1/crash/"),
    "bank_get": _operation("GET", "v1/bank/"),
    "status_get": _operation("GET", "v1/status/"),
}
