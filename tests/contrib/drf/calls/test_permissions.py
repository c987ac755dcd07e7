"""What permission classes see of the caller, those of django-oauth-toolkit among them."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.http import HttpRequest
from django.urls import path
from django.utils import timezone
from rest_framework import permissions, viewsets
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from django_mcp.testing import MCPClient
from tests.contrib.drf.exposure import exposing, problem_of, routed, tool_of
from tests.contrib.drf.views import OrderSerializer
from tests.shop.models import Order, Product

pytestmark = [pytest.mark.django_db, pytest.mark.oauth]


def allowed(user: User | None, *permission_classes: Any, scopes: Any = (), **facts: Any) -> bool:
    """Whether a view with these permission classes serves the caller."""

    class Guarded(APIView):
        """Be guarded."""

        def get(self, request: Request) -> Response:
            return Response({"is": "allowed"})

    Guarded.permission_classes = permission_classes
    for name, value in facts.items():
        setattr(Guarded, name, value)
    with routed(path("", Guarded.as_view())), exposing(Guarded, ["get"], name="get"):
        result = MCPClient(user, scopes=scopes).call("get")
    assert result.error.get("kind") in (None, "permission_denied")
    return not result.is_error


def test_scopes_of_the_token_are_asked_for(ada: User) -> None:
    from oauth2_provider.contrib.rest_framework import (
        IsAuthenticatedOrTokenHasScope,
        TokenHasScope,
    )

    for cls in (TokenHasScope, IsAuthenticatedOrTokenHasScope):
        wanted = {"required_scopes": ["shop:read"]}
        assert allowed(ada, cls, scopes=["shop:read", "shop:write"], **wanted)
        assert not allowed(ada, cls, scopes=["shop:write"], **wanted)
        assert not allowed(None, cls, **wanted)


def test_alternatives_of_scopes_are_asked_for(ada: User) -> None:
    from oauth2_provider.contrib.rest_framework import TokenMatchesOASRequirements

    wanted = {"required_alternate_scopes": {"GET": [["a", "b"], ["shop:read"]]}}

    assert allowed(ada, TokenMatchesOASRequirements, scopes=["shop:read"], **wanted)
    assert not allowed(ada, TokenMatchesOASRequirements, scopes=["a"], **wanted)


def test_users_are_asked_for(ada: User) -> None:
    assert allowed(ada, permissions.IsAuthenticated)
    assert not allowed(None, permissions.IsAuthenticated)
    assert allowed(None, permissions.AllowAny)
    assert not allowed(ada, permissions.IsAdminUser)


def test_the_application_is_looked_up_when_it_is_asked_for(ada: User) -> None:
    from oauth2_provider.models import get_application_model

    application = get_application_model().objects.create(name="Assistant", client_id="test-client")
    seen = []

    class OfApplication(permissions.BasePermission):
        def has_permission(self, request: Request, view: APIView) -> bool:
            seen.append((request.auth.application, request.auth.scopes, request.auth.resource))
            return True

    assert allowed(ada, OfApplication, scopes=["shop:read"])
    assert seen == [
        (application, {"shop:read": "See products and orders"}, ["http://testserver/mcp"])
    ]


def test_an_expired_token_is_valid_for_nothing(ada: User) -> None:
    from django_mcp.contrib.drf.calls.authentication import PrincipalToken

    client = MCPClient(ada, scopes=["shop:read"])
    now = timezone.now()
    for expires, is_valid in ((None, True), (now + timedelta(hours=1), True), (now, False)):
        principal = type(client.principal)(
            endpoint=client.principal.endpoint,
            user=ada,
            scopes=frozenset(["shop:read"]),
            expires=expires,
        )
        token = PrincipalToken(principal)

        assert (token.is_valid(["shop:read"]), token.is_expired()) == (is_valid, not is_valid)


class MayChange(permissions.BasePermission):
    """Allow changes by buyers."""

    message = "Only the buyer may do this."

    def has_object_permission(self, request: Request, view: APIView, obj: Order) -> bool:
        return request.method in permissions.SAFE_METHODS or obj.buyer == request.user


class AllOrders(viewsets.ModelViewSet[Order]):
    """All orders."""

    queryset = Order.objects.all()
    serializer_class = OrderSerializer
    permission_classes = (permissions.DjangoModelPermissions, MayChange)
    filter_backends = ()


def test_permissions_of_models_and_of_objects_hold(ada: User, bob: User, product: Product) -> None:
    order = Order.objects.create(buyer=ada, product=product, quantity=1)
    with (
        routed(
            path("orders/<int:pk>/", AllOrders.as_view({"patch": "partial_update"})),
        ),
        exposing(AllOrders, ["partial_update"], name="change"),
    ):
        without = MCPClient(ada).call("change", pk=order.pk, quantity=2)
        for user in (ada, bob):
            user.user_permissions.add(Permission.objects.get(codename="change_order"))
        users = [User.objects.get(pk=each.pk) for each in (ada, bob)]
        own, other = (MCPClient(each).call("change", pk=order.pk, quantity=2) for each in users)

    assert without.error["kind"] == "permission_denied"
    assert own.data["quantity"] == 2
    assert (other.error["kind"], other.text) == (
        "permission_denied",
        "Only the buyer may do this.",
    )


class OwnRequests(APIView):
    """Make requests of its own, by the session."""

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        return Request(request, authenticators=[SessionAuthentication()])

    def get(self, request: Request) -> Response:
        return Response()


class PassedOnRequests(OwnRequests):
    """Make requests of its own, by whatever the view says."""

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        return Request(request, authenticators=self.get_authenticators())


def test_a_view_whose_requests_are_not_the_callers_is_refused() -> None:
    assert problem_of(OwnRequests, "get") == (
        "its initialize_request() has authenticators of its own, which do not know the caller: "
        "call self.get_authenticators() there"
    )
    assert tool_of(PassedOnRequests, "get").name == "passed_on_requests_get"
