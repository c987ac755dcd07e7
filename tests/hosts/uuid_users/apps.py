from django.apps import AppConfig


class UUIDUsersConfig(AppConfig):
    name = "tests.hosts.uuid_users"
