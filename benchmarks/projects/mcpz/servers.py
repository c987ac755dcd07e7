"""`list_expenses` of the example project as a tool, behind either kind of token."""

import datetime
import time
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from django.http import HttpRequest, HttpResponse
from django_mcpz.oauth.auth import oauth_auth
from django_mcpz.server import MCPServer
from oauth2_provider.oauth2_backends import get_oauthlib_core

from benchmarks.projects.journal.models import Entry
from example_project.expenses.services import list_expenses as find_expenses


class ListExpenses(msgspec.Struct):
    category: str | None = None
    first_day: datetime.date | None = None
    last_day: datetime.date | None = None
    search: Annotated[str, msgspec.Meta(max_length=100)] = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=200)] = 50
    offset: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 0


class Expense(msgspec.Struct):
    id: int
    spent_on: datetime.date
    amount: Decimal
    category_name: str
    payee: str
    note: str


class Expenses(msgspec.Struct):
    result: list[Expense]


def toolkit_auth(request: HttpRequest) -> HttpResponse | None:
    """Authenticate with a token of django-oauth-toolkit, the way its own view mixins do."""
    is_valid, verified = get_oauthlib_core().verify_request(request, scopes=[])
    if not is_valid:
        return HttpResponse(status=401)
    attributes: Any = request
    attributes.user, attributes.mcp_token = verified.user, verified.access_token
    return None


def may_read(request: Any) -> bool:
    return "expense:read" in request.mcp_token.scope.split()


def list_expenses(request: Any, params: ListExpenses) -> Expenses:
    started = time.monotonic()
    asked = msgspec.structs.asdict(params)
    found = [
        Expense(
            id=row.pk,
            spent_on=row.spent_on,
            amount=row.amount,
            category_name=row.category.name,
            payee=row.payee,
            note=row.note,
        )
        for row in find_expenses(request.user, **asked)
    ]
    token = request.mcp_token
    Entry.write(
        user=request.user,
        client=token.client_id if hasattr(token, "client_id") else token.application_id,
        name="list_expenses",
        arguments={name: value for name, value in asked.items() if value},
        since=started,
    )
    return Expenses(result=found)


own_tokens = MCPServer(name="benchmarks", version="1", auth=oauth_auth)
toolkit_tokens = MCPServer(name="benchmarks", version="1", auth=toolkit_auth)
for server in (own_tokens, toolkit_tokens):
    server.tool(
        description="List the user's expenses, newest first.", read_only=True, permission=may_read
    )(list_expenses)
