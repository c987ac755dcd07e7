"""The results of tasks, read on their pages and saved as files."""

import json

import pytest
from django.test import Client

from django_mcp.content import Audio, Content, EmbeddedResource, Image, ResourceLink, Text
from django_mcp.exceptions import TaskLostError
from django_mcp.schemas.output.output import Rendered
from tests.admin.pages import links_of, task_page, text_of
from tests.factories import task

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.details"
CSV = EmbeddedResource(
    uri="https://shop.example/a/b%2F..%2F2026%20totals.exe?x=1", text="é", mime_type="text/csv"
)

FILES: list[tuple[Content, str, str, bytes]] = [
    (Text(text="two\nlines"), "build_report.txt", "text/plain; charset=utf-8", b"two\nlines"),
    (Text(text='{"a": 1}'), "build_report.json", "application/json; charset=utf-8", b'{"a": 1}'),
    (Text(text="17"), "build_report.txt", "text/plain; charset=utf-8", b"17"),
    (Image(data=b"\x89P", mime_type="image/png"), "build_report.png", "image/png", b"\x89P"),
    (Audio(data=b"RI", mime_type="audio/wav"), "build_report.wav", "audio/wav", b"RI"),
    (CSV, "2026_totals.csv", "text/csv; charset=utf-8", "é".encode()),
    (
        EmbeddedResource(uri="report:///totals", data=b"PK", mime_type=XLSX),
        "totals.xlsx",
        XLSX,
        b"PK",
    ),
    (
        EmbeddedResource(uri="x:y/..", data=b"MZ"),
        "build_report.bin",
        "application/octet-stream",
        b"MZ",
    ),
    (
        Image(data=b"<b>", mime_type="text/html\r\nSet-Cookie: a=b"),
        "build_report.bin",
        "application/octet-stream",
        b"<b>",
    ),
    (
        EmbeddedResource(uri="ui://page/<script>.html", text="<script>", mime_type="text/html"),
        "script.html",
        "text/html; charset=utf-8",
        b"<script>",
    ),
]


@pytest.mark.parametrize(("block", "name", "kind", "data"), FILES)
def test_part_of_a_result_is_saved_and_never_opened(
    watcher: Client, block: Content, name: str, kind: str, data: bytes
) -> None:
    page = watcher.get(task_page(task(result=[block])))
    (address,) = [link for text, link in links_of(page) if text.startswith("Download")]

    file = watcher.get(address)

    assert file.content == data
    assert file.headers["Content-Type"] == kind
    assert file.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    assert file.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert "no-store" in file.headers["Cache-Control"]


def test_data_is_read_and_saved_once(watcher: Client) -> None:
    data = {"total": "12.50", "note": "Café"}
    rendered = Rendered(content=(Text(text=json.dumps(data)),), structured=data)
    done = task(result=rendered)

    page = watcher.get(task_page(done))
    file = watcher.get(task_page(done, "result", 0))

    assert '{ "total": "12.50", "note": "Café" }' in text_of(page)
    assert text_of(page).count("12.50") == 1
    assert file.json() == data
    assert file.headers["Content-Disposition"] == 'attachment; filename="build_report.json"'


def test_parts_of_a_result_have_names_of_their_own(watcher: Client) -> None:
    done = task(result=[Text(text="one"), Text(text="two")])

    names = [
        watcher.get(task_page(done, "result", number)).headers["Content-Disposition"]
        for number in (0, 1)
    ]

    assert names == [f'attachment; filename="build_report-{number}.txt"' for number in (1, 2)]
    assert watcher.get(task_page(done, "result", 2)).status_code == 404


def test_long_text_is_cut_on_the_page_alone(watcher: Client) -> None:
    done = task(result=[Text(text="x" * 20_000 + "END")])

    page = watcher.get(task_page(done))

    assert "END" not in text_of(page)
    assert "This is only its beginning." in text_of(page)
    assert watcher.get(task_page(done, "result", 0)).content.endswith(b"END")


def test_link_of_a_result_is_shown_and_not_followed(watcher: Client) -> None:
    link = ResourceLink(uri="javascript:alert(1)", name="Totals")
    done = task(result=[link])

    page = watcher.get(task_page(done))

    assert "Link Totals: javascript:alert(1)" in text_of(page)
    assert "javascript:" not in " ".join(address for _, address in links_of(page))
    assert watcher.get(task_page(done, "result", 0)).status_code == 404


def test_task_without_a_result_has_nothing_to_save(watcher: Client) -> None:
    for empty in (task(), task(error=TaskLostError())):
        assert "Download" not in text_of(watcher.get(task_page(empty)))
        assert watcher.get(task_page(empty, "result", 0)).status_code == 404
