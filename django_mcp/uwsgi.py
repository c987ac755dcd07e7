"""Connection header of answers under uWSGI, which leaves it to its applications."""

from django.http import HttpRequest
from django.http.response import HttpResponseBase


def announce_closing(request: HttpRequest, response: HttpResponseBase) -> None:
    """Announce the end of the connection in an answer, if uWSGI ends it.

    uWSGI's own HTTP closes each connection without saying so: a client that sends its next
    request on it loses that request. PEP 3333 leaves the header to servers, this one lets it pass,
    and the proxies in front of it take it for themselves.
    """
    if "uwsgi.version" in request.META:
        response.headers["Connection"] = "close"
