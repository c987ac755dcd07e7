"""`manage.py seed_demo`: people, categories, budgets and services to try the example with."""

import os
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from example_project.deployments import seed
from example_project.expenses.models import Budget, Category

CATEGORIES = {
    "eating out": ("Restaurants, cafés and canteens", "café restaurant pizza canteen sushi bistro"),
    "entertainment": ("Cinema, music, games, events", "cinema concert stream games theatre"),
    "groceries": ("Food and things for the household", "market grocer supermarket bakery dairy"),
    "health": ("Pharmacy, doctors, sports", "pharmacy dental optician gym physio"),
    "housing": ("Rent, energy, water, repairs", "rent energy waterworks hardware"),
    "insurance": ("Insurances of every kind", "insurance"),
    "other": ("Whatever fits nowhere else", ""),
    "phone and internet": ("Telephone, mobile and internet", "telecom broadband mobile"),
    "shopping": ("Clothes, books, electronics", "books outfitters electronics shoes"),
    "transport": ("Trains, buses, fuel, bicycles", "transit railways fuel taxi bicycle"),
    "travel": ("Journeys and hotels", "hotel airways hostel"),
}
BUDGETS = {
    "eating out": Decimal("180.00"),
    "entertainment": Decimal("60.00"),
    "groceries": Decimal("420.00"),
    "shopping": Decimal("150.00"),
}


class Command(BaseCommand):
    help = (
        "Create the demo's users (demo, auditor, releaser and the administrator admin), "
        "categories, budgets and services, or bring them back to how the demo expects them. "
        "Expenses are left alone. "
        "The passwords come from DEMO_PASSWORD and DEMO_ADMIN_PASSWORD."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        password = _password("DEMO_PASSWORD", "demo")
        admin_password = _password("DEMO_ADMIN_PASSWORD", "admin")
        with transaction.atomic():
            demo = _user("demo", password, first_name="Demo")
            auditor = _user("auditor", password, first_name="Auditor")
            releaser = _user("releaser", password, first_name="Releaser")
            _user("admin", admin_password, is_staff=True, is_superuser=True)
            auditor.user_permissions.add(_permission("expenses", "view_all_expenses"))
            releaser.user_permissions.add(_permission("deployments", "roll_back_production"))
            for name, (description, keywords) in CATEGORIES.items():
                Category.objects.update_or_create(
                    name=name,
                    defaults={
                        "description": description,
                        "keywords": "\n".join(keywords.split()),
                    },
                )
            for name, limit in BUDGETS.items():
                Budget.objects.update_or_create(
                    owner=demo,
                    category=Category.objects.get(name=name),
                    defaults={"monthly_limit": limit},
                )
            seed.seed()
        if options["verbosity"]:
            self.stdout.write(
                f"Users demo, auditor, releaser and admin, {len(CATEGORIES)} categories, "
                f"{len(BUDGETS)} budgets and {len(seed.SERVICES)} services are in place."
            )


def _password(variable: str, default: str) -> str:
    password = os.environ.get(variable, "")
    if not password and not settings.DEBUG:
        raise CommandError(f"Outside DEBUG the password must be named: set {variable}.")
    return password or default


def _user(username: str, password: str, **fields: Any) -> User:
    user, _ = User.objects.update_or_create(username=username, defaults=fields)
    # Setting it anew would end the user's sessions.
    if not user.check_password(password):
        user.set_password(password)
        user.save(update_fields=["password"])
    return user


def _permission(app_label: str, codename: str) -> Permission:
    return Permission.objects.get(content_type__app_label=app_label, codename=codename)
