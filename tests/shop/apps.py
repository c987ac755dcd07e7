from django.apps import AppConfig


class ShopConfig(AppConfig):
    """The app whose models and services the tests use."""

    name = "tests.shop"
    label = "shop"
