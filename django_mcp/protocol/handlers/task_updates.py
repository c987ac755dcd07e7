"""`tasks/update`: the responses to the input requests of a task."""

from typing import Any

from django_mcp.background.input import accept_responses
from django_mcp.exceptions import InvalidInputResponsesError
from django_mcp.models import ToolTask
from django_mcp.protocol.errors import invalid_input_responses
from django_mcp.protocol.handlers.tasks import TaskParams, task_request


class UpdateTaskParams(TaskParams):
    """The params of `tasks/update`: responses by the keys of the requests."""

    input_responses: dict[str, Any]


@task_request
def update_task(task: ToolTask, params: UpdateTaskParams) -> dict[str, Any]:
    """Answer `tasks/update`.

    A response to what is not, or no longer, an open request is ignored, as SEP-2663 wants. One
    that the tool cannot use is requested again.
    """
    try:
        accept_responses(task.pk, params.input_responses)
    except InvalidInputResponsesError as error:
        raise invalid_input_responses(error) from None
    return {}
