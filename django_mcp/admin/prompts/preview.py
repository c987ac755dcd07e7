"""Preview of a prompt as its form stands, with sample values for its arguments."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from django_mcp.admin.markup import text_block
from django_mcp.admin.prompts.argument_inline import ArgumentForm
from django_mcp.admin.prompts.form import PromptTemplateForm
from django_mcp.prompt_templates.errors import PromptTextError


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """Message that clients would get, or the reasons for which there is none.

    `doubts` are mistakes that are likely in a text that can be used.
    """

    message: SafeString | None = None
    problems: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


def preview_of(form: PromptTemplateForm) -> Preview:
    """Return the preview of a form that was cleaned."""
    if form.compiled is None:
        return Preview(problems=tuple(map(str, form.errors.get("text", ()))))
    samples = form.samples()
    if problems := tuple(_refusals(form.arguments, samples)):
        return Preview(problems=problems)
    try:
        message = text_block(form.compiled.rendered(samples))
        return Preview(message=message, doubts=tuple(form.compiled.doubts))
    except PromptTextError as error:
        return Preview(problems=(str(error),))


def _refusals(arguments: list[ArgumentForm], samples: dict[str, str]) -> Iterator[str]:
    """Yield the problems for which a call with these values would be refused."""
    for each in arguments:
        name, choices = each.instance.name, each.instance.choice_list
        if not samples[name]:
            if each.instance.required:
                yield _("“%(name)s” is required: write a sample value.") % {"name": name}
        elif choices and samples[name] not in choices:
            yield _("The sample value of “%(name)s” is none of its choices.") % {"name": name}
