from django.contrib import admin

from example_project.deployments.models import Release, Service, UpstreamState


@admin.register(Service)
class ServiceAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    list_display = ["name", "team", "description"]
    list_filter = ["team"]
    search_fields = ["name", "description"]


@admin.register(Release)
class ReleaseAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    list_display = ["service", "environment", "version", "released_at", "released_by"]
    list_filter = ["environment", "is_roll_back", "service"]
    list_select_related = ["service"]
    search_fields = ["version", "released_by", "notes"]


@admin.register(UpstreamState)
class UpstreamStateAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    list_display = ["environment", "condition", "delay"]
    list_editable = ["condition", "delay"]
    readonly_fields = ["running"]
