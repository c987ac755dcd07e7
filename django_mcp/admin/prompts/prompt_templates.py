"""Model admin of the prompts that operators write."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db import router, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext, pgettext_lazy
from typing_extensions import override

from django_mcp.admin.markup import Tone, in_line, mark
from django_mcp.admin.prompts.argument_inline import ArgumentInline
from django_mcp.admin.prompts.changelist import UNSERVED_REASON, PromptChangeList
from django_mcp.admin.prompts.form import PromptTemplateForm
from django_mcp.admin.prompts.preview import preview_of
from django_mcp.models import PromptTemplate
from django_mcp.prompt_templates.tag_library import FILTERS, TAGS

PREVIEW = "_preview"
EXAMPLE = """\
{{ month }}
{% if note %} ... {% else %} ... {% endif %}
{% for line in note.splitlines %} ... {% endfor %}
"""


class PromptTemplateAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """Model admin of prompts, with a preview on the page of each."""

    form = PromptTemplateForm
    inlines = (ArgumentInline,)
    list_display = ("titled_name", "notes", "group", "updated_at")
    list_filter = ("enabled", "group")
    list_select_related = ("group",)
    search_fields = ("name", "title", "description")
    actions = ("enable_selected", "disable_selected")
    fieldsets = (
        (None, {"fields": (("name", "enabled"), "title", "description", "group")}),
        (None, {"fields": ("text",)}),
    )
    change_form_template = "django_mcp/admin/prompt.html"

    class Media:
        css = {"all": ("django_mcp/admin.css",)}

    @override
    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, *args, **kwargs)
        form.is_preview = PREVIEW in request.POST
        if group := form.base_fields.get("group"):
            group.widget.can_delete_related = False
        return form

    @override
    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return PromptChangeList

    @override
    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        form = context["adminform"].form
        if form.is_bound and form.is_preview:
            context["preview"] = preview_of(form)
        context.update(preview_name=PREVIEW, may_preview=bool(form.fields))
        context.update(example=EXAMPLE, tags=TAGS, filters=FILTERS)
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description=_("prompt"), ordering="name")
    def titled_name(self, prompt: PromptTemplate) -> SafeString:
        """Return the title of the prompt, and its name."""
        if not prompt.title:
            return format_html("{}", prompt.name)
        return format_html('{} <span class="mcp-name">{}</span>', prompt.title, prompt.name)

    @admin.display(description=_("notes"), empty_value="")
    def notes(self, prompt: PromptTemplate) -> str:
        """Return the marks of a prompt that clients do not see."""
        marks = []
        if not prompt.enabled:
            marks.append(mark(pgettext_lazy("prompt", "disabled"), Tone.WARNING))
        if not prompt.group.enabled:
            marks.append(mark(_("its group is disabled"), Tone.WARNING))
        if reason := getattr(prompt, UNSERVED_REASON, None):
            marks += [mark(_("not served"), Tone.BAD), format_html("{}", reason)]
        return in_line(marks)

    @admin.action(permissions=["change"], description=_("Enable selected prompts"))
    def enable_selected(self, request: HttpRequest, queryset: QuerySet[PromptTemplate]) -> None:
        """Enable the selected prompts."""
        count = self._switch(request, queryset, on=True)
        text = ngettext(
            "%(count)d prompt is now enabled.", "%(count)d prompts are now enabled.", count
        )
        self.message_user(request, text % {"count": count}, messages.SUCCESS)

    @admin.action(permissions=["change"], description=_("Disable selected prompts"))
    def disable_selected(self, request: HttpRequest, queryset: QuerySet[PromptTemplate]) -> None:
        """Disable the selected prompts."""
        count = self._switch(request, queryset, on=False)
        text = ngettext(
            "%(count)d prompt is now disabled.", "%(count)d prompts are now disabled.", count
        )
        self.message_user(request, text % {"count": count}, messages.SUCCESS)

    def _switch(self, request: HttpRequest, queryset: QuerySet[PromptTemplate], *, on: bool) -> int:
        using = router.db_for_write(PromptTemplate)
        with transaction.atomic(using=using):
            changed = list(
                queryset.using(using).exclude(enabled=on).select_related(None).select_for_update()
            )
            for prompt in changed:
                prompt.enabled = on
                prompt.save(update_fields=["enabled", "updated_at"])
                said = pgettext("prompt", "Enabled.") if on else pgettext("prompt", "Disabled.")
                self.log_change(request, prompt, said)
        return len(changed)
