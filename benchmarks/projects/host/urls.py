from django.apps import apps
from django.contrib import admin
from django.urls import include, path

from benchmarks.projects.host.views import UsersView

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/users", UsersView.as_view()),
]
if apps.is_installed("django_mcp"):
    urlpatterns.append(path("", include("django_mcp.urls")))
else:
    urlpatterns.append(path("o/", include("oauth2_provider.urls")))
