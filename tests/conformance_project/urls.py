from django.urls import include, path

urlpatterns = [
    path("", include("django_mcp.urls")),
    path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
]
