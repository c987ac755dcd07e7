"""No pages: the endpoint of django_mcp stands in front of them."""

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
