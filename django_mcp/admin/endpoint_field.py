"""Form field for the endpoint, on sites that have several."""

from django import forms
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from django_mcp.endpoints import DEFAULT_NAME, Endpoint, get_endpoints

NAME = "endpoint"


def add_endpoint_field(form: forms.BaseForm) -> None:
    """Add a field for the name of an endpoint, unless the site has only one."""
    try:
        endpoints = get_endpoints()
    except ImproperlyConfigured:
        return  # `chosen_endpoint` raises it where it can be shown
    if len(endpoints) > 1:
        form.fields[NAME] = forms.ChoiceField(
            label=_("MCP endpoint"),
            required=False,
            initial=DEFAULT_NAME,
            choices=[
                (endpoint.name, f"{endpoint.name} ({endpoint.url})") for endpoint in endpoints
            ],
        )


def chosen_endpoint(form: forms.BaseForm) -> Endpoint:
    """Return the endpoint that a valid form names, else the default one.

    Raises `ImproperlyConfigured` where the site's endpoints are not set up as they should be.
    """
    endpoints = get_endpoints()
    return endpoints.by_name(form.cleaned_data.get(NAME) or DEFAULT_NAME) or endpoints.default
