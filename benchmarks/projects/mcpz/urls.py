from django.urls import include, path

from benchmarks.projects.mcpz.servers import own_tokens, toolkit_tokens

urlpatterns = [
    path("mcp", own_tokens),
    path("mcp-dot", toolkit_tokens),
    path("oauth/", include("django_mcpz.oauth.urls")),
]
