"""Fills the database and prints the tokens as JSON: `python -m benchmarks.projects.seed`."""

import datetime
import json
import os
from decimal import Decimal

import django
from django.apps import apps
from django.core.management import call_command

from benchmarks.requests import HOST

ROWS = 200
AUDIENCES = [f"http://{HOST}{path}" for path in ("/mcp", "/mcp-dot", "/api/expenses")]
LIFETIME = datetime.timedelta(days=1)


def make_expenses() -> None:
    """A user with expenses in a few categories, newest first by number: 'Shop 0', 'Shop 1'."""
    from django.contrib.auth.models import User

    from example_project.expenses.models import Category, Expense

    owner = User.objects.create_user("alice")
    categories = [Category.objects.create(name=name) for name in ("food", "home", "travel")]
    today = datetime.date(2026, 6, 30)
    Expense.objects.bulk_create(
        Expense(
            owner=owner,
            category=categories[number % 3],
            amount=Decimal("12.34") + number,
            payee=f"Shop {number}",
            note="as every month",
            spent_on=today - datetime.timedelta(days=number),
        )
        for number in range(ROWS)
    )


def make_tokens() -> dict[str, str]:
    """A token of django-oauth-toolkit and one of django-mcpz, if installed, for the same user."""
    from django.contrib.auth.models import User
    from django.utils import timezone
    from oauth2_provider.models import AccessToken, Application

    owner = User.objects.get(username="alice")
    application = Application.objects.create(
        name="Benchmarks",
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
        redirect_uris="https://localhost/",
    )
    AccessToken.objects.create(
        user=owner,
        application=application,
        token="benchmark-token",
        scope="expense:read expense:write",
        resource=AUDIENCES,
        expires=timezone.now() + LIFETIME,
    )
    tokens = {"toolkit": "benchmark-token"}
    if not apps.is_installed("django_mcpz.oauth"):
        return tokens
    from django_mcpz.oauth.models import AccessToken as McpzToken
    from django_mcpz.oauth.models import Client

    client = Client._default_manager.create(client_id="benchmarks", kind=Client.Kind.REGISTERED)
    _, mcpz = McpzToken.create(
        lifetime=LIFETIME,
        client=client,
        user=owner,
        resource=AUDIENCES[0],
        scope="expense:read expense:write",
    )
    return {**tokens, "mcpz": mcpz}


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.projects.all_tools"
    django.setup()
    call_command("migrate", interactive=False, verbosity=0, run_syncdb=True)
    make_expenses()
    print(json.dumps(make_tokens()))


if __name__ == "__main__":
    main()
