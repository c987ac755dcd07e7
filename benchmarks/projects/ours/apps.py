from django.apps import AppConfig


class OursConfig(AppConfig):
    name = "benchmarks.projects.ours"
