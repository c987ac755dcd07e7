"""What keeps its results in the cache, and counts how often it is computed."""

from collections import Counter
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone, translation

from django_mcp import (
    EmbeddedResource,
    ToolContext,
    ToolError,
    invalidate,
    resource,
    resource_for,
    resource_link,
    tool,
)
from django_mcp.content import Content
from django_mcp.guards import Call
from django_mcp.primitives.declaration import collecting
from tests.latch import Latch
from tests.shop.models import Product

HERE = "tests.guards.cached_tools"

computed: Counter[str] = Counter()
"""How often each was computed."""

failing: set[str] = set()
"""What is to fail, once."""

latch = Latch()


def count(name: str) -> int:
    """The number of this computation of `name`."""
    computed[name] += 1
    if name in failing:
        failing.remove(name)
        raise ToolError("It has failed.")
    return computed[name]


def tenant_of(call: Call) -> str:
    """The first letter of the user's name."""
    return str(call.principal.user)[:1]


def no_text(call: Call) -> Any:
    return 7


with collecting() as DECLARED:

    @tool(read_only=True, cache=60)
    def expenses(user: User | None, year: int = 2026) -> int:
        """Count the expenses."""
        return count("expenses")

    @tool(read_only=True, cache=60)
    async def aexpenses(user: User | None, year: int = 2026) -> int:
        """Count the expenses, on the loop."""
        return count("aexpenses")

    @resource("cached://expenses/{year}", cache=60)
    def yearly(user: User | None, year: int) -> str:
        """Count the expenses of a year."""
        return str(count("yearly"))

    @tool(read_only=True, cache=60, vary_on=())
    def shared() -> int:
        """Count for everybody."""
        return count("shared")

    @tool(read_only=True, cache=60, vary_on="client")
    def by_client() -> int:
        """Count for each client."""
        return count("by_client")

    @tool(read_only=True, cache=60, vary_on="scopes")
    def by_scopes() -> int:
        """Count for callers of the same scopes."""
        return count("by_scopes")

    @tool(read_only=True, cache=60, vary_on=f"{HERE}.tenant_of")
    def by_tenant(user: User | None) -> int:
        """Count for each tenant."""
        return count("by_tenant")

    @tool(read_only=True, cache=60, vary_on=[no_text])
    def by_number() -> int:
        """Count by what is no text."""
        return count("by_number")

    @tool(read_only=True, cache=60)
    def of_context(context: ToolContext) -> int:
        """Count for what a context shows."""
        return count("of_context")

    @tool(read_only=True, cache=60, vary_on=())
    def local() -> str:
        """Say in which language and time zone it runs."""
        count("local")
        return f"{translation.get_language()} {timezone.get_current_timezone_name()}"

    @tool(read_only=True, cache=60, vary_on=(), invalidate_on=[Product, "shop.Shipment"])
    def stock() -> int:
        """Count the products."""
        return count("stock")

    @tool(read_only=True, cache=60)
    def stale() -> int:
        """Compute what is invalid before it is done."""
        invalidate("stale")
        return count("stale")

    @tool(read_only=True, cache=60)
    def large(size: int) -> str:
        """Return so many characters."""
        return "x" * size + str(count("large"))

    @tool(read_only=True, cache=60)
    def embedding() -> list[Content]:
        """Embed a resource, which is read for the caller."""
        count("embedding")
        return [EmbeddedResource(uri="cached://expenses/2026")]

    @tool(read_only=True, cache=60)
    def linking() -> list[Content]:
        """Link to a resource, which is named for those who see it."""
        count("linking")
        return [resource_link("cached://expenses/2026")]

    @tool(read_only=True, cache=60, vary_on=())
    def slow() -> int:
        """Wait for the test."""
        latch.wait()
        return count("slow")

    @tool(read_only=True, cache=60, vary_on=())
    async def aslow() -> int:
        """Wait for the test, on the loop."""
        await latch.pause()
        return count("aslow")

    @tool(read_only=True)
    def uncached() -> int:
        """Count."""
        return count("uncached")

    resource_for(
        Product,
        uri="cached-product://{sku}",
        fields=["sku", "stock"],
        queryset=Product.objects.all,
        cache=60,
        listed=False,
    )
