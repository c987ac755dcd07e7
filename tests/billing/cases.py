"""Arguments for each operation, and the status that the owner of the company gets for them."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from tests.billing.models import Company, Entry, Membership
from tests.billing.world import NEW, PAID, RIVALS, SHOP, SITE

MISSING = str(uuid.UUID(int=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """The key of a row, which is known once the row is written."""

    model: type[Model]
    lookup: Mapping[str, Any]

    def resolve(self) -> Any:
        return self.model._default_manager.filter(**self.lookup).order_by("pk")[0].pk


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Arguments of one operation; `status` is the owner's."""

    operation: str
    status: int
    arguments: Mapping[str, Any]

    def resolved(self) -> dict[str, Any]:
        """The arguments, as JSON."""
        return {
            name: value.resolve() if isinstance(value, Key) else value
            for name, value in self.arguments.items()
        }

    def __str__(self) -> str:
        return f"{self.operation}({dict(self.arguments)})"


def _key(model: type[Model], /, **lookup: Any) -> Any:
    return Key(model=model, lookup=lookup)


def _case(operation: str, status: int, /, **arguments: Any) -> Case:
    return Case(operation=operation, status=status, arguments=arguments)


NORTH = {"reference": "north"}
PROJECTS = {"customer_reference": "north"}
SITE_PROJECT = {**PROJECTS, "key": str(SITE)}
ENTRIES = {**PROJECTS, "project_key": str(SITE)}
FIRST = _key(Entry, note="")
LINE = {"text": "Advice", "quantity": "2.500", "unit_price": "99.90"}
WHOLE_CUSTOMER: dict[str, Any] = {
    "name": "New, Ltd.",
    "kind": "business",
    "country": "GB",
    "email": "new@new.example",
    "credit_limit": "1000.00",
    "discount": 0.125,
    "score": 2.5,
    "since": "2026-01-31",
    "opens": "09:15:00",
    "facts": {"deep": [{"er": None}], "n": 1.5},
    "tags": ["old", "key account"],
    "address": {"street": "New 1", "city": "York", "postcode": None},
    "note": "from the fair",
}

CASES: Sequence[Case] = (
    _case("company_list", 403),
    _case("company_retrieve", 403, pk=_key(Company, slug="acme")),
    # Lists of customers: pages, filters of every kind, search, orders.
    _case("customer_list", 200),
    _case("customer_list", 200, page=2),
    _case("customer_list", 404, page=9),
    _case("customer_list", 200, page_size=2, page=2),
    _case("customer_list", 200, page_size=5),
    _case("customer_list", 200, name="NORD"),
    _case("customer_list", 200, name="nobody's"),
    _case("customer_list", 200, credit_limit_min=1, credit_limit_max=600),
    _case("customer_list", 200, country__in=["DE", "AT"], page_size=5),
    _case("customer_list", 200, kind="person"),
    _case("customer_list", 400, kind="robot"),
    _case("customer_list", 200, since_after="2021-01-01"),
    _case("customer_list", 400, since_before="soon"),
    _case("customer_list", 200, is_blocked=True),
    _case("customer_list", 200, is_blocked=False, has_email=True),
    _case("customer_list", 200, tag=["old"]),
    _case("customer_list", 200, tag=["key account", "old"]),
    _case("customer_list", 400, tag=["hidden"]),
    _case("customer_list", 200, sort="-limit", page_size=5),
    _case("customer_list", 200, sort="since", page_size=5),
    _case("customer_list", 200, search="person.example"),
    _case("customer_list", 200, search="Inc west"),
    _case("customer_retrieve", 200, **NORTH),
    _case("customer_retrieve", 200, reference="south"),
    _case("customer_retrieve", 200, reference="person"),
    _case("customer_retrieve", 404, reference="secret"),
    _case("customer_create", 201, reference="new", **WHOLE_CUSTOMER),
    _case("customer_create", 201, reference="few", name="Few"),
    _case("customer_create", 201, reference="null", name="Null", address=None, email=None),
    _case("customer_create", 400, reference="north", name="Again"),
    _case("customer_create", 400, reference="no slug!", name=""),
    _case("customer_create", 400, reference="p", name="P", kind="person", credit_limit="1"),
    _case("customer_create", 400, reference="p", name="P", tags=["hidden"]),
    _case("customer_create", 400, reference="p", name="P", discount=1.5),
    _case("customer_create", 400, reference="p", name="P", address={"street": "only"}),
    _case("customer_create", 400, name="No reference"),
    _case("customer_create", 409, reference="closed", name="Closed", country="XX"),
    _case("customer_update", 200, **NORTH, new_reference="renamed", **WHOLE_CUSTOMER),
    _case("customer_update", 400, **NORTH, name="Without a reference"),
    _case("customer_update", 404, reference="gone", new_reference="gone", name="Gone"),
    _case("customer_partial_update", 200, **NORTH, name="Renamed"),
    _case("customer_partial_update", 200, **NORTH),
    _case("customer_partial_update", 200, **NORTH, credit_limit=None, tags=[], address=None),
    _case("customer_partial_update", 400, **NORTH, new_reference="south", email="none"),
    _case("customer_destroy", 409, reference="protected"),
    _case("customer_destroy", 204, reference="west"),
    _case("customer_destroy", 409, **NORTH),
    _case("customer_destroy", 404, reference="secret"),
    _case("customer_block", 200, **NORTH, reason="pays late", from_day="2026-06-01"),
    _case("customer_block", 400, **NORTH),
    _case("customer_block", 409, reference="south", reason="again"),
    _case("customer_unblock", 204, reference="south"),
    _case("customer_by_country", 200),
    _case("customer_by_country", 200, kind="business", search="Inc"),
    _case("customer_debts", 200, **NORTH),
    _case("customer_debts", 200, reference="west"),
    # Projects, nested in customers.
    _case("project_list", 200, **PROJECTS),
    _case("project_list", 200, **PROJECTS, limit=1, offset=1),
    _case("project_list", 200, **PROJECTS, stage__in=[1, 3]),
    _case("project_list", 200, **PROJECTS, starts__gte="2026-01-01", starts__isnull=False),
    _case("project_list", 200, **PROJECTS, ordering="-name", limit=4),
    _case("project_list", 200, customer_reference="secret"),
    _case("project_retrieve", 200, **SITE_PROJECT),
    _case("project_retrieve", 200, **PROJECTS, key=str(SHOP)),
    _case("project_retrieve", 404, **PROJECTS, key=str(RIVALS)),
    _case("project_create", 201, **PROJECTS, key=str(NEW), name="New", stage=2, budget="0.50"),
    _case("project_create", 400, **PROJECTS, key=str(SITE), name="x" * 81, stage=9),
    _case(
        "project_create",
        400,
        **PROJECTS,
        key=str(NEW),
        name="Back",
        starts="2026-02-01",
        ends="2026-01-01",
    ),
    _case("project_create", 404, customer_reference="secret", key=str(NEW), name="Theirs"),
    _case("project_update", 200, **SITE_PROJECT, new_key=str(SITE), name="Site 2"),
    _case("project_partial_update", 200, **SITE_PROJECT, stage=3, ends=None),
    _case("project_partial_update", 200, **PROJECTS, key=str(SHOP), budget="12.00"),
    _case("project_destroy", 204, **PROJECTS, key=str(SHOP)),
    _case("project_destroy", 404, **PROJECTS, key=MISSING),
    _case("project_finish", 200, **SITE_PROJECT),
    # Time, nested twice.
    _case("entry_list", 200, **ENTRIES),
    _case("entry_list", 200, **ENTRIES, is_billable=False),
    _case("entry_list", 200, **ENTRIES, day__year=2026, day__lt="2026-04-02"),
    _case("entry_list", 404, **ENTRIES, cursor="nonsense"),
    _case("entry_list", 200, customer_reference="north", project_key=str(RIVALS)),
    _case("entry_retrieve", 404, **ENTRIES, pk=0),
    _case("entry_retrieve", 200, **ENTRIES, pk=FIRST),
    _case("entry_create", 201, **ENTRIES, day="2026-05-04", lasted="01:30:00", note="today"),
    _case("entry_create", 400, **ENTRIES, day="2026-02-30", lasted="long"),
    _case("entry_partial_update", 403, **ENTRIES, pk=FIRST, is_billable=False),
    _case("entry_partial_update", 200, **ENTRIES, pk=_key(Entry, note="part 1"), note="mine"),
    _case("entry_destroy", 403, **ENTRIES, pk=FIRST),
    _case("entry_destroy", 204, **ENTRIES, pk=_key(Entry, note="part 1")),
    # Invoices, in both versions.
    _case("invoice_list", 200),
    _case("invoice_list", 200, p=2),
    _case("invoice_list", 200, p=3),
    _case("invoice_list", 404, p=4),
    _case("invoice_list", 200, status=["draft", "paid"]),
    _case("invoice_list", 200, customer="south", ordering="-due_on"),
    _case("invoice_list", 200, total_min=60),
    _case("invoice_list", 200, issued_on__isnull=True),
    _case("invoice_list", 200, number__range=[2, 4], p=2),
    _case("invoice_list", 200, issued_on__gte="2026-01-02", issued_on__lte="2026-01-05", p=2),
    _case("invoice_retrieve", 200, number=1),
    _case("invoice_retrieve", 200, number=3),
    _case("invoice_retrieve", 404, number=99),
    _case(
        "invoice_create",
        201,
        number=6,
        customer="north",
        lines=[LINE, {**LINE, "project": None, "text": "More"}],
        due_on="2026-07-01",
    ),
    _case("invoice_create", 400, number=6, customer="secret", lines=[LINE]),
    _case("invoice_create", 400, number=6, customer="north", lines=[]),
    _case("invoice_create", 400, number=6, customer="north", lines=[LINE, {"text": ""}]),
    _case("invoice_create", 400, number=-1, customer="north", lines=[LINE], currency="EURO"),
    _case("invoice_update", 200, number=3, new_number=33, customer="north", lines=[LINE]),
    _case("invoice_partial_update", 200, number=3, lines=[LINE, LINE]),
    _case("invoice_partial_update", 400, number=3, new_number=1),
    _case("invoice_destroy", 204, number=3),
    _case("invoice_destroy", 409, number=2),
    _case("invoice_send", 200, number=3),
    _case("invoice_send", 409, number=2),
    _case("invoice_overdue", 200),
    _case("invoice_overdue", 200, ordering="-number"),
    _case("terse_invoice_list", 200, p=2, status=["sent", "paid"]),
    _case("terse_invoice_retrieve", 200, number=2),
    _case("payment_list", 200, invoice_number=1),
    _case("payment_list", 200, invoice_number=2),
    _case(
        "payment_create",
        201,
        invoice_number=2,
        reference=str(NEW),
        amount="45.45",
        received="2026-05-04T12:00:00+02:00",
    ),
    _case(
        "payment_create",
        409,
        invoice_number=2,
        reference=str(NEW),
        amount="1000",
        received="2026-05-04T12:00:00Z",
    ),
    _case("payment_create", 400, invoice_number=2, reference=str(PAID), amount="0.001"),
    _case("membership_list", 200),
    _case(
        "membership_partial_update",
        200,
        pk=_key(Membership, user__username="vera"),
        role="editor",
        hourly_rate="10",
    ),
    _case(
        "membership_partial_update", 400, pk=_key(Membership, user__username="vera"), role="king"
    ),
    _case("membership_partial_update", 404, pk=_key(Membership, user__username="rita")),
    # Views that are no viewsets.
    _case("rates_get", 200),
    _case("rates_post", 201, currency="GBP", day="2026-05-01", value=0.8512),
    _case("rates_post", 400, currency="USD", day="2026-05-01", value=0),
    _case("rate_get", 200, currency="USD", day="2026-05-01"),
    _case("rate_get", 404, currency="USD", day="2026-05-09"),
    _case("rate_patch", 200, currency="USD", day="2026-05-01", value=1.25),
    _case("rate_patch", 400, currency="USD", day="2026-05-01", new_day="2026-05-02"),
    _case("rate_delete", 204, currency="JPY", day="2026-05-01"),
    _case("rate_today_put", 201, currency="SEK", value=11.5),
    _case("rate_today_put", 400, currency="SEK", value=-1),
    _case("report_get", 200, year=2026),
    _case("report_get", 200, year=2026, month=2, with_customers=True),
    _case("report_get", 200, year=1900),
    _case("report_get", 400, year=2026, month=13),
    _case("ledger_get", 200),
    _case("ledger_post", 201, bookedOn="2026-01-01", netAmount="1.50"),
    _case("ledger_post", 400, bookedOn="2026-01-01", netAmount="much", costCentre=None),
    _case("transfer_post", 202, source=str(PAID), target=2),
    _case("transfer_post", 409, source=str(PAID), target=3),
    _case("transfer_post", 503, source=str(PAID), target=4),
    _case("transfer_post", 404, source=MISSING, target=2),
    _case("transfer_post", 400, source="1", target=0),
    _case("note_post", 418),
    _case("crash_post", 500),
    _case("bank_get", 503),
    _case("status_get", 200),
)
