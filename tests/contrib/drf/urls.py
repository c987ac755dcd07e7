"""URLs that serializers link to."""

from django.http import HttpResponse
from django.urls import path

urlpatterns = [path("shipments/<int:pk>/", lambda request, pk: HttpResponse(), name="shipment")]
