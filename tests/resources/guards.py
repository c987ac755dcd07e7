"""Guards of a site whose rows are those of a tenant, which a context variable names."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar

from django.contrib.auth.models import User
from django.db.models import QuerySet

from django_mcp import resource_for
from django_mcp.calls.call import Call
from django_mcp.guards import Guard
from django_mcp.primitives.declaration import collecting
from tests.shop.models import Product

tenant: ContextVar[str] = ContextVar("tenant")


class Tenant(Guard):
    """Makes the user's name the tenant around everything that is done for a call."""

    def may_block(self, call: Call) -> bool:
        return False

    @contextmanager
    def around(self, call: Call) -> Iterator[None]:
        token = tenant.set(str(call.principal.user))
        try:
            yield
        finally:
            tenant.reset(token)


class Failing(Guard):
    """Fails around every call."""

    def around(self, call: Call) -> AbstractContextManager[None]:
        raise RuntimeError("the tenant is unknown")


def products_of_tenant(user: User) -> QuerySet[Product]:
    return Product.objects.filter(sku__startswith=f"{tenant.get()}-")


with collecting() as PRODUCTS:
    resource_for(Product, uri="product://{sku}", fields=["sku"], queryset=products_of_tenant)
