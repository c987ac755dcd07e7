from collections.abc import Iterator

import pytest

from django_mcp.models import ToolGroup
from django_mcp.policy.snapshot import forget_snapshot


@pytest.fixture
def shop_group(db: None) -> ToolGroup:
    """The row of the group `shop`, as `migrate` has made it."""
    return ToolGroup.objects.get(name="shop")


@pytest.fixture(autouse=True)
def _fresh_snapshot() -> Iterator[None]:
    """What one test decides about groups must not be seen by the next."""
    forget_snapshot()
    yield
    forget_snapshot()
