"""Completions of arguments of prompts and of variables of templates, in both eras."""

import asyncio
import logging
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from django_mcp import prompt, resource
from django_mcp.asgi import Application
from django_mcp.exceptions import ToolRegistrationError
from django_mcp.models import CallRecord, ToolGroup
from django_mcp.primitives.declaration import collecting
from django_mcp.primitives.registry import build
from tests.keys import PATH
from tests.protocol.completable import COMPLETABLE, SECRET, Colour, generated, given, latch
from tests.shop.models import Order, Product, Shelf
from tests.spec import MODERN
from tests.wire import Answer, Client, serving

THREADS = 8
"""The default of `DJANGO_MCP_THREADS`, which a process reads once."""

NOTHING = {"values": [], "total": 0, "hasMore": False}


@pytest.fixture
def application(db: None, settings: Settings) -> Iterator[Application]:
    """Anybody may ask; the group `closed` is off."""
    settings.DJANGO_MCP_AUTHENTICATORS = [PATH]
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
    ToolGroup.objects.update_or_create(name="closed", defaults={"enabled": False})
    given.clear()
    with serving(COMPLETABLE) as application:
        yield application


def params(target: str, argument: str, value: str = "", /, **arguments: str) -> dict[str, Any]:
    kind, key = ("ref/resource", "uri") if ":" in target else ("ref/prompt", "name")
    context = {"context": {"arguments": arguments}} if arguments else {}
    return {
        "ref": {"type": kind, key: target},
        "argument": {"name": argument, "value": value},
        **context,
    }


def complete(client: Client, target: str, *words: str, **arguments: str) -> Answer:
    return client.send("completion/complete", params(target, *words, **arguments))


def completion(client: Client, target: str, *words: str, **arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = complete(client, target, *words, **arguments).result["completion"]
    return found


def whole(*values: str) -> dict[str, Any]:
    """A completion that has every value."""
    return {"values": list(values), "total": len(values), "hasMore": False}


PAINTS = "shop://paints/{colour}/of{/tags*}{?size}"
SHELVES = "shop://shelves/{sku}/{hall}/{buyer}/{product}"


@pytest.mark.parametrize(
    ("target", "argument", "typed", "expected"),
    [
        ("paint", "colour", "", ["red", "Rosé", "blue"]),
        ("paint", "colour", "r", ["red", "Rosé"]),
        ("paint", "colour", "ROSÉ", ["Rosé"]),
        ("paint", "colour", "green", []),
        ("paint", "finish", "g", ["Glossy"]),
        ("paint", "only", "", ["this"]),
        ("paint", "layers", "1", ["1", "10"]),
        ("paint", "dry", "", ["true", "false"]),
        ("paint", "dry", "T", ["true"]),
        ("paint", "tree", "", ["leaf"]),
        ("paint", "note", "", []),
        (PAINTS, "colour", "b", ["blue"]),
        (PAINTS, "tags", "", ["new", "old"]),
        (PAINTS, "size", "", ["s", "m"]),
    ],
)
def test_choices_are_completed_without_a_function(
    client: Client, target: str, argument: str, typed: str, expected: list[str]
) -> None:
    assert completion(client, target, argument, typed) == whole(*expected)


@pytest.fixture
def tenants(application: Application) -> dict[str, list[int]]:
    """Orders of two users, by the name of each."""
    found: dict[str, list[int]] = {}
    for name in ("ann", "bob"):
        user = User.objects.create_user(name)
        product = Product.objects.create(sku=f"pen-of-{name}", name="Pen", price=Decimal(1))
        orders = [Order(buyer=user, product=product, quantity=1) for _ in range(3)]
        found[name] = [each.pk for each in Order.objects.bulk_create(orders)]
    return found


@pytest.mark.parametrize("name", ["ann", "bob"])
def test_functions_complete_what_is_the_caller_s_own(
    client: Client, tenants: dict[str, list[int]], name: str
) -> None:
    client = client.with_key(name)
    orders, sku = [str(pk) for pk in tenants[name]], f"pen-of-{name}"

    assert completion(client, "remind", "order") == whole(*orders)
    assert completion(client, "remind", "aorder") == whole(*orders)
    assert completion(client, "remind", "aorder", orders[1]) == whole(orders[1])
    assert completion(client, "shop://orders/{order}", "order") == whole(*orders)
    assert completion(client, "remind", "sku", "PEN") == whole(sku)
    assert completion(client, "remind", "asku", "pen-of") == whole(sku)
    assert completion(client, "remind", "client") == whole("key-client")


@pytest.mark.parametrize("argument", ["sku", "asku"])
def test_guards_stand_around_the_functions(
    client: Client, tenants: dict[str, list[int]], settings: Settings, argument: str
) -> None:
    settings.DJANGO_MCP_GUARDS = ["tests.resources.guards.Tenant"]

    for name in tenants:
        found = completion(client.with_key(name), "of_tenant", argument)
        assert found == whole(f"pen-of-{name}")


@pytest.mark.parametrize("argument", ["sku", "asku"])
def test_guard_that_fails_leaves_the_completion_empty(
    client: Client, settings: Settings, caplog: pytest.LogCaptureFixture, argument: str
) -> None:
    settings.DJANGO_MCP_GUARDS = ["tests.resources.guards.Failing"]

    with caplog.at_level(logging.WARNING):
        assert completion(client, "of_tenant", argument) == NOTHING
        assert completion(client, "paint", "only") == whole("this")

    (line,) = caplog.records
    assert line.getMessage().startswith("tests.resources.guards.Failing failed in call")


def test_function_of_the_user_is_not_called_for_anonymous_callers(
    client: Client, tenants: dict[str, list[int]]
) -> None:
    assert completion(client, "remind", "order") == NOTHING
    assert completion(client, "remind", "client") == whole("")


def test_queryset_is_filtered_by_its_column_or_its_key(
    client: Client, tenants: dict[str, list[int]]
) -> None:
    for number, hall in enumerate(["North", "north", "South", "North"]):
        Shelf.objects.create(hall=hall, number=number + 1, label=f"{hall} {number}")
    users = [str(pk) for pk in User.objects.order_by("-pk").values_list("pk", flat=True)]
    keys = [str(pk) for pk in Product.objects.order_by("sku").values_list("pk", flat=True)]

    assert completion(client, SHELVES, "sku") == whole("pen-of-ann", "pen-of-bob")
    assert completion(client, SHELVES, "sku", "Pen-of-B") == whole("pen-of-bob")
    assert completion(client, SHELVES, "sku", "%") == NOTHING
    assert sorted(completion(client, SHELVES, "hall", "n")["values"]) == ["North", "north"]
    assert completion(client, SHELVES, "buyer") == whole(*users)
    assert completion(client, SHELVES, "buyer", users[0]) == whole(users[0])
    assert completion(client, SHELVES, "product") == whole(*keys)
    assert completion(client, SHELVES, "product", keys[1]) == whole(keys[1])


def test_rows_that_cannot_be_filtered_are_matched_here(
    client: Client, tenants: dict[str, list[int]]
) -> None:
    keys = [str(pk) for pk in Product.objects.order_by("sku").values_list("pk", flat=True)]

    assert completion(client, "rows", "sliced") == whole(*reversed(keys))
    assert completion(client, "rows", "union", "PEN-of-a") == whole("pen-of-ann")
    assert completion(client, "rows", "raw") == whole(*keys)
    assert completion(client, "rows", "instances", keys[0]) == whole(keys[0])
    assert completion(client, "rows", "manager", keys[0]) == whole(keys[0])


def test_queryset_of_many_rows_is_never_loaded_whole(modern: Client) -> None:
    Product.objects.bulk_create(
        Product(sku=f"sku-{number:05}", name="Pen", price=Decimal(1)) for number in range(1_000)
    )

    with CaptureQueriesContext(connection) as queries:
        found = modern.send("completion/complete", params(SHELVES, "sku", "sku-00"))

    values = [f"sku-{number:05}" for number in range(100)]
    assert found.result["completion"] == {"values": values, "hasMore": True}
    (read,) = [each["sql"] for each in queries if "shop_product" in each["sql"]]
    assert "LIMIT 101" in read
    assert completion(modern, SHELVES, "sku", "SKU-0099") == whole(
        *(f"sku-0099{number}" for number in range(10))
    )


def test_values_become_the_texts_that_clients_send(client: Client) -> None:
    assert completion(client, "values", "any") == whole(
        "1",
        "1.5",
        "true",
        "2.50",
        "2026-01-31",
        "00000000-0000-0000-0000-000000000007",
        "Rosé",
        "Monday",
        "x" * 1_000,
    )


def test_values_without_an_end_are_read_up_to_a_limit(client: Client) -> None:
    assert completion(client, "values", "endless") == {
        "values": [str(number) for number in range(100)],
        "hasMore": True,
    }
    assert completion(client, "values", "endless", "99") == {
        "values": ["99", *(str(number) for number in range(990, 1_000))],
        "hasMore": True,
    }


@pytest.mark.parametrize("argument", ["typed", "atyped"])
def test_arguments_given_so_far_have_their_types_where_they_are_valid(
    client: Client, argument: str
) -> None:
    sent = {"number": "5", "day": "2026-01-31", "colour": "blue", "text": "5"}
    wrong = {"number": "-1", "day": "yesterday", "colour": "green", "nonsense": "1"}

    completion(client, "typed", argument, "ab", **sent)
    completion(client, "typed", argument, "ab", **wrong)

    number, day, colour = 5, date(2026, 1, 31), Colour.BLUE
    assert given == [
        ("ab", {"number": number, "day": day, "colour": colour, "text": "5"}),
        ("ab", {"number": "-1", "day": "yesterday", "colour": "green"}),
    ]


@pytest.mark.parametrize("argument", ["typed", "atyped"])
def test_hostile_arguments_are_harmless(client: Client, argument: str) -> None:
    surrogate = "\ud800" if client.era == MODERN else "?"  # the SDK's own parser refuses it
    hostile = {
        "text": "a" * 10_000,
        "day": f"\x00{surrogate}",
        "number": "[" * 10_000,
        "__class__": "x",
    }

    found = completion(client, "typed", argument, "", **hostile)

    assert found == whole("")
    ((value, arguments),) = given
    assert value == ""
    assert arguments == {"text": "a" * 10_000, "day": "\ufffd?", "number": "[" * 10_000}


@pytest.mark.parametrize("typed", ["a" * 10_000, "\x00", "a\x00"])
@pytest.mark.parametrize("argument", ["typed", "atyped", "colour"])
def test_text_that_no_value_begins_with_calls_no_function(
    client: Client, argument: str, typed: str
) -> None:
    assert completion(client, "typed", argument, typed) == NOTHING
    assert given == []


@pytest.mark.parametrize(
    "argument",
    [
        "broken",
        "abroken",
        "exits",
        "aexits",
        "cancels",
        "acancels",
        "one_text",
        "objects",
        "columns",
    ],
)
def test_completion_that_fails_is_empty_and_one_line_in_the_log(
    client: Client, argument: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        answer = complete(client, "failing", argument)

    assert answer.result["completion"] == NOTHING
    assert SECRET not in answer.text
    (line,) = caplog.records
    assert line.levelname == "ERROR"
    assert line.getMessage() == (
        f"The completion of {argument!r} of tests.protocol.completable.failing failed"
    )
    assert line.exc_info is not None


def test_caller_without_the_scopes_is_completed_nothing(
    client: Client, tenants: dict[str, list[int]]
) -> None:
    assert completion(client.with_key("ann"), "scoped", "kind") == NOTHING
    assert completion(client.with_key("ann"), "scoped", "secret") == NOTHING
    assert given == []
    assert completion(client.with_key("ann shop:read"), "scoped", "kind") == whole("a")
    assert completion(client.with_key("ann shop:read"), "scoped", "secret") == whole(SECRET)


def refusal(kind: str, words: str, hint: str = "") -> dict[str, Any]:
    return {
        "code": -32602,
        "message": f"{words}\n{hint}" if hint else words,
        "data": {
            "django-mcp/error": {
                "kind": kind,
                "error": words,
                "retryable": False,
                "hint": hint,
                "retry_after": None,
            }
        },
    }


@pytest.mark.parametrize("name", ["hidden_question", "missing", ""])
def test_hidden_prompt_is_answered_as_a_missing_one(client: Client, name: str) -> None:
    answer = complete(client, name, "secret")

    assert answer.error == refusal("not_found", f"Unknown prompt: {name}")
    assert given == []


def test_hidden_prompt_costs_as_many_queries_as_a_missing_one(
    modern: Client, tenants: dict[str, list[int]]
) -> None:
    client, counts = modern.with_key("ann"), []
    complete(client, "missing", "secret")  # reads the groups, which are kept
    for name in ("for_staff", "missing", "shop://missing"):
        with CaptureQueriesContext(connection) as queries:
            client.send("completion/complete", params(name, "secret"))
        counts.append(len(queries))

    assert len(set(counts)) == 1
    assert given == []


def test_what_is_no_unicode_is_harmless(modern: Client) -> None:
    """The SDK's own parser refuses it in the other era."""
    unknown = refusal("not_found", "Unknown prompt: ?")

    assert complete(modern, "\ud800", "secret").error == unknown
    assert completion(modern, "typed", "typed", "\ud800") == NOTHING
    assert completion(modern, "typed", "colour", "\ud800") == NOTHING
    assert given == []


@pytest.mark.parametrize(
    "uri",
    [
        "shop://hidden/{secret}",
        "shop://missing/{secret}",
        "shop://orders/{order}",  # for anonymous callers
        "shop://hidden/1",
        "shop://paints/red/of/new",  # matches a template, and is none
        "file:///etc/passwd",
        "shop://" + "a" * 10_000,
    ],
)
def test_hidden_template_is_answered_as_a_missing_one(client: Client, uri: str) -> None:
    assert complete(client, uri, "secret").error == refusal("not_found", "Resource not found")
    assert given == []


@pytest.mark.parametrize(
    ("target", "argument", "known"),
    [
        ("remind", "missing", "order, aorder, sku, asku, client"),
        ("shop://paints/{colour}/of{/tags*}{?size}", "a" * 10_000, "colour, tags, size"),
        ("shop://orders/{order}", "user", "order"),
        ("shop://fixed", "colour", "none"),
        ("scoped", "missing", "secret, kind"),
    ],
)
def test_argument_that_does_not_exist_is_refused(
    client: Client, tenants: dict[str, list[int]], target: str, argument: str, known: str
) -> None:
    answer = complete(client.with_key("ann"), target, argument)

    hint = f"- argument.name: names no argument; there are: {known}"
    assert answer.error == refusal("invalid_arguments", "The arguments are invalid.", hint)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"ref": {"type": "ref/prompt", "name": "paint"}},
        {"ref": {"type": "ref/tool", "name": "paint"}, "argument": {"name": "a", "value": ""}},
        {"ref": {"type": "ref/prompt", "name": "paint"}, "argument": {"name": "a", "value": 1}},
    ],
)
def test_malformed_request_is_refused(client: Client, wrong: dict[str, Any]) -> None:
    answer = client.send("completion/complete", wrong)

    assert answer.error["code"] == -32602


def test_completions_are_advertised_and_not_on_record(client: Client, legacy: Client) -> None:
    completion(client, "paint", "colour")

    assert legacy.initialize().result["capabilities"]["completions"] == {}
    assert not CallRecord.objects.exists()


def test_completion_is_logged_at_debug_without_its_values(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "django_mcp.protocol.handlers.completion"):
        completion(client, "paint", "colour", "r")

    assert caplog.messages == ["Completed 'colour' of the prompt paint with 2 values"]


@pytest.mark.django_db(transaction=True)
def test_completion_without_a_free_thread_is_refused_as_a_call_is(
    client: Client, settings: Settings
) -> None:
    settings.DJANGO_MCP_BUSY_AFTER = 0.01

    async def scenario() -> Answer:
        held = [
            asyncio.create_task(client.asend("completion/complete", params("slow", "held")))
            for _ in range(THREADS)
        ]
        for _ in held:
            await latch.arrival()
        refused = await client.asend("completion/complete", params("slow", "held"))
        latch.open()
        for each in await asyncio.gather(*held):
            assert each.result["completion"] == whole("held")
        return refused

    with latch.closed():
        error = asyncio.run(scenario()).error

    assert error["code"] == -32603
    assert error["data"]["django-mcp/error"] == {
        "kind": "busy",
        "error": "The server is busy.",
        "retryable": True,
        "hint": "",
        "retry_after": 1,
    }


@pytest.mark.django_db(transaction=True)
def test_client_that_leaves_cancels_an_async_completion(client: Client) -> None:
    async def scenario() -> None:
        sending = client.sending("completion/complete", params("slow", "aheld"))
        async with sending as opened:
            assert await latch.arrival() == "ahold"
            opened.leave()
            assert await latch.arrival() == "cancelled"

    with latch.closed():
        asyncio.run(scenario())


@pytest.mark.parametrize(
    ("complete", "problem"),
    [
        ({"colour": len, "colr": len}, "complete names 'colr', which is no argument"),
        ({"colour": ["red"]}, "complete of 'colour' must be a function or a queryset"),
        ({"colour": Colour}, "complete of 'colour' must be a function or a queryset"),
        ({"colour": lambda request: []}, "complete of 'colour' takes 'request', which is none of"),
        ({"colour": generated}, "complete of 'colour' must return its values"),
        (
            {"colour": Product.objects.values("sku")},
            "complete of 'colour' must have instances or values_list(..., flat=True)",
        ),
        (["colour"], "complete must map names of arguments to functions or querysets"),
    ],
)
@pytest.mark.parametrize("kind", ["prompt", "resource"])
def test_wrong_completion_is_reported_with_its_place(
    complete: Any, problem: str, kind: str
) -> None:
    def paint(colour: str) -> str:
        """Paint."""
        return ""

    with collecting() as declared:
        if kind == "prompt":
            prompt(complete=complete)(paint)
        else:
            resource("shop://{colour}", complete=complete)(paint)

    with pytest.raises(ToolRegistrationError) as refused:
        build(declared)

    assert problem in str(refused.value)
    assert "test_completions.py:" in str(refused.value)
