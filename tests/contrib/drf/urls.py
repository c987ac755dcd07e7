"""URLs of the views, and those that serializers link to."""

from django.http import HttpResponse
from django.urls import include, path
from rest_framework.routers import DefaultRouter

from tests.contrib.drf.views import OrderViewSet

router = DefaultRouter()
router.register("orders", OrderViewSet, basename="order")

urlpatterns = [
    path("api/", include(router.urls)),
    path("shipments/<int:pk>/", lambda request, pk: HttpResponse(), name="shipment"),
]
