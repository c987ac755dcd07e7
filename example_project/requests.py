"""The requests that the pages of both applications serve."""

from django.contrib.auth.models import User
from django.http import HttpRequest


class SignedInRequest(HttpRequest):
    """A request behind `login_required`."""

    user: User
