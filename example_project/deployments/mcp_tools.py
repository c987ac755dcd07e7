"""Resources of the services and of their status, for MCP clients."""

from django_mcp import resource, resource_for
from example_project.deployments.models import Environment, Service
from example_project.deployments.services import (
    PLATFORM,
    QUESTION_TIMEOUT,
    READ,
    SECOND_TRY,
    DeploymentStatus,
    ServiceName,
    get_deployment_status,
)

resource_for(
    Service,
    uri="service://{name}",
    description="A service, and the version that was released last to each environment.",
    fields=["name", "team", "description", "versions"],
    queryset=Service.objects.all,
    entry_description="description",
    group="deployments",
    scopes=READ,
)


@resource(
    "service://{name}/{environment}",
    title="Status of a service",
    group="deployments",
    scopes=READ,
    breaker=PLATFORM,
    retry=SECOND_TRY,
    timeout=QUESTION_TIMEOUT,
    # Environments are an enum, whose values need no words.
    complete={"name": Service.objects.values_list("name", flat=True)},
)
def service_status(name: ServiceName, environment: Environment) -> DeploymentStatus:
    """The version of a service that runs in an environment now, and whether it is healthy."""
    known = Service.objects.get(name=name)
    (status,) = get_deployment_status(environment, known.name)
    return status
