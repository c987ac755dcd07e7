"""Check of the permissions that tools ask for."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType

from django_mcp import prompt, resource
from django_mcp.primitives.declaration import collecting
from tests.calls import offering, serving_declared
from tests.checks.messages import found, hints
from tests.shop.models import Product

# Django's own checks of the models ask SQLite once whether it has JSON.
pytestmark = pytest.mark.django_db


def act(value: Any = None) -> Any:
    """Act."""


def greet() -> str:
    """Greet."""
    return "Hello"


class TestPermissions:
    def test_w029_tells_of_permissions_that_do_not_exist(self) -> None:
        wanted = ["shop.change_product", "shop.change_prodcut", "nowhere.view_it"]

        with offering(act, permissions=wanted):
            messages = found(databases=["default"])
            elsewhere = found(databases=[])

            (hint, _) = hints(databases=["default"])["W029"]

        assert 'Did you mean permissions=["shop.change_product"]?' in hint
        assert "a permission of one object" in hint
        assert elsewhere == {}
        assert set(messages) == {"W029"}
        assert ["shop.change_prodcut" in text for text in messages["W029"]] == [True, False]
        assert ["nowhere.view_it" in text for text in messages["W029"]] == [False, True]

    def test_w029_tells_of_resources_and_prompts_too(self) -> None:
        with collecting() as declared:
            resource("act://now{?value}", name="read", permissions=["nowhere.view_it"])(act)
            prompt(permissions=["nowhere.view_it"])(greet)
            with serving_declared(declared):
                messages = found(databases=["default"])["W029"]

        assert [text.partition("so that ")[2] for text in messages] == [
            "only superusers see the resource.",
            "only superusers see the prompt.",
        ]

    def test_permission_that_only_the_database_knows_exists(self) -> None:
        kind = ContentType.objects.get_for_model(Product)
        Permission.objects.create(content_type=kind, codename="count_product")

        with offering(act, permissions=["shop.count_product"]):
            assert found(databases=["default"]) == {}

    def test_permission_that_a_model_declares_exists_before_its_migration(self) -> None:
        Permission.objects.all().delete()

        with offering(act, permissions=["shop.change_product", "django_mcp.revoke_access"]):
            messages = found(databases=["default"])

        assert all("shop.change_product" not in text for text in messages.get("W029", ()))
