from django.apps import AppConfig


class ConformanceProjectConfig(AppConfig):
    name = "tests.conformance_project"
