"""Elicitation on the wire: input requests to clients, and the responses of their users.

Before there is a task they travel in the result of the call, which the client sends again with the
responses (SEP-2322); afterwards `tasks/get` has the requests and `tasks/update` the responses.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.utils import timezone
from mcp_types import (
    CallToolRequestParams,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    InputRequiredResult,
)

from django_mcp.background.input import open_requests
from django_mcp.conf import settings
from django_mcp.exceptions import ElicitationRequest, InputRequiredError
from django_mcp.invocation import RequestState
from django_mcp.meta_keys import CALL_ID_META_KEY
from django_mcp.models import ToolTask
from django_mcp.protocol.exchange import Context, is_modern


def is_askable(ctx: Context) -> bool:
    """Return whether this very request declares that its client shows forms to its user.

    The 2025 revisions ask on a connection that stays, which this endpoint does not have.
    """
    capabilities = ctx.session.client_capabilities
    declared = capabilities.elicitation if capabilities is not None else None
    if declared is None or not is_modern(ctx):
        return False
    # One that names no mode at all means forms, the only mode that there was at first.
    return declared.form is not None or declared.url is None


def input_requests(task: ToolTask) -> dict[str, Any]:
    """Return the open input requests of a task, by their keys."""
    return {
        key: _request(request).model_dump(by_alias=True, mode="json", exclude_none=True)
        for key, request in open_requests(task).items()
    }


def input_required(error: InputRequiredError, call_id: UUID) -> InputRequiredResult:
    """Return the result of a call that needs input first; its state is encrypted on the way out."""
    state = {
        "id": str(uuid4()),
        "expires": (timezone.now() + timedelta(seconds=settings.ANSWER_WITHIN)).isoformat(),
        "requests": list(error.input_requests),
        "responses": error.input_responses,
    }
    return InputRequiredResult(
        input_requests={key: _request(request) for key, request in error.input_requests.items()},
        request_state=json.dumps(state),
        _meta={CALL_ID_META_KEY: str(call_id)},
    )


def input_responses_in(params: CallToolRequestParams) -> dict[str, Any]:
    """Return input responses and request state of a call, by their names in `Invocation`.

    The state has been decrypted and is ours. A response to what was not requested is ignored, and
    without a state nothing was.
    """
    if not params.request_state:
        return {}
    state = json.loads(params.request_state)
    accepted: dict[str, Mapping[str, Any]] = dict(state["responses"])
    responses = params.input_responses or {}
    for key in state["requests"]:
        response = responses.get(key)
        if isinstance(response, ElicitResult):
            accepted[key] = response.model_dump(include={"action", "content"}, exclude_none=True)
    request_state = RequestState(
        id=UUID(state["id"]), expires=datetime.fromisoformat(state["expires"])
    )
    return {"input_responses": accepted, "request_state": request_state}


def _request(request: ElicitationRequest) -> ElicitRequest:
    return ElicitRequest(
        params=ElicitRequestFormParams(message=request.message, requested_schema=dict(request.form))
    )
