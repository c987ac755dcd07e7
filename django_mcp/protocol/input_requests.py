"""Questions to users on their way: to clients as input requests, and back as their responses.

Before there is a task they travel in the result of the call, which the client sends again with the
answers (SEP-2322); afterwards `tasks/get` tells of them and `tasks/update` brings the answers.
"""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from mcp_types import (
    CallToolRequestParams,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    InputRequiredResult,
)

from django_mcp.exceptions import InputRequiredError, Question
from django_mcp.execution.answering import open_questions
from django_mcp.models import ToolTask
from django_mcp.protocol.exchange import Context, is_modern
from django_mcp.protocol.results import CALL_ID_META_KEY


def is_askable(ctx: Context) -> bool:
    """Whether this very request says that its client shows forms to its user.

    The 2025 revisions ask on a connection that stays, which this endpoint does not have.
    """
    capabilities = ctx.session.client_capabilities
    declared = capabilities.elicitation if capabilities is not None else None
    if declared is None or not is_modern(ctx):
        return False
    # One that names no mode at all means forms, the only mode that there was at first.
    return declared.form is not None or declared.url is None


def input_requests(task: ToolTask) -> dict[str, Any]:
    """The requests of a task that wait for an answer, by their keys."""
    return {
        key: _request(question).model_dump(by_alias=True, mode="json", exclude_none=True)
        for key, question in open_questions(task).items()
    }


def input_required(error: InputRequiredError, call_id: UUID) -> InputRequiredResult:
    """The result of a call that has questions first; its state is sealed on the way out."""
    return InputRequiredResult(
        input_requests={key: _request(question) for key, question in error.questions.items()},
        request_state=json.dumps({"asked": list(error.questions), "answers": error.answers}),
        _meta={CALL_ID_META_KEY: str(call_id)},
    )


def answers_in(params: CallToolRequestParams) -> dict[str, Mapping[str, Any]]:
    """The answers that a call brings, by their keys; its state has been unsealed and is ours.

    An answer to what was not asked is ignored, and without a state nothing was.
    """
    state = json.loads(params.request_state) if params.request_state else {}
    answers: dict[str, Mapping[str, Any]] = dict(state.get("answers", {}))
    responses = params.input_responses or {}
    for key in state.get("asked", ()):
        response = responses.get(key)
        if isinstance(response, ElicitResult):
            answers[key] = response.model_dump(include={"action", "content"}, exclude_none=True)
    return answers


def _request(question: Question) -> ElicitRequest:
    return ElicitRequest(
        params=ElicitRequestFormParams(
            message=question.message, requested_schema=dict(question.form)
        )
    )
