"""Tool groups and their switches."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from django_mcp.models import ToolGroup, ToolSwitch


def test_a_group_is_called_by_its_title_once_it_has_one() -> None:
    assert str(ToolGroup(name="shop")) == "shop"
    assert str(ToolGroup(name="shop", title="The shop")) == "The shop"
    assert str(ToolSwitch(name="add_product")) == "add_product"


def test_a_new_row_is_closed_and_open_to_everybody_once_it_is_enabled(db: None) -> None:
    group = ToolGroup.objects.create(name="new")

    assert not group.enabled
    assert not group.read_only
    assert group.allowed_clients == []
    assert not group.allowed_groups.exists()


def test_a_tool_has_one_switch_in_a_group(db: None) -> None:
    group = ToolGroup.objects.create(name="new")
    group.switches.create(name="tool")

    with pytest.raises(ValidationError):
        ToolSwitch(group=group, name="tool").full_clean()
    with pytest.raises(IntegrityError):
        group.switches.create(name="tool")


def test_switches_go_with_their_group(db: None) -> None:
    group = ToolGroup.objects.create(name="new")
    group.switches.create(name="tool")

    group.delete()

    assert not ToolSwitch.objects.filter(name="tool").exists()
