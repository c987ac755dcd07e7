"""Routes of the tests: what a site with the whole package installed would have."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("example_project.expenses.urls")),
    path("services/", include("example_project.deployments.urls")),
    path("", include("django_mcp.urls")),
    path("accounts/", include("django.contrib.auth.urls")),
    path("admin/", admin.site.urls),
]
