"""Views of the pages. Each reads a form, calls services and shows their results."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from django_mcp import ToolError
from example_project.deployments import services
from example_project.deployments.forms import EnvironmentForm, RollBackForm
from example_project.deployments.models import Environment, Release
from example_project.requests import SignedInRequest

PAGE_SIZE = 50


@login_required
def service_list(request: SignedInRequest) -> HttpResponse:
    environment = _environment(request)
    statuses: dict[str, services.DeploymentStatus] = {}
    try:
        running = services.get_deployment_status(environment)
    except ToolError as error:
        messages.error(request, _in_words(error))
    else:
        statuses = {status.service: status for status in running}
    return render(
        request,
        "deployments/list.html",
        {
            "environments": Environment,
            "environment": environment,
            "services": [
                {
                    "summary": summary,
                    "version": summary.versions[environment],
                    "status": statuses.get(summary.name),
                }
                for summary in services.list_services(environment)
            ],
        },
    )


@login_required
def release_list(request: SignedInRequest, service: str) -> HttpResponse:
    environment = _environment(request)
    try:
        releases = services.list_releases(service, environment, limit=PAGE_SIZE)
    except ToolError as error:
        raise Http404(error.message) from error
    return render(
        request,
        "deployments/releases.html",
        {
            "environments": Environment,
            "environment": environment,
            "service": service,
            "releases": releases,
            "earlier_versions": _offered(request, releases, environment),
        },
    )


@login_required
@require_POST
def roll_back(request: SignedInRequest, service: str) -> HttpResponse:
    form = RollBackForm(request.POST)
    if not form.is_valid():
        return HttpResponse("Such a form is not on any page.", status=400)
    environment: Environment = form.cleaned_data["environment"]
    version: str = form.cleaned_data["version"]
    try:
        done = services.roll_back(request.user, service, environment, version)
    except ToolError as error:
        messages.error(request, _in_words(error))
    else:
        was = f"{done.previous_version} was before" if done.has_changed else "as before"
        messages.success(request, f"{service} {version} is live in {environment}, {was}.")
    page = reverse("deployments:releases", args=[service])
    return redirect(f"{page}?environment={environment}")


def _environment(request: SignedInRequest) -> Environment:
    """Return the environment in the query of the request, or the one with the most work."""
    form = EnvironmentForm(request.GET)
    return form.cleaned_data["environment"] if form.is_valid() else Environment.STAGING


def _offered(
    request: SignedInRequest, releases: list[Release], environment: Environment
) -> list[str]:
    if not releases or not services.may_roll_back(request.user, environment):
        return []
    return services.versions_before(releases[0])


def _in_words(error: ToolError) -> str:
    # The hint speaks to agents, of tools and arguments; people see when to try again.
    wait = f" Try again in {error.retry_after:g} seconds." if error.retry_after else ""
    return f"{error.message}{wait}"
