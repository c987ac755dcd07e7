"""Deleting user groups never opens a tool group to everybody."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group

from django_mcp.models import ToolGroup


@pytest.fixture
def clerks(db: None) -> Group:
    return Group.objects.create(name="clerks")


@pytest.fixture
def owners(db: None) -> Group:
    return Group.objects.create(name="owners")


@pytest.fixture
def is_open(shop_group: ToolGroup) -> Callable[[], bool]:
    return lambda: ToolGroup.objects.get(pk=shop_group.pk).enabled


def test_a_group_that_loses_its_last_user_group_is_closed(
    shop_group: ToolGroup,
    clerks: Group,
    is_open: Callable[[], bool],
    caplog: pytest.LogCaptureFixture,
) -> None:
    shop_group.allowed_groups.add(clerks)

    clerks.delete()

    assert not is_open()
    assert "The tool group shop is closed" in caplog.text


def test_a_group_that_keeps_another_user_group_stays_open(
    shop_group: ToolGroup, clerks: Group, owners: Group, is_open: Callable[[], bool]
) -> None:
    shop_group.allowed_groups.add(clerks, owners)

    clerks.delete()

    assert is_open()


def test_user_groups_that_are_deleted_at_once_count_together(
    shop_group: ToolGroup, clerks: Group, owners: Group, is_open: Callable[[], bool]
) -> None:
    shop_group.allowed_groups.add(clerks, owners)

    Group.objects.all().delete()

    assert not is_open()


def test_groups_that_are_open_to_everybody_stay_so(
    shop_group: ToolGroup, clerks: Group, is_open: Callable[[], bool]
) -> None:
    clerks.delete()

    assert is_open()
    assert ToolGroup.objects.get(name="desk").enabled


def test_an_operator_may_still_open_it_to_everybody(
    shop_group: ToolGroup, clerks: Group, is_open: Callable[[], bool]
) -> None:
    shop_group.allowed_groups.add(clerks)

    shop_group.allowed_groups.clear()

    assert is_open()
