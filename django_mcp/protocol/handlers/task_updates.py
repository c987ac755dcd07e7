"""`tasks/update`: answers to what a task has asked."""

from typing import Any

from django_mcp.background.input import answer
from django_mcp.exceptions import InvalidAnswersError
from django_mcp.models import ToolTask
from django_mcp.protocol.errors import invalid_answers
from django_mcp.protocol.handlers.tasks import TaskParams, task_request


class UpdateTaskParams(TaskParams):
    """The params of `tasks/update`: answers by the keys of the requests."""

    input_responses: dict[str, Any]


@task_request
def update_task(task: ToolTask, params: UpdateTaskParams) -> dict[str, Any]:
    """Answer `tasks/update`.

    An answer to what a task does not ask, or does not ask any more, is ignored, as SEP-2663 wants.
    One that the tool cannot use is asked for again.
    """
    try:
        answer(task.pk, params.input_responses)
    except InvalidAnswersError as error:
        raise invalid_answers(error) from None
    return {}
