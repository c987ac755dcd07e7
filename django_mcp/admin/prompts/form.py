"""Form of a prompt: its text is compiled with the arguments that are declared beside it."""

from typing import Any, ClassVar

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from django_mcp.admin.prompts.argument_inline import SAMPLE, ArgumentForm
from django_mcp.kinds import Kind
from django_mcp.models import PromptArgument, PromptTemplate
from django_mcp.primitives.declaration import declarations
from django_mcp.primitives.rows import spelling
from django_mcp.prompt_templates.errors import PromptTextError
from django_mcp.prompt_templates.text import PromptText

ArgumentFormSet: Any = forms.inlineformset_factory(
    PromptTemplate, PromptArgument, form=ArgumentForm
)


class PromptTemplateForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """Form of a prompt. One that is sent for a preview is never valid, so that nothing is saved."""

    instance: PromptTemplate
    is_preview: ClassVar[bool] = False
    compiled: PromptText | None = None
    """The text, once the form was cleaned, if it can be used."""

    class Meta:
        model = PromptTemplate
        fields = ("name", "title", "description", "group", "enabled", "text")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "text" in self.fields:  # those who may only look have no fields
            self.fields["text"].strip = False  # type: ignore[attr-defined]  # lines keep numbers

    def is_valid(self) -> bool:
        """Return whether the prompt can be saved."""
        return super().is_valid() and not self.is_preview

    @cached_property
    def arguments(self) -> list[ArgumentForm]:
        """Forms of the arguments that were sent with this one, but for the deleted ones."""
        sent = ArgumentFormSet(self.data, instance=self.instance)
        sent.is_valid()
        deleted = sent.deleted_forms if sent.is_valid() else []
        return [each for each in sent.forms if each not in deleted and _name_of(each)]

    def clean_name(self) -> str:
        """Refuse the name of a prompt in the code."""
        name: str = self.cleaned_data["name"]
        if spelling((Kind.PROMPT, name)) in {spelling(each.key) for each in declarations()}:
            raise forms.ValidationError(_("A prompt of the code has this name."), code="in_code")
        return name

    def clean_text(self) -> str:
        """Return the text with the line breaks of all systems as one."""
        text: str = self.cleaned_data["text"]
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def clean(self) -> dict[str, Any]:
        """Compile the text with the names of the arguments."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "text" in cleaned:
            try:
                self.compiled = PromptText(cleaned["text"], [_name_of(e) for e in self.arguments])
            except PromptTextError as error:
                self.add_error("text", str(error))
        return cleaned

    def samples(self) -> dict[str, str]:
        """Return the sample value of each argument; empty where none was written."""
        return {_name_of(each): each.cleaned_data.get(SAMPLE) or "" for each in self.arguments}


def _name_of(form: ArgumentForm) -> str:
    return form.cleaned_data.get("name") or "" if hasattr(form, "cleaned_data") else ""
