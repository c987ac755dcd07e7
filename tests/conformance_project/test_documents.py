"""The resource `doc://{name}` over HTTP: files of one folder, and nothing outside of it."""

import os
import sqlite3
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from django_mcp.conf import settings
from tests.conformance_project.process import RunningServer, running_server
from tests.e2e.servers import post
from tests.spec import ERAS, MODERN

pytestmark = [pytest.mark.slow, pytest.mark.oauth]

SECRET = "it-lies-outside"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the documents, beside files that are none."""
    parent = tmp_path_factory.mktemp("files")
    (parent / "outside.txt").write_text(SECRET)
    (parent / "documents-of-others").mkdir()
    (parent / "documents-of-others" / "theirs.txt").write_text(SECRET)
    folder = parent / "documents"
    (folder / "below").mkdir(parents=True)
    (folder / "below" / "deep.txt").write_text("deep")
    (folder / "a b.txt").write_text("a b")
    (folder / "picture.png").write_bytes(b"\x89PNG")
    (folder / "outside").symlink_to(parent / "outside.txt")
    (folder / "others").symlink_to(parent / "documents-of-others")
    (folder / "loop").symlink_to(folder / "loop")
    os.mkfifo(folder / "pipe")
    (folder / "large.txt").write_text("x" * (settings.MAX_RESULT_BYTES + 1))
    return folder


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("database") / "db.sqlite3"


@pytest.fixture(scope="module")
def server(folder: Path, database: Path) -> Iterator[RunningServer]:
    environment = {"CONFORMANCE_DOCUMENTS": str(folder), "DATABASE_URL": f"sqlite:///{database}"}
    with running_server(environment=environment) as running:
        yield running


def read(server: RunningServer, uri: str, *, era: str) -> dict[str, Any]:
    (message,) = post(server, "resources/read", {"uri": uri}, era=era)
    return message


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("doc://a%20b.txt", {"mimeType": "text/plain", "text": "a b"}),
        ("doc://below%2Fdeep.txt", {"mimeType": "text/plain", "text": "deep"}),
        ("doc://picture.png", {"mimeType": "image/png", "blob": b64encode(b"\x89PNG").decode()}),
    ],
)
def test_file_of_the_folder_is_read(
    server: RunningServer, uri: str, expected: dict[str, str], era: str
) -> None:
    message = read(server, uri, era=era)

    assert message["result"]["contents"] == [{"uri": uri, **expected}]


HOSTILE = {
    "nothing": "",
    "absent": "absent.txt",
    "folder": "below",
    "this folder": ".",
    "parent": "..",
    "way up": "../outside.txt",
    "way up and down": "below/../../outside.txt",
    "encoded way up": "%2e%2e%2foutside.txt",
    "encoded dots": "%2e%2e",
    "doubly encoded way up": "%252e%252e%252foutside.txt",
    "backslashes": "..%5Coutside.txt",
    "way up out of a folder": "below%2F..%2F..%2Foutside.txt",
    "sibling with the same beginning": "..%2Fdocuments-of-others%2Ftheirs.txt",
    "absolute path": "/etc/passwd",
    "encoded absolute path": "%2Fetc%2Fpasswd",
    "drive": "C:%5Cwindows%5Cwin.ini",
    "network share": "%5C%5Cserver%5Cshare",
    "home": "~root",
    "null": "a%20b.txt%00",
    "null before a suffix": "picture.png%00.txt",
    "bare null": "a\0",
    "line break": "a%20b.txt%0A",
    "no UTF-8": "%ff%fe",
    "overlong dots": "%c0%ae%c0%ae%2foutside.txt",
    "link out of the folder": "outside",
    "folder that is a link": "others%2Ftheirs.txt",
    "link to itself": "loop",
    "pipe": "pipe",
    "name of 300 characters": "a" * 300,
    "path of 7 kB": "a%2F" * 1_700,
    "name of 10 kB": "a" * 10_000,
    "query": "a%20b.txt?download",
    "fragment": "a%20b.txt#end",
    "file": "file:///etc/passwd",
    "http": "http://169.254.169.254/",
    "javascript": "javascript:alert(1)",
}


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_hostile_name_is_not_found(server: RunningServer, name: str, era: str) -> None:
    uri = f"doc://{name}"

    message = read(server, uri, era=era)

    assert message["error"]["code"] == (-32602 if era == MODERN else -32002)
    assert message["error"]["message"] == "Resource not found"
    assert message["error"]["data"]["uri"] == uri
    assert SECRET not in str(message)


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(
    "uri", ["file:///etc/passwd", "http://169.254.169.254/", "javascript:alert(1)", "/etc/passwd"]
)
def test_uri_of_another_scheme_is_not_found(server: RunningServer, uri: str, era: str) -> None:
    message = read(server, uri, era=era)

    assert message["error"]["code"] == (-32602 if era == MODERN else -32002)
    assert message["error"]["data"]["uri"] == uri


@pytest.mark.parametrize("era", ERAS)
def test_file_above_the_limit_is_given_up(server: RunningServer, era: str) -> None:
    message = read(server, "doc://large.txt", era=era)

    assert message["error"]["code"] == -32603
    assert message["error"]["data"]["django-mcp/error"]["kind"] == "too_large"


def test_each_read_is_on_record(server: RunningServer, database: Path) -> None:
    names = "SELECT kind, name, outcome FROM django_mcp_callrecord"
    with closing(sqlite3.connect(database)) as connection:
        before = len(connection.execute(names).fetchall())

    read(server, "doc://a%20b.txt", era=MODERN)
    read(server, "doc://outside", era=MODERN)

    with closing(sqlite3.connect(database)) as connection:
        after = connection.execute(f"{names} ORDER BY id").fetchall()
    assert after[before:] == [
        ("resource", "document", "ok"),
        ("resource", "document", "not_found"),
    ]


def test_document_that_comes_with_the_project_is_read() -> None:
    with running_server() as server:
        message = read(server, "doc://readme.txt", era=MODERN)

    text = "A document of the conformance project.\n"
    assert message["result"]["contents"] == [
        {"uri": "doc://readme.txt", "mimeType": "text/plain", "text": text}
    ]
