"""Files of storages that are read as resources, each user's own."""

import errno
import logging
import os
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, SuspiciousFileOperation
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage, default_storage
from django.utils.encoding import iri_to_uri
from pytest_django import Settings

from django_mcp import storage_resources
from django_mcp.asgi import Application
from django_mcp.exceptions import ToolRegistrationError
from django_mcp.models import CallRecord
from django_mcp.primitives.declaration import Declaration, collecting
from django_mcp.primitives.registry import build
from django_mcp.resources.files.files import CHUNK_BYTES
from tests.keys import PATH
from tests.resources.errors import not_found
from tests.resources.storages import Broken, Endless, RemoteStorage, WatchedStorage, raising
from tests.wire import Answer, Client, serving

SECRET = "the-password-is-1234"


def may_read(user: User, path: str) -> bool:
    return path.startswith(f"receipts/{user.get_username()}/")


def declared(storage: Any, **options: Any) -> list[Declaration]:
    with collecting() as found:
        storage_resources(
            "receipt://{+path}", storage, **{"prefix": "receipts", "may_read": may_read, **options}
        )
    return found


@pytest.fixture
def media(tmp_path: Path) -> Path:
    """A folder with receipts of two users, and with what is nobody's business beside them."""
    for name, content in {
        "receipts/ann/tea.txt": "one tea",
        "receipts/ann/2026/cake.csv": "item,price\ncake,2",
        "receipts/bob/milk.txt": SECRET,
        "receipts-of-others/tea.txt": SECRET,
        "secrets/key.txt": SECRET,
        "outside.txt": SECRET,
    }.items():
        file = tmp_path / "media" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    (tmp_path / "beyond.txt").write_text(SECRET)
    return tmp_path / "media"


@pytest.fixture
def storage(media: Path) -> WatchedStorage:
    return WatchedStorage(str(media))


@pytest.fixture
def application(db: None, settings: Settings, storage: WatchedStorage) -> Iterator[Application]:
    """Ann and Bob may read their own receipts."""
    settings.DJANGO_MCP_AUTHENTICATORS = [PATH]
    settings.DJANGO_MCP_ALLOW_ANONYMOUS = True
    User.objects.create_user("ann")
    User.objects.create_user("bob")
    with serving(declared(storage)) as application:
        yield application


@pytest.fixture
def ann(client: Client) -> Client:
    return client.with_key("ann")


@contextmanager
def of(client: Client, storage: Any, **options: Any) -> Iterator[Client]:
    """The same client of a site with another storage, whose files all may read."""
    options = {"may_read": lambda path: True, "prefix": "", **options}
    with serving(declared(storage, **options)) as application:
        yield client.having(application=application)


def read(client: Client, uri: str) -> Answer:
    return client.send("resources/read", {"uri": uri})


def content(client: Client, uri: str) -> dict[str, Any]:
    (found,) = read(client, uri).result["contents"]
    assert found.pop("uri") == iri_to_uri(uri)
    assert isinstance(found, dict)
    return found


# Who reads what.


def test_file_is_read_by_those_who_may(ann: Client, storage: WatchedStorage) -> None:
    assert content(ann, "receipt://ann/tea.txt") == {"mimeType": "text/plain", "text": "one tea"}
    assert [file.closed for file in storage.opened] == [True]
    record = CallRecord.objects.get()
    assert (record.kind, record.name, record.outcome) == ("resource", "receipt", "ok")
    assert record.arguments == {"path": "ann/tea.txt"}


def test_file_of_another_user_is_answered_as_a_missing_one(
    ann: Client, storage: WatchedStorage
) -> None:
    for uri in ("receipt://bob/milk.txt", "receipt://bob/missing.txt", "receipt://ann/missing.txt"):
        answer = read(ann, uri)
        assert answer.error == not_found(ann.era, uri)
        assert SECRET not in answer.text

    assert not [each for each in storage.names if "bob" in each]
    assert not storage.opened


def test_anonymous_callers_see_no_files_of_users(client: Client, storage: WatchedStorage) -> None:
    uri = "receipt://ann/tea.txt"

    assert read(client, uri).error == not_found(client.era, uri)
    templates = client.send("resources/templates/list").result["resourceTemplates"]
    assert templates == []
    assert not storage.names


def test_predicate_that_permits_nothing_is_not_found(ann: Client, storage: WatchedStorage) -> None:
    def refuse(path: str) -> bool:
        raise PermissionDenied(SECRET)

    with of(ann, storage, may_read=refuse) as other:
        answer = read(other, "receipt://outside.txt")

    assert answer.error == not_found(ann.era, "receipt://outside.txt")
    assert SECRET not in answer.text


def test_predicate_that_fails_reads_nothing(ann: Client, storage: WatchedStorage) -> None:
    def fail(principal: Any, path: str) -> bool:
        raise FileNotFoundError(SECRET)

    with of(ann, storage, may_read=fail) as other:
        answer = read(other, "receipt://outside.txt")

    assert answer.error["code"] == -32603
    assert SECRET not in answer.text
    assert not storage.names


def test_files_have_a_template_and_no_list(ann: Client) -> None:
    templates = ann.send("resources/templates/list").result["resourceTemplates"]

    assert templates == [
        {
            "uriTemplate": "receipt://{+path}",
            "name": "receipt",
            "description": "A file, by its path.",
        }
    ]
    assert ann.send("resources/list").result["resources"] == []


# What leads nowhere.


@pytest.mark.parametrize(
    "uri",
    [
        "receipt://",
        "receipt:///",
        "receipt://.",
        "receipt://..",
        "receipt://../outside.txt",
        "receipt://../secrets/key.txt",
        "receipt://../../beyond.txt",
        "receipt://../receipts-of-others/tea.txt",
        "receipt://ann/../bob/milk.txt",
        "receipt://ann/../../secrets/key.txt",
        "receipt://ann/%2e%2e/bob/milk.txt",
        "receipt://ann/%2E%2E%2Fbob%2Fmilk.txt",
        "receipt://ann%2F..%2F..%2Foutside.txt",
        "receipt://ann/%252e%252e/bob/milk.txt",
        "receipt://ann/..%5Cbob%5Cmilk.txt",
        "receipt://ann\\..\\bob\\milk.txt",
        "receipt://ann/%5c..%5cbob",
        "receipt://ann/./tea.txt",
        "receipt://./ann/tea.txt",
        "receipt://ann//tea.txt",
        "receipt://ann/tea.txt/",
        "receipt:///ann/tea.txt",
        "receipt://%2Fetc%2Fpasswd",
        "receipt:///etc/passwd",
        "receipt://C:/windows/win.ini",
        "receipt://ann/tea.txt%00",
        "receipt://ann/tea.txt%00.png",
        "receipt://ann/tea%0a.txt",
        "receipt://ann/tea.txt\x00",
        "receipt://ann/%c0%ae%c0%ae/bob/milk.txt",
        "receipt://ann/%ff",
        "receipt://ann/\uff0e\uff0e/bob/milk.txt",
        "receipt://ann",
        "receipt://ann/",
        "receipt://ann/2026",
        "receipt://ann/tea.txt/more",
        "receipt://ann/" + "a" * 300,
        "receipt://ann/" + "a" * 10_000,
        "receipt://ann/" + "a/" * 3_000 + "b",
        "receipt://ANN/tea.txt",
        "receipt://ann/TEA.TXT",
        "receipt://../RECEIPTS/ann/tea.txt",
        "RECEIPT://ann/tea.txt",
        "receipt://ann/tea.txt?x=1",
        "receipt://ann/tea.txt#x",
        "receipt://ann/~root",
        "receipt://ann/$HOME",
        "file:///etc/passwd",
        "http://169.254.169.254/",
        "javascript:alert(1)",
    ],
)
def test_hostile_uri_reads_nothing(ann: Client, storage: WatchedStorage, uri: str) -> None:
    answer = read(ann, uri)

    assert answer.error["message"] == "Resource not found"
    assert answer.error["code"] == not_found(ann.era, uri)["code"]
    assert not storage.opened
    assert CallRecord.objects.get().outcome == "not_found"


@pytest.mark.parametrize("target", ["../../secrets/key.txt", "../bob/milk.txt", "/etc/passwd"])
def test_link_that_leads_out_of_the_prefix_is_not_followed(
    client: Client, media: Path, target: str, storage: WatchedStorage
) -> None:
    (media / "receipts" / "ann" / "link.txt").symlink_to(target)
    (media / "receipts" / "ann" / "folder").symlink_to(media / "secrets")

    with of(client, storage, prefix="receipts/ann") as other:
        for uri in ("receipt://link.txt", "receipt://folder/key.txt"):
            assert read(other, uri).error == not_found(client.era, uri)

    assert not storage.opened


def test_link_within_the_prefix_is_followed(ann: Client, media: Path) -> None:
    (media / "receipts" / "ann" / "link.txt").symlink_to("tea.txt")

    assert content(ann, "receipt://ann/link.txt")["text"] == "one tea"


def test_storage_and_prefix_may_be_links_themselves(client: Client, media: Path) -> None:
    (media / "linked").symlink_to(media / "receipts" / "ann")
    media.with_name("other").symlink_to(media)

    with of(client, WatchedStorage(str(media.with_name("other"))), prefix="linked") as other:
        assert content(other, "receipt://tea.txt")["text"] == "one tea"


@pytest.mark.parametrize("target", ["loop.txt", "missing.txt"])
def test_link_that_leads_nowhere_is_not_found(ann: Client, media: Path, target: str) -> None:
    (media / "receipts" / "ann" / "loop.txt").symlink_to(target)
    uri = "receipt://ann/loop.txt"

    assert read(ann, uri).error == not_found(ann.era, uri)


def test_pipe_is_not_opened(ann: Client, media: Path, storage: WatchedStorage) -> None:
    os.mkfifo(media / "receipts" / "ann" / "pipe")
    uri = "receipt://ann/pipe"

    assert read(ann, uri).error == not_found(ann.era, uri)
    assert not storage.opened


# What is read.


@pytest.mark.parametrize(
    ("name", "data", "mime_type", "is_text"),
    [
        ("a.txt", "caf\u00e9".encode(), "text/plain", True),
        ("a.csv", b"a,b", "text/csv", True),
        ("a.json", b"{}", "application/json", True),
        ("a.svg", b"<svg/>", "image/svg+xml", True),
        ("README", b"read me", "text/plain", True),
        ("a.txt", b"caf\xe9", "text/plain", False),
        ("a.txt", b"a\x00b", "text/plain", False),
        ("a.png", b"\x89PNG", "image/png", False),
        ("a.pdf", b"%PDF", "application/pdf", False),
        ("a.csv.gz", b"\x1f\x8b", "application/gzip", False),
        ("blob", b"\x00\xff", "application/octet-stream", False),
        ("empty.txt", b"", "text/plain", True),
        ("50% & more.txt", b"x", "text/plain", True),
        ("Gr\u00f6\u00dfe \u4e2d.txt", b"x", "text/plain", True),
        ("12:30 data:text.html,x", b"x", "text/plain", True),
    ],
)
def test_file_has_the_type_of_its_name_and_text_as_text(
    client: Client, name: str, data: bytes, mime_type: str, is_text: bool
) -> None:
    storage = InMemoryStorage()
    storage.save("a/x", ContentFile(b""))
    with storage.open(f"a/{name}", "wb") as file:
        file.write(data)

    with of(client, storage) as other:
        found = content(other, "receipt://a/" + name.replace("%", "%25").replace(" ", "%20"))

    assert found["mimeType"] == mime_type
    if is_text:
        assert found["text"].encode() == data
    else:
        assert b64decode(found["blob"]) == data


def test_type_of_all_files_may_be_said(client: Client, storage: WatchedStorage) -> None:
    with of(client, storage, mime_type="text/markdown") as other:
        found = content(other, "receipt://receipts/ann/tea.txt")

    assert found == {"mimeType": "text/markdown", "text": "one tea"}


@pytest.mark.parametrize("size", [None, 10**9])
def test_file_beyond_the_limit_is_given_up(
    client: Client, settings: Settings, size: int | None
) -> None:
    settings.DJANGO_MCP_MAX_RESULT_BYTES = 100_000
    endless = Endless()
    storage = RemoteStorage(lambda: endless, size=size)

    with of(client, storage) as other:
        error = read(other, "receipt://a").error

    assert error["data"]["django-mcp/error"] == {
        "kind": "too_large",
        "error": "The file is larger than 100000 bytes.",
        "retryable": False,
        "hint": "It is too large to be read here; no other call returns a part of it.",
        "retry_after": None,
    }
    assert endless.taken <= (100_000 + CHUNK_BYTES if size is None else 0)
    assert [file.closed for file in storage.files] == [True]


def test_file_as_large_as_the_limit_is_read(client: Client, settings: Settings) -> None:
    settings.DJANGO_MCP_MAX_RESULT_BYTES = 200_000
    storage = InMemoryStorage()
    storage.save("a.txt", ContentFile(b"x" * 200_000))

    with of(client, storage) as other:
        assert len(content(other, "receipt://a.txt")["text"]) == 200_000


# Storages that fail.


@pytest.mark.parametrize(
    "error",
    [
        FileNotFoundError(SECRET),
        FileNotFoundError(errno.ENOENT, SECRET),
        PermissionError(errno.EACCES, SECRET),
        IsADirectoryError(errno.EISDIR, SECRET),
        SuspiciousFileOperation(SECRET),
        OSError(errno.ENAMETOOLONG, SECRET),
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("when", ["opened", "read"])
def test_file_that_cannot_be_had_is_not_found(client: Client, error: Exception, when: str) -> None:
    opening = raising(error) if when == "opened" else lambda: Broken(error)
    storage = RemoteStorage(opening)

    with of(client, storage) as other:
        answer = read(other, "receipt://a")

    assert answer.error == not_found(client.era, "receipt://a")
    assert SECRET not in answer.text
    assert all(file.closed for file in storage.files)


def test_file_that_the_server_may_not_read_is_logged(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    storage = RemoteStorage(raising(PermissionError(errno.EACCES, "denied")))
    with of(client, storage) as other, caplog.at_level(logging.WARNING):
        read(other, "receipt://a")

    assert "The server may not read the file 'a'" in caplog.text


@pytest.mark.parametrize(
    "error",
    [ConnectionError(SECRET), TimeoutError(SECRET), OSError(errno.EIO, SECRET), KeyError(SECRET)],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("when", ["opened", "read"])
def test_storage_that_is_down_fails_and_tells_nothing_but_an_id(
    client: Client, error: Exception, when: str, caplog: pytest.LogCaptureFixture
) -> None:
    opening = raising(error) if when == "opened" else lambda: Broken(error)
    storage = RemoteStorage(opening)

    with of(client, storage) as other, caplog.at_level(logging.ERROR):
        answer = read(other, "receipt://a")

    assert answer.error["code"] == -32603
    assert str(CallRecord.objects.get().call_id) in answer.error["message"]
    assert SECRET not in answer.text
    assert SECRET in caplog.text
    assert all(file.closed for file in storage.files)


# How storages are named.


def test_storage_may_be_an_alias_a_function_or_the_default(
    client: Client, settings: Settings, media: Path
) -> None:
    settings.STORAGES = {
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(media)},
        },
        "other": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    }
    for storage in ("default", default_storage, lambda: default_storage):
        with of(client, storage) as other:
            assert content(other, "receipt://receipts/ann/tea.txt")["text"] == "one tea"
    with of(client, "other") as other:
        assert read(other, "receipt://outside.txt").error["message"] == "Resource not found"


async def later(path: str) -> bool:
    return True


@pytest.mark.parametrize(
    ("uri", "options", "problem"),
    [
        ("receipt://all", {}, "the URI must have one variable, as in receipt://{+path}"),
        ("receipt://{a}/{b}", {}, "the URI must have one variable, as in receipt://{+path}"),
        ("receipt://a{?path}", {}, "the variable 'path' of the URI may be left out, or be a list"),
        ("receipt://a{/path*}", {}, "the variable 'path' of the URI may be left out, or be a list"),
        ("receipt", {}, "the URI 'receipt' has no scheme"),
        ("receipt://{+path}", {"storage": "nowhere"}, "storage 'nowhere': Could not find config"),
        ("receipt://{+path}", {"storage": 3}, "storage must be a Storage, an alias of STORAGES"),
        ("receipt://{+path}", {"storage": dict}, "storage must be a Storage, an alias of STORAG"),
        ("receipt://{+path}", {"prefix": "../x"}, "prefix must be a folder of the storage, such"),
        ("receipt://{+path}", {"prefix": "/"}, "prefix must be a folder of the storage, such"),
        ("receipt://{+path}", {"prefix": None}, "prefix must be a folder of the storage, such"),
        ("receipt://{+path}", {"may_read": True}, "may_read must be a function that takes path,"),
        ("receipt://{+path}", {"may_read": later}, "may_read: later must be a sync function tha"),
        ("receipt://{+path}", {"may_read": lambda user: True}, "may_read: <lambda> must take path"),
    ],
)
def test_mistakes_in_a_declaration_are_reported_with_the_place_of_the_call(
    uri: str, options: dict[str, Any], problem: str
) -> None:
    given = {"storage": InMemoryStorage(), "may_read": lambda path: True, **options}
    with collecting() as found:
        storage_resources(uri, **given)
    with pytest.raises(ToolRegistrationError) as caught:
        build(found)

    (reported,) = caught.value.problems
    assert reported.startswith(f"{__name__}.receipt (tests/resources/test_files.py:")
    assert problem in reported


def test_who_may_read_must_be_said() -> None:
    declare: Any = storage_resources
    with pytest.raises(TypeError, match="storage_resources needs may_read="):
        declare("receipt://{+path}", "default")
