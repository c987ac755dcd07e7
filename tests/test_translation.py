"""Texts that users and operators see are marked for translation.

English by design, and not looked at, is what developers, administrators of servers and programs
read: the output of commands, system checks, logs, errors of programming, and the answers of OAuth
and MCP.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path
from typing import Any

import django
import pytest
from django import forms
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.utils import flatten
from django.db.models import Model
from django.template.base import Lexer, TokenType
from django.utils.functional import Promise
from django.utils.translation import templatize

import django_mcp

PACKAGE = Path(django_mcp.__file__).parent
TEMPLATES = sorted((PACKAGE / "templates").rglob("*.html"))
# They speak to developers and to administrators of servers.
ENGLISH = ("checks", "management", "migrations")
MODULES = sorted(
    path for path in PACKAGE.rglob("*.py") if path.relative_to(PACKAGE).parts[0] not in ENGLISH
)

EXEMPT = {
    "text/csv; charset=utf-8": "a header",
    'attachment; filename="': "a header",
    "sandbox; default-src 'none'": "a header",
    "`login_required` passes users alone.": "an assertion",
    " is not a moment": "an error that the caller catches",
    " is no content block": "an error that the caller catches",
}

UNLABELLED = {"ConsentForm.allow": "two buttons of the page"}

# The same thing on every site and in every app's catalogue.
SAME_EVERYWHERE = {
    *("Application", "Arguments", "Caller", "MCP", "Name", "Pages", "Permissions", "Prompts"),
    *("Resources", "Scopes", "Tools", "URI", "User", "Visibility", "and"),
    *("arguments", "authenticator", "client", "clients", "description", "duration", "endpoint"),
    *("argument", "error", "group", "message", "name", "notes", "outcome", "progress", "prompt"),
    *("prompts", "result", "scopes"),
    *("source", "status", "task", "tasks", "time", "title", "tool", "user", "users"),
    *("worker", "yes,no"),
    # Questions and answers of Django's admin, and where it leads back to.
    *(
        "Home",
        "Delete?",
        "Yes, I\N{RIGHT SINGLE QUOTATION MARK}m sure",
        "No, take me back",
        " By %(filter_title)s ",
    ),
}

MARKS = {
    f"{kind}gettext{lazy}" for kind in ("", "n", "p", "np") for lazy in ("", "_lazy", "_noop")
} | {"_"}
PLACEHOLDER = re.compile(r"<[^>]*>|\{[^}]*\}|%\(\w+\)[sd]|%[sdr]")
PROSE = re.compile(r"[^\W\d_]{2,}[,;:]? [^\W\d_]{2,}")


# Templates


class Texts(HTMLParser):
    """Words of a document: its text, and the attributes that people read or hear."""

    SHOWN = frozenset(("title", "alt", "placeholder", "aria-label", "aria-description", "label"))
    BUTTONS = frozenset(("submit", "button", "reset"))

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._hidden = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden = tag in ("script", "style")
        given = dict(attrs)
        is_button = tag == "input" and given.get("type") in self.BUTTONS
        shown = self.SHOWN | ({"value"} if is_button else set())
        self._note(value for name, value in attrs if name in shown)

    def handle_endtag(self, tag: str) -> None:
        self._hidden = False

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._note([data])

    def _note(self, texts: Iterable[str | None]) -> None:
        self.found += [text.strip() for text in texts if text and has_words(text)]


# Of tags and variables: what a filter or a tag is given, unless it is marked by `_()`.
GIVEN = re.compile(
    r"""\|(?:default|default_if_none|yesno|pluralize|add|join):("[^"]*"|'[^']*')"""
    r"""|[\w.](?<!=)=("[A-Z ][^"]*"|'[A-Z ][^']*')"""
)


def unmarked_in_template(source: str) -> list[str]:
    html, found = [], []
    skipped_until = ""
    for token in Lexer(source).tokenize():
        name = token.contents.split(" ", 1)[0] if token.token_type is TokenType.BLOCK else ""
        if skipped_until:
            skipped_until = "" if name == skipped_until else skipped_until
        elif name in ("blocktranslate", "blocktrans", "comment"):
            skipped_until = f"end{name}"
        elif token.token_type is TokenType.TEXT:
            html.append(token.contents)
        elif token.token_type in (TokenType.VAR, TokenType.BLOCK):
            given = (first or second for first, second in GIVEN.findall(token.contents))
            found += [text.strip("\"'") for text in given if has_words(text)]
    texts = Texts()
    texts.feed("".join(html))
    texts.close()
    return found + texts.found


def has_words(text: str) -> bool:
    return any(character.isalpha() for character in text)


@pytest.mark.parametrize(
    "path", TEMPLATES, ids=lambda path: path.relative_to(PACKAGE / "templates").as_posix()
)
def test_template_has_no_unmarked_text(path: Path) -> None:
    assert unmarked_in_template(path.read_text()) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("<p>{{ name }} asks</p>", ["asks"]),
        ('<p>{% translate "Asks" %} &rsaquo; {{ name }}</p>', []),
        ("<p>{% blocktranslate %}{{ name }} asks{% endblocktranslate %}.</p>", []),
        ("{# A reason #}{% comment %}Another{% endcomment %}", []),
        ('<a title="More">{{ name }}</a>', ["More"]),
        ("<a title=\"{% translate 'More' %}\" class='mcp-link'>…</a>", []),
        ('<input type="submit" value="Save"><input type="hidden" value="yes">', ["Save"]),
        ("<style>p { margin: 0 }</style>", []),
        ('{{ is_on|yesno:"on,off" }}', ["on,off"]),
        ('{{ is_on|yesno:_("on,off") }}', []),
        ('{% include "part.html" with title="The title" kind="list" %}', ["The title"]),
    ],
)
def test_unmarked_text_of_a_template_is_found(source: str, found: list[str]) -> None:
    assert unmarked_in_template(source) == found


# Code


def called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def constants(node: ast.AST) -> Iterator[str]:
    """String constants of code, but those that are marked, explain it, or go to a log."""
    if isinstance(node, ast.Call) and (
        called(node) in MARKS or ast.unparse(node.func).startswith("logger.")
    ):
        return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    for child in ast.iter_child_nodes(node):
        yield from constants(child)


def shown(node: ast.AST | None) -> Iterator[str]:
    """String constants that become part of the text that an expression is."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            for part in parts:
                yield from shown(part)
        case ast.BinOp(left=left, op=ast.Mod()):
            yield from shown(left)
        case ast.BinOp(left=left, right=right):
            yield from (*shown(left), *shown(right))
        case ast.IfExp(body=body, orelse=orelse):
            yield from (*shown(body), *shown(orelse))
        case ast.Call(func=ast.Attribute(value=text, attr="format" | "join")):
            yield from shown(text)
        case ast.Call(args=args) if called(node) in ("format_html", "mark_safe", "capfirst", "str"):
            for arg in args:
                yield from shown(arg)


# Of calls: which argument people read.
SHOWN_ARGUMENTS = {
    "message_user": 1,
    "add_message": 2,
    "ValidationError": 0,
    "add_error": 1,
    "format_html": 0,
    "mark": 0,
    **{f"messages.{level}": 1 for level in ("debug", "info", "success", "warning", "error")},
}
SHOWN_KEYS = {"title", "subtitle"}


def texts_shown(tree: ast.AST) -> Iterator[str]:
    """Messages of the admin, errors of forms, and titles of pages."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            place = SHOWN_ARGUMENTS.get(called(node), SHOWN_ARGUMENTS.get(ast.unparse(node.func)))
            if place is not None and len(node.args) > place:
                yield from shown(node.args[place])
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value in SHOWN_KEYS:
                    yield from shown(value)


def unmarked_in_code(source: str, *, is_for_people: bool) -> set[str]:
    """Unmarked texts; all prose, of a module whose strings are for people."""
    tree = ast.parse(source)
    found = {text for text in texts_shown(tree) if has_words(PLACEHOLDER.sub("", text))}
    if is_for_people:
        found |= {text for text in constants(tree) if PROSE.search(PLACEHOLDER.sub("", text))}
    return found


def is_for_people(path: Path, source: str) -> bool:
    return "django.utils.translation" in source or "admin" in path.relative_to(PACKAGE).parts


def test_code_has_no_unmarked_text() -> None:
    found = {}
    for path in MODULES:
        source = path.read_text()
        texts = unmarked_in_code(source, is_for_people=is_for_people(path, source))
        if texts:
            found[path.relative_to(PACKAGE).as_posix()] = texts

    assert {name: rest for name, texts in found.items() if (rest := texts - EXEMPT.keys())} == {}
    assert EXEMPT.keys() - set().union(*found.values()) == set()


OF_ALL = '<b class="mcp-mark mcp-bad">{}</b> of {}'


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("self.message_user(request, f'{count} tasks')", {" tasks"}),
        ("self.message_user(request, _('%(count)s tasks') % {'count': count})", set()),
        ("mark('hidden', Tone.BAD)", {"hidden"}),
        ("messages.error(request, 'Failed' if failed else _('Done'))", {"Failed"}),
        ("logger.error('%s has failed', name)", set()),
        ("raise ValidationError('Choose one.')", {"Choose one."}),
        ("render(request, 'page.html', {'title': 'Tools', 'kind': 'list'})", {"Tools"}),
        ("def state(self): return 'not lately'", {"not lately"}),
        ("def state(self): return gettext('not lately')", set()),
        ("def state(self):\n    '''Return the state.'''", set()),
        ("format_html('<b class=\"mcp-mark mcp-bad\">{}</b> of {}', text, all)", {OF_ALL}),
        ("format_html('<b class=\"mcp-mark mcp-bad\">{}</b>', text)", set()),
    ],
)
def test_unmarked_text_of_code_is_found(source: str, found: set[str]) -> None:
    assert unmarked_in_code(source, is_for_people=True) == found


# What Django makes labels of


def unmarked(owner: str, **texts: Any) -> Iterator[str]:
    """Names of the texts that are there and no lazy translations."""
    for name, text in texts.items():
        if text and not isinstance(text, Promise):
            yield f"{owner}.{name}: {text}"


def is_ours(kind: type) -> bool:
    return kind.__module__.partition(".")[0] == "django_mcp"


def labels_of_model(model: type[Model]) -> Iterator[str]:
    names = {name: getattr(model._meta, name) for name in ("verbose_name", "verbose_name_plural")}
    yield from unmarked(model.__name__, **names)
    for each in model._meta.fields:
        if each.primary_key or each.model is not model:
            continue  # Django leaves the "ID" of its own keys unmarked, too
        owner = f"{model.__name__}.{each.name}"
        yield from unmarked(owner, verbose_name=each.verbose_name, help_text=each.help_text)
        for value, label in each.flatchoices:
            yield from unmarked(owner, **{str(value): label})


def test_names_of_models_and_fields_are_marked() -> None:
    config = apps.get_app_config("django_mcp")

    assert list(unmarked("app", verbose_name=config.verbose_name)) == []
    assert [text for model in config.get_models() for text in labels_of_model(model)] == []


def descendants(kind: type[Any]) -> Iterator[type[Any]]:
    for each in kind.__subclasses__():
        yield each
        yield from descendants(each)


def labels_of_form(form: Any) -> Iterator[str]:
    for name, field in form.base_fields.items():
        owner = f"{form.__name__}.{name}"
        # Without a label, Django makes one of the field's name.
        label = field.label or ("" if owner in UNLABELLED else name)
        yield from unmarked(owner, label=label, help_text=field.help_text)
        yield from unmarked(owner, **field.error_messages)


@pytest.mark.oauth
def test_labels_of_forms_are_marked() -> None:
    for path in MODULES:
        if re.search(r"from django(\.forms)? import .*(forms|Form)", path.read_text()):
            import_module(".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts))
    ours = [form for form in descendants(forms.BaseForm) if is_ours(form)]

    assert ours
    assert [text for form in ours for text in labels_of_form(form)] == []


def labels_of_admin(model_admin: "admin.ModelAdmin[Any]") -> Iterator[str]:
    owner = type(model_admin).__name__
    columns = [*model_admin.list_display, *model_admin.readonly_fields]
    for fieldset, options in model_admin.fieldsets or ():
        yield from unmarked(owner, fieldset=fieldset)
        columns += flatten(options["fields"])
    for column in columns:
        attribute = getattr(model_admin, column, None) if isinstance(column, str) else column
        if callable(attribute) and column != "__str__":  # which has the name of the model
            # Without a description, Django makes one of the function's name.
            description = getattr(attribute, "short_description", column)
            yield from unmarked(owner, **{str(column): description})
    for action in model_admin.actions or ():
        function = getattr(model_admin, action) if isinstance(action, str) else action
        yield from unmarked(owner, **{str(action): getattr(function, "short_description", action)})
    for each in model_admin.list_filter:
        if isinstance(each, type) and is_ours(each):
            yield from unmarked(owner, **{each.__name__: getattr(each, "title", "")})


def test_columns_actions_and_filters_of_the_admin_are_marked() -> None:
    ours = [each for each in admin.site._registry.values() if is_ours(type(each))]

    assert ours
    assert [text for each in ours for text in labels_of_admin(each)] == []


# Words that other catalogues have, too: all apps of a site share one


# What `templatize` makes of the marks of a template.
MARKED = re.compile(
    r"""n?p?gettext\((?:[^()'"]|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")*\)|_\([^)]*\)"""
)


def marked(source: str) -> Iterator[tuple[str, str]]:
    """The context, empty where there is none, and the text of each mark in code."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and called(node) in MARKS:
            texts = [str(arg.value) for arg in node.args if isinstance(arg, ast.Constant)]
            context = texts.pop(0) if "pgettext" in called(node) else ""
            yield context, texts[0]


def marked_in_template(source: str) -> Iterator[tuple[str, str]]:
    yield from marked("\n".join(MARKED.findall(templatize(source))))


def without_context() -> set[str]:
    ours = [mark for path in PACKAGE.rglob("*.py") for mark in marked(path.read_text())]
    ours += [mark for path in TEMPLATES for mark in marked_in_template(path.read_text())]
    return {text for context, text in ours if not context}


def in_catalogues_of_django() -> set[str]:
    """The texts without a context that Django and its contrib apps translate."""
    root = Path(django.__file__).parent
    found = set()
    for path in root.glob("**/locale/en/LC_MESSAGES/django.po"):
        for entry in path.read_text().split("\n\n"):
            text = re.search(r'^msgid ((?:".*"\n?)+)', entry, re.MULTILINE)
            if text and "\nmsgctxt" not in entry:
                found.add("".join(map(ast.literal_eval, text[1].splitlines())))
    return found


def test_text_that_may_mean_something_else_has_a_context() -> None:
    texts = without_context()
    shared = texts & in_catalogues_of_django()
    words = {text for text in texts if len(text.split()) == 1}

    assert "User" in shared
    assert shared | words == SAME_EVERYWHERE


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('{% translate "May" %}', [("", "May")]),
        ('{% translate "May" context "is allowed to" %}', [("is allowed to", "May")]),
        ('{{ is_on|yesno:_("on,off") }}', [("", "on,off")]),
        (
            "{% blocktranslate %}All (or 'none')\n{{ of }} it{% endblocktranslate %}",
            [("", "All (or 'none')\n%(of)s it")],
        ),
        (
            "{% blocktranslate count n=n context 'a' %}One{% plural %}More{% endblocktranslate %}",
            [("a", "One")],
        ),
    ],
)
def test_marks_of_a_template_are_found(source: str, found: list[tuple[str, str]]) -> None:
    assert list(marked_in_template(source)) == found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("_('May')", [("", "May")]),
        ("pgettext_lazy('is allowed to', 'May')", [("is allowed to", "May")]),
        ("npgettext('of', 'Call', 'Calls', number)", [("of", "Call")]),
    ],
)
def test_marks_of_code_are_found(source: str, found: list[tuple[str, str]]) -> None:
    assert list(marked(source)) == found
