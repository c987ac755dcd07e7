"""What the options of the cache accept, and which changes of models they follow."""

from collections.abc import Callable
from typing import Any, cast

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import models
from django.db.models import QuerySet
from django.db.models.signals import m2m_changed, post_delete, post_save
from django.test.utils import isolate_apps

from django_mcp import ToolContext, resource, resource_for, storage_resources, tool
from django_mcp.exceptions import ToolRegistrationError
from django_mcp.primitives.declaration import Declaration, collecting
from django_mcp.primitives.registry import build
from django_mcp.primitives.result_cache.keys import generation_of
from tests.shop.models import Product

SHARED = (
    "so vary_on must name 'user', or a function that tells apart those who may not see each "
    "other's results"
)
NO_NAME = "which is none of user, client, scopes, nor the dotted path of a function"
NO_CACHE = "vary_on and invalidate_on are options of what has cache=..."


def plain() -> int:
    """Count."""
    return 1


def of_user(user: User) -> int:
    """Count."""
    return 1


def of_context(context: ToolContext) -> int:
    """Count."""
    return 1


def pages() -> QuerySet[Product]:
    """List the products."""
    return Product.objects.all()


async def acall(call: object) -> str:
    return ""


def problems_of(declared: list[Declaration]) -> str:
    with pytest.raises(ToolRegistrationError) as caught:
        build(declared)
    (problem,) = caught.value.problems
    return problem.partition("): ")[2]


@pytest.mark.parametrize(
    ("function", "options", "problem"),
    [
        (plain, {"cache": 0}, "cache must be a positive whole number of seconds, not 0"),
        (plain, {"cache": 1.5}, "cache must be a positive whole number of seconds, not 1.5"),
        (plain, {"cache": True}, "cache must be a positive whole number of seconds, not True"),
        (plain, {"cache": 9, "read_only": False}, "cache is for tools that are declared read_only"),
        (plain, {"cache": 9, "background": True}, "cache is not for tools with background=True"),
        (plain, {"vary_on": ()}, NO_CACHE),
        (plain, {"invalidate_on": [Product]}, NO_CACHE),
        (
            plain,
            {"cache": 9, "vary_on": "tenant"},
            f"vary_on names 'tenant', {NO_NAME}",
        ),
        (
            plain,
            {"cache": 9, "vary_on": ["shop.gone.tenant"]},
            "vary_on names 'shop.gone.tenant', which cannot be imported: No module named 'shop'",
        ),
        (plain, {"cache": 9, "vary_on": [7]}, "vary_on names 7, which is no function"),
        (
            plain,
            {"cache": 9, "vary_on": [str]},
            "vary_on names <class 'str'>, which is no function",
        ),
        (
            plain,
            {"cache": 9, "vary_on": [acall]},
            f"vary_on names {acall!r}, which must be sync",
        ),
        (
            plain,
            {"cache": 9, "vary_on": [plain]},
            f"vary_on names {plain!r}, which must take one argument: the call",
        ),
        (
            plain,
            {"cache": 9, "invalidate_on": "shop.Gone"},
            "invalidate_on names 'shop.Gone', which is no model",
        ),
        (
            plain,
            {"cache": 9, "invalidate_on": [plain]},
            f"invalidate_on names {plain!r}, which is no model",
        ),
        (
            of_user,
            {"cache": 9, "vary_on": ()},
            f"its function is given the user (user), {SHARED}",
        ),
        (
            of_context,
            {"cache": 9, "vary_on": ["client", "scopes"]},
            f"its function is given the caller (context), {SHARED}",
        ),
        (
            pages,
            {"cache": 9, "vary_on": (), "page_size": 5, "fields": ["sku"]},
            "the cursors of its pages belong to one user each, so vary_on must name 'user'",
        ),
    ],
    ids=lambda value: type(value).__name__,  # some texts hold an address in memory
)
def test_option_that_makes_no_sense_is_a_problem_of_the_registration(
    function: Callable[..., Any], options: dict[str, Any], problem: str
) -> None:
    with collecting() as declared:
        tool(**{"read_only": True, **options})(function)

    assert problems_of(declared) == problem


def may_read(path: str) -> bool:
    return True


def test_resources_of_sources_cannot_be_shared_by_everybody() -> None:
    with collecting() as declared:
        resource("shop://own", cache=9, vary_on=())(of_user)
        resource_for(
            Product,
            uri="product://{sku}",
            fields=["sku"],
            queryset=Product.objects.all,
            cache=9,
            vary_on=(),
        )
        storage_resources("file://x/{+path}", "default", may_read=may_read, cache=9, vary_on=())

    with pytest.raises(ToolRegistrationError) as caught:
        build(declared)
    assert len(caught.value.problems) == 3
    assert all("so vary_on must name 'user'" in each for each in caught.value.problems)


@isolate_apps("tests.shop")
def test_changes_of_proxies_of_parents_and_of_children_end_what_is_kept() -> None:
    def model(name: str, *bases: type[models.Model], **meta: Any) -> type[models.Model]:
        options = type("Meta", (), {"app_label": "shop", **meta})
        made: Any = type(name, bases, {"__module__": __name__, "Meta": options})
        return cast(type[models.Model], made)

    document = model("Document", models.Model)
    invoice = model("Invoice", document)
    paid_invoice = model("PaidInvoice", invoice, proxy=True)
    reminder = model("Reminder", invoice)
    letter = model("Letter", document)

    with collecting() as declared:
        tool(read_only=True, cache=9, invalidate_on=[invoice])(plain)
        build(declared)

    related = [document, invoice, paid_invoice, reminder]
    assert [each for each in [*related, letter] if ends_with(each)] == related


def ends_with(model: type[models.Model]) -> bool:
    """Whether both signals of a model end what is kept of `plain`."""
    key = generation_of(("tool", "plain"))
    ended = []
    for signal in (post_save, post_delete):
        cache.set(key, "token")
        signal.send(sender=model, instance=model(), using="default")
        ended.append(cache.get(key) is None)
    assert ended[0] == ended[1]
    return all(ended)


def test_built_twice_a_change_is_followed_once() -> None:
    with collecting() as declared:
        tool(read_only=True, cache=9, invalidate_on=[User])(plain)
    build(declared)
    signals = (post_save, post_delete, m2m_changed)
    before = [len(each.receivers) for each in signals]

    build(declared)

    assert [len(each.receivers) for each in signals] == before
