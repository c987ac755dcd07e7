"""Signal receiver that closes tool groups whose last allowed user group is deleted."""

import logging
from typing import Any

from django.contrib.auth.models import Group
from django.db.models import QuerySet

from django_mcp.models import ToolGroup

logger = logging.getLogger(__name__)


def close_orphans(
    sender: type[Group], *, instance: Group, using: str, origin: Any = None, **kwargs: Any
) -> None:
    """Receiver of `pre_delete`: disable the tool groups that allow no other user group.

    An empty `allowed_groups` means every user, and that is not what operators have decided.
    """
    groups = Group.objects.using(using)
    # Of several that are deleted at once, none stays for the sake of the others.
    is_bulk = isinstance(origin, QuerySet) and origin.model is Group
    leaving = origin.order_by().values("pk") if is_bulk else [instance.pk]
    orphans = (
        ToolGroup.objects.using(using)
        .filter(allowed_groups=instance)
        .exclude(allowed_groups__in=groups.exclude(pk__in=leaving))
    )
    for name in orphans.filter(enabled=True).values_list("name", flat=True):
        logger.warning("The tool group %s is closed: its last user group is deleted", name)
    orphans.update(enabled=False)
