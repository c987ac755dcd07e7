from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "tests.hosts.desk"
