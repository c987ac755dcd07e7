"""Texts of prompts: what they can say, and how the ones that cannot be used are refused."""

import re
import time
import tracemalloc
from contextlib import suppress

import pytest
from django.test import override_settings

from django_mcp.prompt_templates.errors import PromptTextError
from django_mcp.prompt_templates.tag_library import FILTERS, TAGS
from django_mcp.prompt_templates.text import PromptText
from tests.processes import ROOT


def rendered(text: str, **arguments: str) -> str:
    return PromptText(text, arguments.keys()).rendered(arguments)


def refusal(text: str, **arguments: str) -> tuple[int | None, str]:
    with pytest.raises(PromptTextError) as refused:
        rendered(text, **arguments)
    return refused.value.line, refused.value.reason


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("Review {{ month }}.", "Review May & <June>."),
        ("{% if month %}{{ month|upper }}{% else %}-{% endif %}", "MAY & <JUNE>"),
        ("{% if not note %}no note{% endif %}", "no note"),
        ("{{ note|default:'none' }}", "none"),
        ("{% with m=month|lower %}{{ m }}{% endwith %}", "may & <june>"),
        ("{% with month|lower as m %}{{ m }}{% endwith %}", "may & <june>"),
        ("{% firstof note month %}", "May & <June>"),
        ("{% firstof note month as m %}[{{ m }}]", "[May & <June>]"),
        (
            "{% for line in lines.splitlines %}{{ forloop.counter }}. {{ line }}\n{% endfor %}",
            "1. one\n2. two",
        ),
        ("{% for c in note %}{{ c }}{% empty %}nothing{% endfor %}", "nothing"),
        ("{% if lines.splitlines|length > 1 %}many{% endif %}", "many"),
        ("{{ month.0 }}{{ month.99 }}{{ month.first }}", "M"),
        ("{% verbatim %}{{ raw }}{% endverbatim %}", "{{ raw }}"),
        ("{% templatetag openvariable %}", "{{"),
        ("{# for colleagues #}{% comment %}{% nothing %}{% endcomment %}text", "text"),
        ("{{ month|force_escape }}", "May &amp; &lt;June&gt;"),
        ("{{ lines|linenumbers }}", "1. one\n2. two"),
        ("{{ 1000|add:1 }} {{ 1.5 }} {{ True }}", "1001 1.5 True"),
        ("\r\n\r\n  a\r\nb \n\n", "a\nb"),
        ("{", "{"),
        ("", ""),
    ],
)
def test_text_is_rendered_as_django_does_and_nothing_is_escaped(text: str, result: str) -> None:
    arguments = {"month": "May & <June>", "note": "", "lines": "one\ntwo"}

    with override_settings(USE_THOUSAND_SEPARATOR=True):
        assert rendered(text, **arguments) == result


def test_argument_that_is_not_given_is_empty() -> None:
    assert PromptText("a{{ note }}b{% if note %}c{% endif %}", ["note"]).rendered({}) == "ab"


def test_name_that_a_tag_assigns_opens_nothing_where_it_was_not_assigned() -> None:
    for name in ("dicts", "template", "render_context", "push", "autoescape"):
        text = f"{{% if a %}}{{% firstof a as {name} %}}{{% endif %}}[{{{{ {name} }}}}]"
        assert PromptText(text, ["a"]).rendered({}) == "[]"


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("one\n{{ mouth }}", 2, "“mouth” is no argument of this prompt."),
        ("{% if mouth %}{% endif %}", 1, "“mouth” is no argument of this prompt."),
        ("{{ month|default:mouth }}", 1, "“mouth” is no argument of this prompt."),
        ("{% for x in x %}{% endfor %}", 1, "“x” is no argument of this prompt."),
        (
            "{% for x in month %}{{ x }}{% endfor %}\n{{ x }}",
            2,
            "“x” is no argument of this prompt.",
        ),
        ("{{ forloop.counter }}", 1, "“forloop” is no argument of this prompt."),
        ("{% with m=month %}{% endwith %}{{ m }}", 1, "“m” is no argument of this prompt."),
        ("\n\n{% if month %}", 3, "“if” is not closed by “endif”."),
        ("{% for x in month %}\n{% endif %}", 2, None),
        ("{% endif %}", 1, "“endif” cannot stand here."),
        ("a\n{{ month", 2, "“{{” is not closed by “}}” on the same line."),
        ("a\n{% if\nmonth %}", 2, "“{%” is not closed by “%}” on the same line."),
        ("{{ }}", 1, "Empty variable tag on line 1"),
        ("{% %}", 1, "Empty block tag on line 1"),
        ("{{ month|truncatewords }}", 1, "truncatewords requires 2 arguments, 1 provided"),
        ("{% if month and %}{% endif %}", 1, "Unexpected end of expression in if tag."),
        (
            "\n{{ month|divisibleby:0 }}",
            2,
            "ValueError: invalid literal for int() with base 10: 'May'",
        ),
        ("\n{{ 5|divisibleby:0 }}", 2, "ZeroDivisionError: integer modulo by zero"),
        ("{% for x in 5 %}{% endfor %}", 1, "TypeError: 'int' object is not iterable"),
        (
            "{{ month|add:1e999 }}{{ 1e999|add:1 }}",
            1,
            "OverflowError: cannot convert float infinity to integer",
        ),
    ],
)
def test_mistake_is_told_with_its_line(text: str, line: int, reason: str | None) -> None:
    found = refusal(text, month="May")

    assert found == (line, found[1] if reason is None else reason)


@pytest.mark.parametrize(
    "tag",
    [
        "load static",
        "include 'admin/base.html'",
        "extends 'admin/base.html'",
        "debug",
        "csrf_token",
        "url 'admin:index'",
        "static 'a.css'",
        "lorem 100000 p",
        "autoescape on",
        "cycle 1 2",
        "regroup a by b as c",
        "querystring a=1",
        "block content",
        "trans 'x'",
        "now_",
    ],
)
def test_tags_that_open_something_do_not_exist(tag: str) -> None:
    line, reason = refusal(f"one\n{{% {tag} %}}", month="May")

    assert line == 2
    assert reason.startswith(f"There is no tag “{tag.split()[0]}” here; these are: comment, ")


@pytest.mark.parametrize(
    "name",
    [
        "ljust:9",
        "rjust:9",
        "center:9",
        "stringformat:'9d'",
        "floatformat:9",
        "join:','",
        "pprint",
        "json_script",
        "safe",
        "dictsort:'a'",
        "make_list",
        "wordwrap:1",
        "date",
        "random",
        "urlize",
        "striptags",
        "unordered_list",
        "filesizeformat",
        "shop_filter",
        "truncatechars:9",
        "slugify",
        "urlencode",
    ],
)
def test_filters_that_make_more_of_a_text_or_take_long_do_not_exist(name: str) -> None:
    line, reason = refusal(f"one\n{{{{ month|{name} }}}}", month="May")

    assert line == 2
    assert reason.startswith(f"There is no filter “{name.split(':')[0]}” here; these are: add, ")


@pytest.mark.parametrize(
    "expression",
    [
        "a.encode",
        "a.format",
        "a.upper",
        "a.join",
        "a.format_map",
        "a.0.encode",
        "a.splitlines.copy",
        "'x'|default:a.encode",
    ],
)
@pytest.mark.parametrize(
    "written", ["{{{{ {} }}}}", "{{% if {} %}}{{% endif %}}", "{{% with b={} %}}{{% endwith %}}"]
)
def test_attributes_of_texts_are_refused(expression: str, written: str) -> None:
    line, reason = refusal("\n" + written.format(expression), a="x")

    assert line == 2
    assert "cannot be read: a text has positions" in reason


@pytest.mark.parametrize("expression", ["a.__class__", "_a", "a.__init__.__globals__", "a._x"])
def test_private_names_are_refused(expression: str) -> None:
    line, reason = refusal(f"\n{{{{ {expression} }}}}", a="x")

    assert line == 2
    assert reason == f"Variables and attributes may not begin with underscores: '{expression}'"


def test_error_that_repeats_a_long_value_is_cut() -> None:
    line, reason = refusal("\n{{ 5|divisibleby:a }}", a="x" * 100_000)

    assert line == 2
    assert reason.startswith("ValueError: invalid literal for int() with base 10: 'xxx")
    assert len(reason) == 200


def doubled(times: int) -> str:
    return "{% with a=a|add:a %}" * times + "{{ a }}" + "{% endwith %}" * times


WITH_ARGUMENT = (
    *("add", "cut", "default", "default_if_none", "divisibleby", "pluralize", "slice"),
    *("truncatewords", "yesno"),
)

HOSTILE = {
    "a loop in a loop in a loop": (
        "{% for x in a %}{% for y in a %}{% for z in a %}.{% endfor %}{% endfor %}{% endfor %}"
    ),
    "loops without a text": (
        "{% for x in a %}{% for y in a %}{% for z in a %}{% endfor %}{% endfor %}{% endfor %}"
    ),
    "a loop around a long text": "{% for x in a %}" + "y" * 40_000 + "{% endfor %}",
    "a loop around verbatim": (
        "{% for x in a %}{% verbatim %}" + "y" * 40_000 + "{% endverbatim %}{% endfor %}"
    ),
    "a text again and again": "{{ a }}" * 5_000,
    "doubling": doubled(19),
    "loops that double": (
        "{% for x in a %}{% with b=a|add:a %}{% with c=b|add:b %}{{ c }}{% endwith %}{% endwith %}"
        "{% endfor %}"
    ),
    "slow filters": "{{ a" + "|title|upper|addslashes|linenumbers|lower" * 10 + " }}",
    "slow filters again and again": ("{{ a" + "|title" * 80 + "|length }}") * 90,
    "lists": "{% if a.splitlines or a.split %}{% endif %}" * 1000,
    "lists that are kept": (
        "{% with " + " ".join(f"b{n}=a.splitlines" for n in range(20)) + " %}" + "{% endwith %}"
    ),
    "conditions": "{% for x in a %}{% if "
    + " or ".join(["a == 1"] * 45)
    + " %}{% endif %}{% endfor %}",
    "texts within texts": "{% for x in a %}{% if x in a and a in a %}{% endif %}{% endfor %}",
    "escapes of escapes": "{{ a" + "|force_escape" * 30 + " }}",
    "line numbers": "{{ a" + "|linenumbers" * 30 + " }}",
}


ARGUMENTS = {
    "ascii": "<\n" * 400_000,
    "wide": "é\n" * 400_000,
    # Marks that Unicode sorts, which takes the square of their number, and one that is made of two.
    "marks": "a" + "\u0301\u0327" * 400_000,
    "marks of marks": "a" + "\u0f73" * 800_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_ends_soon(text: str) -> None:
    compiled = PromptText(text, ["a"])
    began = time.thread_time()

    with pytest.raises(PromptTextError):
        compiled.rendered({"a": ARGUMENTS["ascii"]})

    assert time.thread_time() - began < 5


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_takes_bounded_memory(text: str) -> None:
    compiled = PromptText(text, ["a"])
    tracemalloc.start()

    with pytest.raises(PromptTextError):
        compiled.rendered({"a": ARGUMENTS["wide"]})

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100_000_000


@pytest.mark.parametrize("argument", ARGUMENTS.values(), ids=ARGUMENTS)
@pytest.mark.parametrize("name", FILTERS)
def test_every_filter_takes_the_longest_text_quickly(name: str, argument: str) -> None:
    expression = f"a|{name}" if name not in WITH_ARGUMENT else f"a|{name}:a"
    compiled = PromptText("{{ " + expression + " }}", ["a"])
    began = time.thread_time()

    with suppress(PromptTextError):
        compiled.rendered({"a": argument})

    assert time.thread_time() - began < 5


@override_settings(DJANGO_MCP_MAX_RESULT_BYTES=100)
def test_result_that_is_longer_than_the_setting_is_refused() -> None:
    text = PromptText("{{ a }}{{ a }}", ["a"])

    assert text.rendered({"a": "x" * 50}) == "x" * 100
    with pytest.raises(PromptTextError, match=r"^The text becomes longer than 100 characters\.$"):
        text.rendered({"a": "x" * 51})


def nested(depth: int, inside: str = "") -> str:
    return "{% if a %}" * depth + inside + "{% endif %}" * depth


def test_blocks_can_be_nested_to_a_limit() -> None:
    assert rendered(nested(20, "x"), a="1") == "x"
    assert refusal(nested(21), a="1") == (1, "Blocks are nested more than 20 deep.")
    assert refusal("\n" + nested(5_000)[:40_000], a="1") == (
        2,
        "Blocks are nested more than 20 deep.",
    )


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("{{" * 25_000, 1, "“{{” is not closed by “}}” on the same line."),
        ("\n" + "{%" * 20_000, 2, "“{%” is not closed by “%}” on the same line."),
        ("}}" + "{#" * 20_000, 1, "“{#” is not closed by “#}” on the same line."),
        ("x" * 50_001, None, "The text is longer than 50000 characters."),
        ("{{ a|default:'" + "x" * 500 + "' }}", 1, "A tag is longer than 500 characters."),
        ("{% if " + "not " * 200 + "a %}{% endif %}", 1, "A tag is longer than 500 characters."),
    ],
)
def test_text_that_would_take_long_to_compile_is_refused(
    text: str, line: int | None, reason: str
) -> None:
    began = time.thread_time()

    found = refusal(text, a="x")

    assert found == (line, reason)
    assert time.thread_time() - began < 1


@pytest.mark.parametrize(
    "text",
    [
        "{{ a" + " " * 490 + "b }}",
        "{% if " + "'\"" * 240 + " %}",
        "{{ a" + "|default:'x'" * 40 + "' }}",
        "{% for " + "a," * 200 + " in a %}{% endfor %}",
        "{% if " + "not " * 110 + "a %}{% endif %}",
        "{% firstof" + " a" * 200 + " %}",
    ],
)
def test_longest_tags_are_compiled_quickly(text: str) -> None:
    began = time.thread_time()

    with suppress(PromptTextError):
        PromptText((text + "\n") * (49_000 // len(text)), ["a"])

    assert time.thread_time() - began < 5


def test_guide_names_every_tag_and_filter() -> None:
    guide = (ROOT / "docs" / "howto" / "write-prompts.md").read_text()
    listed = {
        kind: re.findall("`(.+?)`", guide.split(f"- {kind}: ")[1].split("\n- ")[0])
        for kind in ("Tags", "Filters")
    }

    assert listed == {"Tags": list(TAGS), "Filters": list(FILTERS)}
