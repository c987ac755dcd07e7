"""Callers by kinds: what is another tenant's answers, in every method, like what is nobody's."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage
from django.db.models import QuerySet
from pytest_django import Settings

from django_mcp import (
    EmbeddedResource,
    PromptMessage,
    ResourceLink,
    prompt,
    resource,
    resource_for,
    resource_link,
    storage_resources,
    tool,
)
from django_mcp.asgi import Application
from django_mcp.primitives.declaration import collecting
from tests.keys import PATH
from tests.shop.models import Order, Product
from tests.wire import Answer, Client, serving

SECRET = "bought-for"
"""Beginning of what each order and file holds; the name of its owner follows."""

TENANTS = ("ann", "bob")
NOBODY = "eve"
"""Name of nobody, as long as those of the tenants: whole answers are compared."""

PAPERS = InMemoryStorage()


def orders_of(user: User) -> QuerySet[Order]:
    return Order.objects.filter(buyer=user)


def is_own(user: User, path: str) -> bool:
    return path.startswith(f"{user.get_username()}/")


def own_names(user: User) -> list[str]:
    return [order.product.sku for order in orders_of(user).select_related("product")]


with collecting() as DECLARED:
    resource_for(
        Order,
        uri="order://{product__sku}",
        fields={"name": "product__name"},
        queryset=orders_of,
        entry_title="product__name",
    )
    storage_resources("paper://{+path}", PAPERS, may_read=is_own, complete={"path": own_names})

    @resource("bill://{sku}", complete={"sku": own_names})
    def bill(sku: str, user: User) -> str:
        """Return the bill of an order."""
        return orders_of(user).get(product__sku=sku).product.name

    @resource("abill://{sku}", complete={"sku": own_names})
    async def abill(sku: str, user: User) -> str:
        """Return the bill of an order, on the loop."""
        order = await orders_of(user).select_related("product").aget(product__sku=sku)
        return order.product.name

    @tool(read_only=True)
    def embed(uri: str) -> EmbeddedResource:
        """Embed a resource."""
        return EmbeddedResource(uri=uri)

    @tool(read_only=True)
    async def aembed(uri: str) -> EmbeddedResource:
        """Embed a resource, on the loop."""
        return EmbeddedResource(uri=uri)

    @tool(read_only=True)
    def link(uri: str) -> ResourceLink:
        """Link to a resource."""
        return resource_link(uri)

    @prompt(complete={"sku": own_names})
    def review(sku: str, user: User) -> str:
        """Review an order."""
        return orders_of(user).get(product__sku=sku).product.name

    @prompt
    def embed_in_prompt(uri: str) -> PromptMessage:
        """Embed a resource in a message."""
        return PromptMessage(content=EmbeddedResource(uri=uri))


@pytest.fixture
def application(db: None, settings: Settings) -> Iterator[Application]:
    """Each tenant has an order and a file."""
    settings.DJANGO_MCP_AUTHENTICATORS = [PATH]
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
    for name in TENANTS:
        product = Product.objects.create(sku=f"of-{name}", name=f"{SECRET}-{name}", price=1)
        Order.objects.create(buyer=User.objects.create_user(name), product=product, quantity=1)
        PAPERS.save(f"{name}/paper.txt", ContentFile(f"{SECRET}-{name}"))
    with serving(DECLARED) as application:
        yield application
    for name in TENANTS:
        PAPERS.delete(f"{name}/paper.txt")


URIS = ("order://of-{0}", "bill://of-{0}", "abill://of-{0}", "paper://{0}/paper.txt")
COMPLETED = (
    {"type": "ref/resource", "uri": "order://{product__sku}"},
    {"type": "ref/resource", "uri": "bill://{sku}"},
    {"type": "ref/resource", "uri": "abill://{sku}"},
    {"type": "ref/resource", "uri": "paper://{+path}"},
    {"type": "ref/prompt", "name": "review"},
)
ARGUMENTS = ("product__sku", "sku", "sku", "path", "sku")


def reads(owner: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Requests of every method that reads what is the owner's."""
    for uri in (each.format(owner) for each in URIS):
        yield "resources/read", {"uri": uri}
        yield "tools/call", {"name": "embed", "arguments": {"uri": uri}}
        yield "tools/call", {"name": "aembed", "arguments": {"uri": uri}}
        yield "prompts/get", {"name": "embed_in_prompt", "arguments": {"uri": uri}}
    yield "prompts/get", {"name": "review", "arguments": {"sku": f"of-{owner}"}}


def completions(owner: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Requests of the completion of what is the owner's, typed as far as the name."""
    for reference, name in zip(COMPLETED, ARGUMENTS, strict=True):
        argument = {"name": name, "value": f"of-{owner}"}
        yield "completion/complete", {"ref": reference, "argument": argument}


def as_caller(client: Client, name: str) -> Client:
    return client.with_key("-" if name == "anonymous" else name)


def masked(answer: Answer, name: str) -> Any:
    """The whole answer without the name and the id of the call, which are all that may differ."""
    found = json.loads(
        json.dumps([answer.status, answer.headers, answer.messages]).replace(name, "NAME")
    )
    for message in found[2]:
        message.get("result", {}).get("_meta", {}).pop("django-mcp/call-id", None)
    return found


@pytest.mark.parametrize("owner", TENANTS)
@pytest.mark.parametrize("caller", [*TENANTS, "anonymous"])
def test_what_is_another_tenant_s_answers_like_what_is_nobody_s(
    client: Client, caller: str, owner: str
) -> None:
    sender = as_caller(client, caller)
    for (method, params), (_, missing) in zip(reads(owner), reads(NOBODY), strict=True):
        answer = sender.send(method, params)
        if caller == owner:
            assert f"{SECRET}-{owner}" in json.dumps(answer.result)
        else:
            assert SECRET not in answer.text
            assert masked(answer, owner) == masked(sender.send(method, missing), NOBODY)


@pytest.mark.parametrize("owner", TENANTS)
@pytest.mark.parametrize("caller", [*TENANTS, "anonymous"])
def test_completions_have_nothing_of_another_tenant(
    client: Client, caller: str, owner: str
) -> None:
    sender = as_caller(client, caller)
    for (method, params), (_, missing) in zip(completions(owner), completions(NOBODY), strict=True):
        answer = sender.send(method, params)
        if caller == owner:
            assert answer.result["completion"]["values"] == [f"of-{owner}"]
        else:
            assert masked(answer, owner) == masked(sender.send(method, missing), NOBODY)
            assert answer.messages[-1].get("result", {}).get("completion", {}).get("total", 0) == 0


@pytest.mark.parametrize("owner", TENANTS)
@pytest.mark.parametrize("caller", [*TENANTS, "anonymous"])
def test_links_say_nothing_of_whether_another_tenant_has_it(
    client: Client, caller: str, owner: str
) -> None:
    sender = as_caller(client, caller)
    for uri in URIS:
        found, missing = (
            sender.call("link", uri=uri.format(each)).result["content"] for each in (owner, NOBODY)
        )

        assert SECRET not in json.dumps(found)
        assert json.dumps(found) == json.dumps(missing).replace(NOBODY, owner)


@pytest.mark.parametrize("caller", [*TENANTS, "anonymous"])
@pytest.mark.parametrize("method", ["resources/list", "resources/templates/list", "prompts/list"])
def test_lists_have_nothing_of_another_tenant(client: Client, caller: str, method: str) -> None:
    answer = as_caller(client, caller).send(method)

    is_listed = method == "resources/list" and caller != "anonymous"
    own = [f"{SECRET}-{caller}"] if is_listed else []
    assert [each["title"] for each in answer.result.get("resources", [])] == own
    assert answer.text.count(SECRET) == len(own)
