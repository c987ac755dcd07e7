"""Exports of a user by application: rows and bytes of this hour and day, where they are limited."""

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Q
from django.utils import timezone

from django_mcp.cache_outages import CacheOutage
from django_mcp.endpoints import get_endpoints
from django_mcp.models import ToolGroup
from django_mcp.policy.exports import (
    Budget,
    Usage,
    budgets_of,
    exporter_of,
    general_budgets,
    usages_of,
)
from django_mcp.policy.snapshot import BUDGET_COLUMNS
from django_mcp.principals import Principal

logger = logging.getLogger(__name__)

outage = CacheOutage(logger, "The cache of export budgets is away: their use cannot be shown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """Usage of a budget by one application; `group` is the title of the tool group of that budget.

    It is empty for a budget over everything.
    """

    usage: Usage
    group: str


def exports_of(
    user: AbstractBaseUser, client_ids: Collection[str]
) -> Mapping[str, Sequence[Export]]:
    """Return the usages of budgets by the client ids of a user's applications.

    Of tool groups only those from which the application has taken something: others the user may
    not see. One query, and one request to the cache; empty while that cannot be reached.
    """
    groups = {name: (title, budgets) for name, title, budgets in _limited_groups()}
    budgets = [*general_budgets(), *(each for _, held in groups.values() for each in held)]
    if not budgets:
        return {}
    endpoint = get_endpoints().default  # exports from any count together
    exporters = {
        client_id: exporter_of(Principal(endpoint=endpoint, user=user, client_id=client_id), "")
        for client_id in client_ids
    }
    try:
        usages = usages_of(exporters.values(), budgets, timezone.now())
    except Exception as error:  # noqa: BLE001  (every cache has its own)
        outage.log(error)
        return {}
    return {
        client_id: [
            Export(usage=usage, group=groups[usage.budget.group][0] if usage.budget.group else "")
            for usage in usages[exporter]
            if usage.used or not usage.budget.group
        ]
        for client_id, exporter in exporters.items()
    }


def _limited_groups() -> Iterator[tuple[str, str, list[Budget]]]:
    """Yield name, title and budgets of the enabled groups that have budgets."""
    is_limited = Q()
    for column in BUDGET_COLUMNS:
        is_limited |= Q(**{f"{column}__isnull": False})
    rows = ToolGroup.objects.filter(is_limited, enabled=True)
    for name, title, *limits in rows.values_list("name", "title", *BUDGET_COLUMNS):
        columns = dict(zip(BUDGET_COLUMNS, limits, strict=True))
        yield name, title or name, list(budgets_of(columns, name))
