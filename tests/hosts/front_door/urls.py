from typing import Any

from django.http import HttpRequest, JsonResponse
from django.urls import path
from oauth2_provider.views.generic import ProtectedResourceView, ScopedProtectedResourceView

from tests.hosts.urls import urlpatterns as usual


class WhoAmI(ProtectedResourceView):
    """What the host's own apps ask, with a token of the user's."""

    def get(self, request: Any) -> JsonResponse:
        return JsonResponse({"user": request.resource_owner.get_username()})


class Bookings(ScopedProtectedResourceView):
    """What they show, with a token for it."""

    required_scopes = ("bookings:read",)

    def get(self, request: HttpRequest) -> JsonResponse:
        return JsonResponse({"bookings": []})


urlpatterns = [
    path("api/me", WhoAmI.as_view()),
    path("api/bookings", Bookings.as_view()),
    *usual,
]
