from django.apps import AppConfig


class SwappedApplicationConfig(AppConfig):
    name = "tests.hosts.swapped_application"
