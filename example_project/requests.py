"""The requests that the pages of both applications serve."""

from django.contrib.auth.models import User
from django.http import HttpRequest


class SignedInRequest(HttpRequest):
    """Request of a signed-in user, behind `login_required`."""

    user: User
