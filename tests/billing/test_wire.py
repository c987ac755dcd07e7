"""The same over HTTP: a token at each of both addresses, in both eras of the protocol."""

import json
from typing import Any

import pytest
from django.core.asgi import get_asgi_application

from django_mcp.asgi import mount
from django_mcp.primitives.registry import Registry
from tests import factories
from tests.billing.answers import KINDS
from tests.billing.callers import CALLERS
from tests.billing.operations import OPERATIONS
from tests.clients import era as era
from tests.wire import Client

EXCHANGES: list[tuple[str, dict[str, Any], int]] = [
    ("customer_list", {"sort": "-limit", "page_size": 5}, 200),
    ("customer_retrieve", {"reference": "north"}, 200),
    ("customer_retrieve", {"reference": "secret"}, 404),
    ("customer_create", {"reference": "north", "name": "Again"}, 400),
    ("customer_block", {"reference": "south", "reason": "again"}, 409),
    ("invoice_send", {"number": 3}, 403),
    ("rates_get", {}, 200),
]


@pytest.mark.parametrize(("operation", "arguments", "status"), EXCHANGES)
def test_answers_are_alike_on_the_wire(
    operation: str,
    arguments: dict[str, Any],
    status: int,
    tools: Registry,
    filled: None,
    era: str,
) -> None:
    caller = CALLERS["scopes to read"]
    token = factories.token(factories.by_hand("Agent"), caller.user, scope=" ".join(caller.scopes))
    agent = Client(application=mount(get_asgi_application()), era=era).with_token(token.token)

    answer = agent.call(operation, **arguments)
    response = OPERATIONS[operation].send(caller.browser(at_host=True), arguments)

    assert response.status_code == status
    if status < 400:
        structured = answer.result["structuredContent"]
        data = structured["result"] if structured.keys() == {"result"} else structured
        assert json.dumps(data) == json.dumps(response.json())
    else:
        assert answer.result["isError"]
        assert answer.result["_meta"]["django-mcp/error"]["kind"] == KINDS[status]
