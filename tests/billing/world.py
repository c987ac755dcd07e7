"""What the tests of the API start with: two companies, their people, and what they bill."""

import datetime
import uuid
from collections.abc import Iterable
from decimal import Decimal

from django.contrib.auth.models import Permission, User

from tests.billing.models import (
    Address,
    Company,
    Customer,
    Entry,
    Invoice,
    Line,
    Membership,
    Payment,
    Project,
    Rate,
    Tag,
)

SITE = uuid.UUID("8f14e45f-ceea-467f-a0e6-2d1f3a5b0001")
SHOP = uuid.UUID("8f14e45f-ceea-467f-a0e6-2d1f3a5b0002")
RIVALS = uuid.UUID("8f14e45f-ceea-467f-a0e6-2d1f3a5b0003")
PAID = uuid.UUID("c9f0f895-fb98-4b91-a0e6-2d1f3a5b0001")
NEW = uuid.UUID("c9f0f895-fb98-4b91-a0e6-2d1f3a5b0002")


def fill() -> None:
    """Write all rows."""
    acme = Company.objects.create(
        name="Acme Works", slug="acme", founded=datetime.date(1999, 12, 31)
    )
    rivals = Company.objects.create(name="Rivals", slug="rivals")
    olga = _user("olga", acme, Membership.Role.OWNER, hourly_rate=Decimal("120.5"))
    emil = _user("emil", acme, Membership.Role.EDITOR, hourly_rate=Decimal(80))
    _user("vera", acme, Membership.Role.VIEWER)
    _user("carl", acme, Membership.Role.EDITOR, permissions=())
    _user("rita", rivals, Membership.Role.OWNER)
    User.objects.create_user("stan", is_staff=True)
    _customers(acme, emil)
    Customer.objects.create(company=rivals, reference="secret", name="Secret customer")
    Tag.objects.create(company=rivals, name="hidden")
    _projects(acme, olga, emil)
    _invoices(acme)
    rates = [("USD", 1, "1.081250"), ("USD", 2, "1.08"), ("CHF", 1, "0.945"), ("JPY", 1, "171")]
    for currency, day, value in rates:
        Rate.objects.create(
            currency=currency, day=datetime.date(2026, 5, day), value=Decimal(value)
        )


def _user(
    name: str,
    company: Company,
    role: Membership.Role,
    *,
    permissions: Iterable[str] = ("view", "add", "change", "delete"),
    hourly_rate: Decimal | None = None,
) -> User:
    user = User.objects.create_user(name)
    Membership.objects.create(company=company, user=user, role=role, hourly_rate=hourly_rate)
    names = [f"{each}_customer" for each in permissions]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    return user


def _customers(acme: Company, emil: User) -> None:
    key, old = (Tag.objects.create(company=acme, name=name) for name in ("key account", "old"))
    north = Customer.objects.create(
        company=acme,
        reference="north",
        name="Nordwind & Söhne",
        country="DE",
        email="office@north.example",
        credit_limit=Decimal("12345.60"),
        discount=Decimal("0.050"),
        score=0.1 + 0.2,
        since=datetime.date(2020, 2, 29),
        opens=datetime.time(8, 30),
        facts={"vat": "DE1", "big": 2**53, "none": None, "list": [1, 1.5, "x", {"a": True}]},
        created_by=emil,
    )
    north.tags.set([key, old])
    Address.objects.create(customer=north, street="Hafen 1", city="Kiel", postcode="24103")
    south = Customer.objects.create(
        company=acme,
        reference="south",
        name="Südhang",
        country="AT",
        credit_limit=Decimal("0.10"),
        score=1e-7,
        since=datetime.date(2024, 1, 1),
        is_blocked=True,
    )
    south.tags.set([old])
    Address.objects.create(customer=south, street="Berg 2", city="Graz")
    Customer.objects.create(
        company=acme,
        reference="person",
        name="Pia Person",
        kind=Customer.Kind.PERSON,
        email="pia@person.example",
        discount=Decimal("1.000"),
        score=3.0,
    )
    for reference, country in (("protected", "DE"), ("west", "FR")):
        Customer.objects.create(
            company=acme,
            reference=reference,
            name=f"{reference.title()}, Inc.",
            country=country,
            credit_limit=Decimal(500),
        )


def _projects(acme: Company, olga: User, emil: User) -> None:
    north = Customer.objects.get(company=acme, reference="north")
    site = Project.objects.create(
        company=acme,
        customer=north,
        key=SITE,
        name="Site",
        lead=emil,
        budget=Decimal("99999.99"),
        stage=Project.Stage.RUNNING,
        starts=datetime.date(2026, 1, 1),
        ends=datetime.date(2026, 12, 31),
    )
    Project.objects.create(company=acme, customer=north, key=SHOP, name="Shop", lead=olga)
    Project.objects.create(company=acme, customer=north, key=uuid.UUID(int=7), name="Archive")
    rivals = Customer.objects.get(company__slug="rivals")
    Project.objects.create(
        company=rivals.company, customer=rivals, key=RIVALS, name="Secret project"
    )
    for number in range(5):
        Entry.objects.create(
            project=site,
            user=(emil, olga)[number % 2],
            day=datetime.date(2026, 4, 1 + number // 2),
            lasted=datetime.timedelta(hours=number, minutes=30, microseconds=250_000),
            note=f"part {number}" if number else "",
            is_billable=number != 3,
        )


def _invoices(acme: Company) -> None:
    north = Customer.objects.get(company=acme, reference="north")
    south = Customer.objects.get(company=acme, reference="south")
    site = Project.objects.get(key=SITE)
    states = [
        (1, north, Invoice.Status.PAID, "EUR"),
        (2, north, Invoice.Status.SENT, "EUR"),
        (3, south, Invoice.Status.DRAFT, "EUR"),
        (4, south, Invoice.Status.SENT, "USD"),
        (5, south, Invoice.Status.SENT, "EUR"),
    ]
    for number, customer, status, currency in states:
        is_draft = status == Invoice.Status.DRAFT
        invoice = Invoice.objects.create(
            company=acme,
            customer=customer,
            number=number,
            status=status,
            currency=currency,
            issued_on=None if is_draft else datetime.date(2026, 1, number),
            due_on=None if is_draft else datetime.date(2026, number, 28),
        )
        for position in range(1, number + 1):
            Line.objects.create(
                invoice=invoice,
                position=position,
                text=f"Work {position}",
                quantity=Decimal("1.5") * position,
                unit_price=Decimal("10.10"),
                project=site if position == 1 else None,
            )
    Payment.objects.create(
        reference=PAID,
        invoice=Invoice.objects.get(number=1, company=acme),
        amount=Decimal("15.15"),
        received=datetime.datetime(2026, 2, 1, 12, 0, 0, 5, tzinfo=datetime.UTC),
    )
