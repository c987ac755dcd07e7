from django.apps import apps
from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("django_mcp.urls")),
    path("admin/", admin.site.urls),
]
if apps.is_installed("oauth2_provider"):
    urlpatterns += [path("o/", include("oauth2_provider.urls", namespace="oauth2_provider"))]
