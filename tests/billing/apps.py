from django.apps import AppConfig


class BillingConfig(AppConfig):
    """The app behind the REST API."""

    name = "tests.billing"
    label = "billing"
