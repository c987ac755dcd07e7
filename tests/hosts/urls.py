from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("django_mcp.urls")),
    path("admin/", admin.site.urls),
]
