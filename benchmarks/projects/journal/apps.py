from django.apps import AppConfig


class JournalConfig(AppConfig):
    name = "benchmarks.projects.journal"
