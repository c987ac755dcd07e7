from django.apps import AppConfig


class DeploymentsConfig(AppConfig):
    name = "example_project.deployments"
    label = "deployments"
