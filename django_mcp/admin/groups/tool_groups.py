"""Model admin of tool groups: operators open, close and restrict what the code declares."""

from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.actions import delete_selected
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import router, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from django_mcp.admin.changelist.filters import MAX_TERM_CHARACTERS
from django_mcp.admin.groups.circuit_breakers import CircuitBreakerPages
from django_mcp.admin.groups.client_field import (
    ids_of,
    labels_of,
    search_applications,
)
from django_mcp.admin.groups.form import LIMITS, ToolGroupForm
from django_mcp.admin.groups.switch_inline import ToolSwitchInline
from django_mcp.admin.groups.visibility import visibility_page
from django_mcp.admin.markup import Tone, in_line, mark
from django_mcp.admin.registry_view import read_registry
from django_mcp.kinds import Kind
from django_mcp.models import PromptTemplate, ToolGroup, ToolSwitch
from django_mcp.models.kinds import counted


def gone_mark() -> SafeString:
    """Return the mark of a group that the code no longer declares."""
    return mark(_("code is gone"), Tone.WARNING)


class CodeFilter(admin.SimpleListFilter):
    """Filter by whether the code still declares a group."""

    title = pgettext_lazy("of the project", "code")
    parameter_name = "code"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("present", _("In the code")), ("gone", _("Code is gone"))]

    @override
    def queryset(
        self, request: HttpRequest, queryset: QuerySet[ToolGroup]
    ) -> QuerySet[ToolGroup] | None:
        names = read_registry().keys
        if self.value() == "present":
            return queryset.filter(name__in=names)
        if self.value() == "gone":
            return queryset.exclude(name__in=names)
        return None


class ToolGroupAdmin(CircuitBreakerPages):
    """Model admin of tool groups: none is added, and only groups without code are deleted."""

    form = ToolGroupForm
    readonly_fields = ("name_in_code", "shown_clients")
    filter_horizontal = ("allowed_groups",)  # where there is no autocomplete
    inlines = (ToolSwitchInline,)
    list_filter = ("enabled", "read_only", CodeFilter)
    search_fields = ("name", "title")
    actions = ("enable_selected", "disable_selected", "delete_selected")
    change_form_template = "django_mcp/admin/group.html"
    change_list_template = "django_mcp/admin/groups.html"

    class Media:
        css = {"all": ("django_mcp/admin.css",)}

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @override
    def has_delete_permission(self, request: HttpRequest, obj: ToolGroup | None = None) -> bool:
        if obj is not None and read_registry().has_group(obj.name):
            return False
        return super().has_delete_permission(request, obj)

    def get_autocomplete_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """Autocomplete user groups, where the project's admin lets the operator search them."""
        if not self.admin_site.is_registered(Group):
            return ()
        groups = self.admin_site.get_model_admin(Group)
        may_search = groups.has_view_permission(request) and groups.get_search_fields(request)
        return ("allowed_groups",) if may_search else ()

    def get_fieldsets(self, request: HttpRequest, obj: ToolGroup | None = None) -> Any:
        """Return the fieldsets; the page shows the switches after the first one."""
        may_change = self.has_change_permission(request, obj)
        switches: tuple[Any, ...] = (("enabled", "read_only"),)
        if obj is not None and (obj.title or not read_registry().has_group(obj.name)):
            switches = ("name_in_code", *switches)
        clients = "allowed_clients" if may_change else "shown_clients"
        return [
            (None, {"fields": switches}),
            (pgettext_lazy("to a tool group", "Access"), {"fields": ("allowed_groups", clients)}),
            (
                pgettext_lazy("of a tool group", "Limits"),
                {
                    "fields": LIMITS,
                    "description": _(
                        "Rates are of each user, and what may be taken out is of each user with "
                        "each application. Where the code, the settings or the application have a "
                        "limit, too, the strictest counts. Past it a call is refused, and the "
                        "assistant learns when to go on. A change counts within two seconds."
                    ),
                },
            ),
            (_("Title and description"), {"fields": ("title", "description")}),
        ]

    @override
    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, *args, **kwargs)
        form.admin_site = self.admin_site
        return form

    @override
    def get_list_display(self, request: HttpRequest) -> tuple[str | Callable[[Any], Any], ...]:
        # Columns of one request, because while the registry cannot be built, every look at it
        # tries again: once for the page is enough, once for each cell would be slow.
        registry = read_registry()

        @admin.display(description=pgettext_lazy("tool group", "contents"))
        def contents(group: ToolGroup) -> str:
            """Number of each kind in the code, and of the prompts that operators have written."""
            kinds = [kind for kind, _ in registry.in_group(group.name)]
            return counted([*kinds, *[str(Kind.PROMPT)] * written_prompts()[group.pk]])

        @cache
        def written_prompts() -> Counter[int]:
            return Counter(PromptTemplate.objects.values_list("group_id", flat=True))

        @cache
        def disabled_switches() -> Mapping[int, int]:
            off = ToolSwitch.objects.filter(enabled=False).select_related("group")
            return Counter(
                switch.group_id for switch in off if registry.has(switch.group.name, switch.key)
            )

        @admin.display(description=_("notes"), empty_value="")
        def notes(group: ToolGroup) -> str:
            """Marks of a group that is closed, read-only, without code or partly off."""
            marks = []
            if not registry.has_group(group.name):
                marks.append(gone_mark())
            if not group.enabled:
                marks.append(mark(pgettext_lazy("tool group", "disabled"), Tone.WARNING))
            if group.read_only:
                marks.append(mark(pgettext_lazy("tool group", "read-only"), Tone.QUIET))
            if any(getattr(group, name) not in ("", None) for name in LIMITS):
                marks.append(mark(pgettext_lazy("tool group", "limited"), Tone.QUIET))
            if count := disabled_switches().get(group.pk, 0):
                off = ngettext("%(count)d switch is off", "%(count)d switches are off", count)
                marks.append(mark(off % {"count": count}, Tone.QUIET))
            return in_line(marks)

        return ("titled_name", contents, notes)

    @admin.display(description=_("group"), ordering="name")
    def titled_name(self, group: ToolGroup) -> SafeString:
        """Return the title of the group, and its name."""
        if not group.title:
            return format_html("{}", group.name)
        return format_html('{} <span class="mcp-name">{}</span>', group.title, group.name)

    @admin.display(description=_("name"))
    def name_in_code(self, group: ToolGroup) -> SafeString:
        """Return the name of the group, marked if the code does not have it any more."""
        if read_registry().has_group(group.name):
            return format_html("{}", group.name)
        explanation = gettext("Nothing in the code belongs to this group any more.")
        return format_html("{} {} {}", group.name, gone_mark(), explanation)

    @admin.display(description=_("allowed applications"))
    def shown_clients(self, group: ToolGroup) -> SafeString | str:
        """Return the labels of the allowed clients, one a line."""
        labels = labels_of(ids_of(group.allowed_clients)).values()
        lines = format_html_join("", "<div>{}</div>", ((label,) for label in labels))
        return lines or self.get_empty_value_display()

    @admin.action(permissions=["change"], description=_("Enable selected groups"))
    def enable_selected(self, request: HttpRequest, queryset: QuerySet[ToolGroup]) -> None:
        """Enable the selected groups."""
        count = self._switch(request, queryset, on=True)
        text = ngettext(
            "%(count)d group is now enabled.", "%(count)d groups are now enabled.", count
        )
        self.message_user(request, text % {"count": count}, messages.SUCCESS)

    @admin.action(permissions=["change"], description=_("Disable selected groups"))
    def disable_selected(self, request: HttpRequest, queryset: QuerySet[ToolGroup]) -> None:
        """Disable the selected groups."""
        count = self._switch(request, queryset, on=False)
        text = ngettext(
            "%(count)d group is now disabled.", "%(count)d groups are now disabled.", count
        )
        self.message_user(request, text % {"count": count}, messages.SUCCESS)

    @admin.action(
        permissions=["delete"], description=_("Delete selected groups whose code is gone")
    )
    def delete_selected(
        self, request: HttpRequest, queryset: QuerySet[ToolGroup]
    ) -> HttpResponse | None:
        """Delete those of the selected groups that the code does not have any more."""
        gone = queryset.exclude(name__in=read_registry().keys)
        remaining = queryset.count() - gone.count()
        if remaining:
            text = ngettext(
                "%(count)d group is still in the code and stays. You can disable it.",
                "%(count)d groups are still in the code and stay. You can disable them.",
                remaining,
            )
            self.message_user(request, text % {"count": remaining}, messages.WARNING)
        return delete_selected(self, request, gone) if gone else None

    @override
    def get_urls(self) -> list[URLPattern]:
        visibility = path(
            "visibility/",
            self.admin_site.admin_view(self.visibility),
            name="django_mcp_toolgroup_visibility",
        )
        applications = path(
            "applications/",
            self.admin_site.admin_view(self.applications),
            name="django_mcp_toolgroup_applications",
        )
        return [visibility, applications, *super().get_urls()]

    @override
    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ToolGroup], search_term: str
    ) -> tuple[QuerySet[ToolGroup], bool]:
        if len(search_term) > MAX_TERM_CHARACTERS:
            return queryset.none(), False
        return super().get_search_results(request, queryset, search_term)

    def applications(self, request: HttpRequest) -> JsonResponse:
        """Answer the autocomplete of applications, for operators who may change a group."""
        if not self.may_search_clients(request):
            raise PermissionDenied
        term = request.GET.get("term", "").replace("\0", "")  # PostgreSQL takes none
        return JsonResponse(search_applications(term, request.GET.get("page")))

    def visibility(self, request: HttpRequest) -> TemplateResponse:
        """Render the page of visibility."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        request.current_app = self.admin_site.name
        return visibility_page(
            request, self.admin_site, may_search_clients=self.may_search_clients(request)
        )

    def may_search_clients(self, request: HttpRequest) -> bool:
        """Return whether the operator may read the names of applications that no group names."""
        return self.has_change_permission(request)

    @override
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method == "GET":
            self._report_problems(request)
        return super().changelist_view(request, extra_context)

    @override
    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        self._report_problems(request)
        context["may_view_prompts"] = self.admin_site.is_registered(
            PromptTemplate
        ) and self.admin_site.get_model_admin(PromptTemplate).has_view_permission(request)
        return super().render_change_form(request, context, *args, **kwargs)

    def _switch(self, request: HttpRequest, queryset: QuerySet[ToolGroup], *, on: bool) -> int:
        using = router.db_for_write(ToolGroup)
        with transaction.atomic(using=using):
            changed = list(queryset.using(using).exclude(enabled=on).select_for_update())
            for group in changed:
                group.enabled = on
                group.save(update_fields=["enabled"])
                self.log_change(
                    request,
                    group,
                    pgettext("tool group", "Enabled.")
                    if on
                    else pgettext("tool group", "Disabled."),
                )
        return len(changed)

    def _report_problems(self, request: HttpRequest) -> None:
        problems = read_registry().problems
        if problems:
            text = _(
                "Some tools, resources or prompts cannot be served, so only names can be shown:"
            )
            # Breaks, because the admin would style the items of a list as messages of their own.
            lines = format_html_join("", "<br>{}", ((problem,) for problem in problems))
            self.message_user(request, format_html("{}{}", text, lines), messages.ERROR)
