"""Prompts and templates whose arguments are completed, in the sync and async way."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from pydantic import AfterValidator
from typing_extensions import TypeAliasType

from django_mcp import Principal, prompt, resource
from django_mcp.primitives.declaration import collecting
from tests.latch import Latch
from tests.resources.guards import tenant
from tests.shop.models import Order, Product, Shelf

SECRET = "the-password-is-1234"

latch = Latch()
given: list[Any] = []
"""What completions were given, for the tests to look at."""


Tree = TypeAliasType("Tree", "Literal['leaf'] | list[Tree]")
"""A type that contains itself."""


class Colour(Enum):
    """Colours of pens."""

    RED = "red"
    ROSE = "Rosé"
    BLUE = "blue"


def orders_of(user: User) -> QuerySet[Order]:
    return Order.objects.filter(buyer=user)


async def aorders_of(user: User) -> QuerySet[Order]:
    return Order.objects.filter(buyer=user)


def skus_of(user: User) -> list[str]:
    return list(Product.objects.filter(orders__buyer=user).values_list("sku", flat=True))


async def askus_of(user: User) -> list[str]:
    rows = Product.objects.filter(orders__buyer=user)
    return [sku async for sku in rows.values_list("sku", flat=True)]


def union() -> QuerySet[Any, Any]:
    halls = Shelf.objects.order_by().values_list("hall", flat=True)
    return Product.objects.order_by().values_list("sku", flat=True).union(halls)


def client_of(principal: Principal) -> list[str]:
    return [principal.client_id, principal.client_id]


def keep(value: str, arguments: Mapping[str, Any]) -> list[str]:
    given.append((value, dict(arguments)))
    return [value]


async def akeep(value: str, arguments: Mapping[str, Any]) -> list[str]:
    return keep(value, arguments)


def positive(value: int) -> int:
    if value < 1:
        raise RuntimeError(SECRET)
    return value


def of_every_class() -> Iterator[Any]:
    yield 1
    yield 1.5
    yield True
    yield Decimal("2.50")
    yield date(2026, 1, 31)
    yield UUID(int=7)
    yield Colour.ROSE
    yield _("Monday")
    yield None
    yield "a\x00b"
    yield "\ud800"
    yield "x" * 1_001
    yield "x" * 1_000


def endless() -> Iterator[int]:
    number = 0
    while True:
        yield number
        number += 1


def broken() -> list[str]:
    raise RuntimeError(SECRET)


async def abroken() -> list[str]:
    raise RuntimeError(SECRET)


def cancels() -> list[str]:
    raise asyncio.CancelledError


async def acancels() -> list[str]:
    return cancels()


async def aexits() -> list[str]:
    raise SystemExit


def exits() -> list[str]:
    raise SystemExit


def one_text() -> str:
    return SECRET


def objects() -> list[object]:
    return [object()]


def columns() -> QuerySet[Product, Any]:
    return Product.objects.values_list("sku", "name")


def never() -> list[str]:
    given.append("called")
    return [SECRET]


def hold() -> list[str]:
    latch.wait("hold")
    return ["held"]


async def ahold() -> list[str]:
    try:
        await latch.pause("ahold")
    except BaseException:
        latch.note("cancelled")
        raise
    return ["held"]


def skus_of_tenant() -> QuerySet[Product, str]:
    rows = Product.objects.filter(sku__endswith=f"-{tenant.get()}")
    return rows.values_list("sku", flat=True)


async def askus_of_tenant() -> QuerySet[Product, str]:
    return skus_of_tenant()


with collecting() as COMPLETABLE:

    @prompt(complete={"sku": skus_of_tenant, "asku": askus_of_tenant})
    def of_tenant(sku: str = "", asku: str = "") -> str:
        """What a guard makes the tenant's own."""
        return ""

    @prompt
    def paint(
        colour: Colour,
        finish: Literal["matt", "Glossy"],
        only: Literal["this"],
        layers: Literal[1, 2, 10] | None = None,
        dry: bool = True,
        tree: Tree = "leaf",
        note: str = "",
    ) -> str:
        """Paint something."""
        return ""

    @resource("shop://paints/{colour}/of{/tags*}{?size}")
    def paints(
        colour: Colour,
        tags: list[Literal["new", "old"]] | None = None,
        size: Literal["s", "m"] | Annotated[int, "in litres"] = "s",
    ) -> str:
        """Paints of a colour."""
        return ""

    @prompt(
        complete={
            "order": orders_of,
            "aorder": aorders_of,
            "sku": skus_of,
            "asku": askus_of,
            "client": client_of,
        }
    )
    def remind(
        order: int = 0, aorder: int = 0, sku: str = "", asku: str = "", client: str = ""
    ) -> str:
        """Remind of an order."""
        return ""

    @resource("shop://orders/{order}", complete={"order": orders_of})
    def order(user: User, order: int) -> str:
        """An order of the caller."""
        return ""

    @resource(
        "shop://shelves/{sku}/{hall}/{buyer}/{product}",
        complete={
            "sku": Product.objects.values_list("sku", flat=True),
            "hall": Shelf.objects.values_list("hall", flat=True),
            "buyer": Order.objects.order_by("-buyer").values_list("buyer", flat=True),
            "product": Product.objects.all(),
        },
    )
    def shelves(sku: str, hall: str, buyer: str, product: str) -> str:
        """Everything, for everybody."""
        return ""

    @prompt(
        complete={
            "sliced": lambda: Product.objects.order_by("-sku")[:3],
            "union": union,
            "raw": lambda: Product.objects.raw("SELECT * FROM shop_product ORDER BY sku"),
            "instances": lambda: list(Product.objects.all()),
            "manager": lambda: Product.objects,
        }
    )
    def rows(
        sliced: str = "", union: str = "", raw: str = "", instances: str = "", manager: str = ""
    ) -> str:
        """Rows that the database cannot narrow."""
        return ""

    @prompt(complete={"typed": keep, "atyped": akeep})
    def typed(
        typed: str = "",
        atyped: str = "",
        number: Annotated[int, AfterValidator(positive)] = 1,
        day: date | None = None,
        colour: Colour = Colour.RED,
        text: str = "",
    ) -> str:
        """What the functions of completions are given."""
        return ""

    @prompt(complete={"any": of_every_class, "endless": endless})
    def values(any: str = "", endless: int = 0) -> str:
        """Values of every class."""
        return ""

    @prompt(
        complete={
            "broken": broken,
            "abroken": abroken,
            "exits": exits,
            "aexits": aexits,
            "cancels": cancels,
            "acancels": acancels,
            "one_text": one_text,
            "objects": objects,
            "columns": columns,
        }
    )
    def failing(
        broken: str = "",
        abroken: str = "",
        exits: str = "",
        aexits: str = "",
        cancels: str = "",
        acancels: str = "",
        one_text: str = "",
        objects: str = "",
        columns: str = "",
    ) -> str:
        """Completions that fail."""
        return ""

    @prompt(scopes=["shop:read"], complete={"secret": never})
    def scoped(secret: str = "", kind: Literal["a"] = "a") -> str:
        """Needs a scope."""
        return ""

    @prompt(permissions=["shop.view_order"], complete={"secret": never})
    def for_staff(secret: str = "") -> str:
        """Needs a permission, which is read by queries."""
        return ""

    @prompt(group="closed", complete={"secret": never})
    def hidden_question(secret: str = "") -> str:
        """Belongs to a group that is switched off."""
        return ""

    @resource("shop://hidden/{secret}", group="closed", complete={"secret": never})
    def hidden_page(secret: str) -> str:
        """Belongs to a group that is switched off."""
        return ""

    @resource("shop://fixed")
    def fixed() -> str:
        """Has no variables."""
        return ""

    @prompt(complete={"held": hold, "aheld": ahold})
    def slow(held: str = "", aheld: str = "") -> str:
        """Completions that take their time."""
        return ""


async def generated() -> AsyncIterator[str]:
    """No completion: it is not awaited."""
    yield ""
