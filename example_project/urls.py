"""Routes of the site: pages, admin, sign-in, OAuth and the documents that MCP clients look up."""

from django.contrib import admin
from django.contrib.staticfiles.urls import staticfiles_urlpatterns
from django.urls import include, path

urlpatterns = [
    path("", include("example_project.expenses.urls")),
    path("services/", include("example_project.deployments.urls")),
    path("", include("django_mcp.urls")),
    path("accounts/", include("django.contrib.auth.urls")),
    path("admin/", admin.site.urls),
    # Only under DEBUG; it lets uvicorn alone serve a development site.
    *staticfiles_urlpatterns(),
]
