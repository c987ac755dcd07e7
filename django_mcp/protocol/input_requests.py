"""What tasks ask their callers while they run: told by `tasks/get`, answered by `tasks/update`."""

from typing import Any

from django_mcp.models import ToolTask


def input_requests(task: ToolTask) -> dict[str, Any]:
    """The requests of a task that wait for an answer, by their keys."""
    return {}
