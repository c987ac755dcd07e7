from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.test import Client

from django_mcp.kinds import Kind
from django_mcp.models import PromptTemplate, ToolGroup
from django_mcp.policy.snapshot import forget_snapshot
from django_mcp.primitives.declaration import Declaration, collecting, register
from django_mcp.primitives.registry import Registry
from django_mcp.prompt_templates.tag_library import TAGS
from tests.admin.pages import action, links_of, rows_of, text_of
from tests.commands import RunCommand

PROMPTS = "/admin/django_mcp/prompttemplate/"
ADD = f"{PROMPTS}add/"
Sent = dict[str, Any]


@pytest.fixture
def stock(registry: Registry) -> ToolGroup:
    ToolGroup.objects.update(enabled=True)
    return ToolGroup.objects.get(name="stock")


@pytest.fixture
def prompt(stock: ToolGroup) -> PromptTemplate:
    prompt = PromptTemplate.objects.create(
        name="stocktaking",
        title="Stocktaking",
        description="Plan the stocktaking of one hall.",
        group=stock,
        text="Plan the stocktaking of hall {{ hall }}.",
    )
    prompt.arguments.create(name="hall", description="The hall", choices="North\nSouth")
    return prompt


def page_of(prompt: PromptTemplate) -> str:
    return f"{PROMPTS}{prompt.pk}/change/"


def sent(stock: ToolGroup, *arguments: Sent, **changes: Any) -> Sent:
    """What a browser sends when a prompt is written, with its arguments."""
    values = {
        "name": "reorder",
        "title": "Reorder",
        "description": "What to order anew.",
        "group": stock.pk,
        "enabled": "on",
        "text": "Look at <{{ article }}>.\n{% if note %}Mind {{ note }}.{% endif %}",
        "arguments-TOTAL_FORMS": len(arguments),
        "arguments-INITIAL_FORMS": sum("id" in each for each in arguments),
    }
    for number, each in enumerate(arguments):
        row = {"name": "", "description": "", "choices": "", "position": "0", **each}
        values |= {f"arguments-{number}-{field}": value for field, value in row.items()}
    return {name: value for name, value in (values | changes).items() if value is not None}


ARTICLE = {"name": "article", "required": "on"}
NOTE = {"name": "note", "description": "What to mind", "position": "1"}


def errors_of(response: Any) -> dict[str, list[str]]:
    form = response.context["adminform"].form
    formset = response.context["inline_admin_formsets"][0].formset
    errors = {name: list(each) for name, each in form.errors.items()}
    for each in formset.forms:
        errors |= {f"{each.prefix}-{name}": list(found) for name, found in each.errors.items()}
    return errors


def preview_of(response: Any) -> tuple[str | None, tuple[str, ...]]:
    preview = response.context["preview"]
    return preview.message, preview.problems


def test_operator_writes_a_prompt_with_its_arguments(writer: Client, stock: ToolGroup) -> None:
    note = {**NOTE, "choices": "frost\r\n\r\n heat \r\nfrost"}

    response = writer.post(ADD, sent(stock, ARTICLE, note), follow=True)

    assert "The prompt “Reorder” was added successfully." in text_of(response)
    prompt = PromptTemplate.objects.get()
    assert (prompt.name, prompt.title, prompt.group, prompt.enabled) == (
        "reorder",
        "Reorder",
        stock,
        True,
    )
    assert prompt.text == "Look at <{{ article }}>.\n{% if note %}Mind {{ note }}.{% endif %}"
    assert [
        (each.name, each.description, each.required, each.choice_list, each.position)
        for each in prompt.arguments.all()
    ] == [
        ("article", "", True, (), 0),
        ("note", "What to mind", False, ("frost", "heat"), 1),
    ]
    entry = LogEntry.objects.get()
    assert (entry.action_flag, entry.object_id) == (ADDITION, str(prompt.pk))


def test_preview_shows_the_message_and_saves_nothing(writer: Client, stock: ToolGroup) -> None:
    article = {**ARTICLE, "sample": "bolts & nuts"}
    note = {**NOTE, "sample": "the frost"}

    response = writer.post(ADD, sent(stock, article, note, _preview="Preview"))

    assert preview_of(response) == (
        '<pre class="mcp-json">Look at &lt;bolts &amp; nuts&gt;.\nMind the frost.</pre>',
        (),
    )
    assert errors_of(response) == {}
    assert "errornote" not in response.content.decode()
    assert "bolts &amp; nuts</textarea>" in response.content.decode()
    assert not PromptTemplate.objects.exists()
    assert not LogEntry.objects.exists()


def test_preview_of_a_stored_prompt_shows_it_as_the_form_stands(
    writer: Client, prompt: PromptTemplate
) -> None:
    argument = prompt.arguments.get()
    hall = {
        "id": argument.pk,
        "prompt": prompt.pk,
        "name": "hall",
        "required": "on",
        "choices": "North",
        "sample": "North",
    }
    values = sent(
        prompt.group, hall, name=prompt.name, text="Count {{ hall }}.", _preview="Preview"
    )

    response = writer.post(page_of(prompt), values)

    assert preview_of(response) == ('<pre class="mcp-json">Count North.</pre>', ())
    prompt.refresh_from_db()
    assert prompt.text == "Plan the stocktaking of hall {{ hall }}."


@pytest.mark.parametrize(
    ("changes", "arguments", "problems"),
    [
        (
            {"text": "One\n{{ articel }}"},
            [ARTICLE],
            ("Line 2: “articel” is no argument of this prompt.",),
        ),
        (
            {"text": "{% load static %}"},
            [],
            (f"Line 1: There is no tag “load” here; these are: {', '.join(TAGS)}.",),
        ),
        (
            {"text": "One\r\n\r\n{{ 1|divisibleby:0 }}"},
            [],
            ("Line 3: ZeroDivisionError: integer modulo by zero",),
        ),
        ({"text": ""}, [], ("This field is required.",)),
        (
            {"text": "{{ article }}"},
            [ARTICLE],
            ("“article” is required: write a sample value.",),
        ),
        (
            {"text": "{{ note }}"},
            [{**NOTE, "choices": "frost\nheat", "sample": "rain"}],
            ("The sample value of “note” is none of its choices.",),
        ),
    ],
)
def test_preview_shows_why_there_is_no_message(
    writer: Client,
    stock: ToolGroup,
    changes: Sent,
    arguments: list[Sent],
    problems: tuple[str, ...],
) -> None:
    response = writer.post(ADD, sent(stock, *arguments, _preview="Preview", **changes))

    assert preview_of(response) == (None, problems)
    assert not PromptTemplate.objects.exists()


@pytest.mark.parametrize(
    ("text", "doubts"),
    [
        ("{{ article }}{% if note %}.{% endif %}", ()),
        ("{{ article }}", ("The text does not use “note”.",)),
        (
            "{ article } and {note} {{ note }}",
            (
                "“{article}” stays as it is: a value has two braces on each side.",
                "“{note}” stays as it is: a value has two braces on each side.",
            ),
        ),
        ('{"article": {{ article }}, "of": { "note": {{note}}}}', ()),
    ],
)
def test_preview_tells_of_mistakes_that_are_likely(
    writer: Client, stock: ToolGroup, text: str, doubts: tuple[str, ...]
) -> None:
    article = {**ARTICLE, "sample": "bolts"}

    response = writer.post(ADD, sent(stock, article, NOTE, _preview="Preview", text=text))

    assert response.context["preview"].doubts == doubts
    assert response.context["preview"].message is not None
    assert all(doubt in text_of(response) for doubt in doubts)


def test_preview_ignores_arguments_that_are_deleted(writer: Client, prompt: PromptTemplate) -> None:
    argument = prompt.arguments.get()
    hall = {"id": argument.pk, "prompt": prompt.pk, "name": "hall", "DELETE": "on"}
    values = sent(prompt.group, hall, name=prompt.name, text="{{ hall }}", _preview="Preview")

    response = writer.post(page_of(prompt), values)

    assert preview_of(response) == (None, ("Line 1: “hall” is no argument of this prompt.",))


@pytest.mark.parametrize(
    ("changes", "arguments", "errors"),
    [
        (
            {"text": "One\n{{ articel }}"},
            [ARTICLE],
            {"text": ["Line 2: “articel” is no argument of this prompt."]},
        ),
        (
            {"text": "{% if article %}"},
            [ARTICLE],
            {"text": ["Line 1: “if” is not closed by “endif”."]},
        ),
        (
            {"name": "re order", "text": "x"},
            [],
            {"name": ["Only letters without accents, digits, “_” and “-”."]},
        ),
        (
            {"name": "StockTaking", "text": "x"},
            [],
            {"name": ["Another prompt is called “stocktaking”."]},
        ),
        (
            {"name": "stocktaking", "text": "x"},
            [],
            {"name": ["Prompt with this Name already exists."]},
        ),
        ({"name": "Greeting", "text": "x"}, [], {"name": ["A prompt of the code has this name."]}),
        ({"description": "", "text": "x"}, [], {"description": ["This field is required."]}),
        (
            {"text": "x"},
            [{"name": "2nd"}],
            {
                "arguments-0-name": [
                    "Only letters without accents, digits and “_”, with a letter first."
                ]
            },
        ),
        (
            {"text": "x"},
            [{"name": "in"}],
            {"arguments-0-name": ["This word is reserved: choose another name."]},
        ),
    ],
)
def test_prompt_that_could_not_be_used_is_not_saved(
    writer: Client,
    prompt: PromptTemplate,
    changes: Sent,
    arguments: list[Sent],
    errors: dict[str, list[str]],
) -> None:
    with collecting():
        register(PromptOfTheCode(lambda: None, name="greeting"))
        response = writer.post(ADD, sent(prompt.group, *arguments, **changes))

    assert errors_of(response) == errors
    assert PromptTemplate.objects.count() == 1


class PromptOfTheCode(Declaration):
    kind = Kind.PROMPT
    resolver = ""


def test_argument_cannot_be_declared_twice(writer: Client, stock: ToolGroup) -> None:
    response = writer.post(ADD, sent(stock, ARTICLE, ARTICLE, text="x"))

    formset = response.context["inline_admin_formsets"][0].formset
    assert formset.non_form_errors() == ["Please correct the duplicate data for name."]


def test_change_is_on_record_and_a_sample_value_is_none(
    writer: Client, prompt: PromptTemplate
) -> None:
    argument = prompt.arguments.get()
    hall = {
        "id": argument.pk,
        "prompt": prompt.pk,
        "name": "hall",
        "description": "The hall",
        "required": "on",
        "choices": "North\nSouth",
        "sample": "North",
    }
    unchanged = {"name": prompt.name, "title": prompt.title, "description": prompt.description}
    values = sent(prompt.group, hall, **unchanged, text="Count {{ hall }}.")

    writer.post(page_of(prompt), values)

    prompt.refresh_from_db()
    assert prompt.text == "Count {{ hall }}."
    entry = LogEntry.objects.get()
    assert (entry.action_flag, entry.get_change_message()) == (CHANGE, "Changed Text.")


def test_list_shows_which_prompts_clients_do_not_see(
    writer: Client, prompt: PromptTemplate
) -> None:
    closed = ToolGroup.objects.create(name="closed", title="Closed")
    PromptTemplate.objects.create(name="off", group=closed, text="x", enabled=False)

    response = writer.get(PROMPTS)

    assert [row[1:4] for row in rows_of(response)] == [
        ["off", "disabled its group is disabled", "Closed"],
        ["Stocktaking stocktaking", "", "stock"],
    ]


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"description": ""}, "not served it has no description"),
        ({"text": "{{ room }}"}, "not served Line 1: “room” is no argument of this prompt."),
    ],
)
def test_list_shows_why_a_prompt_that_code_has_written_is_not_served(
    writer: Client, prompt: PromptTemplate, changes: dict[str, str], note: str
) -> None:
    PromptTemplate.objects.update(**changes)

    response = writer.get(PROMPTS)

    assert [row[1:4] for row in rows_of(response)] == [["Stocktaking stocktaking", note, "stock"]]


def test_list_shows_which_prompt_of_the_code_has_the_name(
    writer: Client, prompt: PromptTemplate
) -> None:
    with collecting():
        register(PromptOfTheCode(lambda: None, name="Stocktaking"))
        response = writer.get(PROMPTS)

    ((_, _, note, _, _),) = rows_of(response)
    assert note.startswith("not served tests.admin.prompts.")
    assert note.endswith(" has its name")


@pytest.mark.parametrize(
    ("name", "is_enabled", "message"),
    [
        ("enable_selected", True, "1 prompt is now enabled."),
        ("disable_selected", False, "1 prompt is now disabled."),
    ],
)
def test_list_action_switches_the_selected_prompts(
    writer: Client, prompt: PromptTemplate, name: str, is_enabled: bool, message: str
) -> None:
    PromptTemplate.objects.update(enabled=not is_enabled)

    response = writer.post(PROMPTS, action(name, prompt), follow=True)

    assert message in text_of(response)
    assert PromptTemplate.objects.get().enabled is is_enabled
    assert LogEntry.objects.get().get_change_message() == (
        "Enabled." if is_enabled else "Disabled."
    )


@pytest.fixture
def reader(sign_in: Callable[..., Client]) -> Client:
    """May look at prompts, and change nothing."""
    return sign_in("view_prompttemplate")


def test_viewer_reads_the_prompt_and_cannot_change_or_preview_it(
    reader: Client, prompt: PromptTemplate
) -> None:
    response = reader.get(page_of(prompt))

    shown = text_of(response)
    assert "Plan the stocktaking of hall {{ hall }}." in shown
    assert "NorthSouth" in shown  # on two lines
    assert "Preview" not in shown
    assert 'name="_preview"' not in response.content.decode()
    assert "textarea" not in response.content.decode()
    values = sent(prompt.group, _preview="Preview")
    assert reader.post(page_of(prompt), values).status_code == 403
    assert reader.post(ADD, values).status_code == 403


def test_group_with_prompts_is_not_deleted(
    sign_in: Callable[..., Client], prompt: PromptTemplate
) -> None:
    gone = ToolGroup.objects.create(name="gone")
    PromptTemplate.objects.update(group=gone)

    response = sign_in(is_superuser=True).get(f"/admin/django_mcp/toolgroup/{gone.pk}/delete/")

    assert "would require deleting the following protected related objects" in text_of(response)


def test_page_of_a_group_leads_to_its_prompts(
    sign_in: Callable[..., Client], prompt: PromptTemplate
) -> None:
    other = ToolGroup.objects.create(name="other", title="Other")
    PromptTemplate.objects.create(name="elsewhere", group=other, text="x", description="One.")
    page = f"/admin/django_mcp/toolgroup/{prompt.group.pk}/change/"
    writer = sign_in("view_toolgroup", "view_prompttemplate")

    links = dict(links_of(writer.get(page)))

    prompts = writer.get(links["Prompts of this group"])
    assert [row[0] for row in rows_of(prompts)] == ["Stocktaking stocktaking"]


def test_page_of_a_group_hides_prompts_from_who_may_not_see_them(
    onlooker: Client, prompt: PromptTemplate
) -> None:
    page = f"/admin/django_mcp/toolgroup/{prompt.group.pk}/change/"

    assert "Prompts of this group" not in dict(links_of(onlooker.get(page)))


def test_visibility_and_the_catalog_know_prompts_of_operators(
    sign_in: Callable[..., Client], prompt: PromptTemplate, run_command: RunCommand
) -> None:
    forget_snapshot()
    superuser = sign_in(is_superuser=True)
    address = "/admin/django_mcp/toolgroup/visibility/?user=olga&kind=prompt"

    shown = rows_of(superuser.get(address))
    listed = run_command("mcp_catalog", "list", "--kind", "prompt").lines

    assert [row[:1] for row in shown] == [["stocktaking Stocktaking prompt"]]
    assert listed == [
        "stock (enabled)",
        "  prompt stocktaking",
        "    arguments: hall, scopes: none, permissions: none",
        "1 prompt",
    ]


@pytest.mark.parametrize("button", [{}, {"_preview": "Preview"}], ids=["save", "preview"])
@pytest.mark.parametrize(
    "changes",
    [
        {"arguments-TOTAL_FORMS": None},
        {"arguments-TOTAL_FORMS": "-1"},
        {"arguments-TOTAL_FORMS": "999999"},
        {"arguments-TOTAL_FORMS": "x", "arguments-INITIAL_FORMS": "x"},
        {"arguments-0-name": "x" * 100_000},
        {"arguments-0-name": "<script>"},
        {"arguments-0-sample": "a\0b", "text": "{{ article }}"},
        {"arguments-0-id": "1000000", "arguments-INITIAL_FORMS": "1"},
        {"text": "a\0b"},
        {"text": "{{ article" * 20_000},
        {"name": "\0"},
        {"group": "1000000"},
    ],
    ids=str,
)
def test_form_that_no_browser_sends_saves_nothing(
    writer: Client, stock: ToolGroup, changes: Sent, button: Sent
) -> None:
    response = writer.post(ADD, sent(stock, ARTICLE, **changes, **button))

    assert response.status_code == 200
    assert "<script>" not in response.content.decode().replace("<script ", "")
    assert not PromptTemplate.objects.exists()
