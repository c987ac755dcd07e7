"""URL path converter that matches endpoints, without the prefix that the server removed."""

from django.urls import get_script_prefix, register_converter

from django_mcp.endpoints import get_endpoints

NAME = "django_mcp_endpoint"


class EndpointPathConverter:
    """Converter for the rest of an endpoint's path, after the script name of the request.

    A WSGI server that serves the site in a folder passes on what follows the folder, and the URLs
    may have been loaded before the prefix was known.
    """

    regex = ".+"

    def to_python(self, value: str) -> str:
        """Return the path; raise `ValueError` if it is not the path of an endpoint."""
        if get_endpoints().by_path(f"{get_script_prefix()}{value}") is None:
            raise ValueError("not the path of an endpoint")
        return value

    def to_url(self, value: str) -> str:
        """Return the path."""
        return value


register_converter(EndpointPathConverter, NAME)
