from django.apps import AppConfig


class ExposedConfig(AppConfig):
    name = "benchmarks.projects.exposed"
    label = "exposed"
