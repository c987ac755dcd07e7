import pytest

from django_mcp.models import ToolGroup


@pytest.fixture
def shop_group(db: None) -> ToolGroup:
    """The row of the group `shop`, as `migrate` has made it."""
    return ToolGroup.objects.get(name="shop")
