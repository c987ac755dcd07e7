from django.apps import AppConfig


class FrontDoorConfig(AppConfig):
    name = "tests.hosts.front_door"
