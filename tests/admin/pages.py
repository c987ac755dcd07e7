"""Pages of the admin: their addresses, what a person reads on them, and what a browser sends."""

from html.parser import HTMLParser
from typing import Any, Protocol

from django.db.models import Model
from django.urls import reverse

from django_mcp.models import CallRecord, ClientRegistration, ToolGroup, ToolTask

GROUPS = "/admin/django_mcp/toolgroup/"
RECORDS = "/admin/django_mcp/callrecord/"
TASKS = "/admin/django_mcp/tooltask/"
CLIENTS = "/admin/django_mcp/clientregistration/"


class Response(Protocol):
    """What the test client returns; its own class has no public name."""

    @property
    def content(self) -> bytes: ...


def group_page(group: ToolGroup, view: str = "change") -> str:
    return reverse(f"admin:django_mcp_toolgroup_{view}", args=[group.pk])


def record_page(record: CallRecord, view: str = "change") -> str:
    return reverse(f"admin:django_mcp_callrecord_{view}", args=[record.pk])


def task_page(task: ToolTask, view: str = "change", *values: object) -> str:
    return reverse(f"admin:django_mcp_tooltask_{view}", args=[task.pk, *values])


def client_page(client_id: str, view: str = "change") -> str:
    registration = ClientRegistration.objects.get(client_id=client_id)
    return reverse(f"admin:django_mcp_clientregistration_{view}", args=[registration.pk])


def action(name: str, *rows: Model, **more: str) -> dict[str, Any]:
    """What a browser sends when a list action is started for these rows."""
    return {"action": name, "_selected_action": [str(row.pk) for row in rows], **more}


def submission(page: Any, **changes: Any) -> dict[str, Any]:
    """What a browser sends when the forms of a group's page are submitted with these changes."""
    switches = page.context["inline_admin_formsets"][0].formset
    forms = (page.context["adminform"].form, switches.management_form, *switches.initial_forms)
    values = {field.html_name: field.value() for form in forms for field in form}
    # An unticked box and an empty choice are not sent.
    return {name: value for name, value in (values | changes).items() if value not in (None, False)}


def text_of(response: Response) -> str:
    """What a person reads on a page, with single spaces; markup that was escaped reads as such."""
    return " ".join("".join(_read(response).text).split())


def rows_of(response: Response) -> list[list[str]]:
    """What a person reads in the rows of a list, cell by cell; icons read as their names."""
    return [[" ".join(cell.split()) for cell in row] for row in _read(response).rows]


def names_of(response: Response) -> list[str]:
    """The names in a list of calls, in its order."""
    return [row[3] for row in rows_of(response)]


def links_of(response: Response) -> list[tuple[str, str]]:
    """The text and the address of each link, in their order."""
    return [(" ".join(text.split()), address) for text, address in _read(response).links]


def _read(response: Response) -> "Reader":
    reader = Reader()
    reader.feed(response.content.decode())
    return reader


class Reader(HTMLParser):
    """Keeps the text of a page, and of the cells of its tables' bodies."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.rows: list[list[str]] = []
        self.links: list[tuple[str, str]] = []
        self._is_in_body = False
        self._is_in_cell = False
        self._is_in_link = False
        self._is_code = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "style"):
            self._is_code = True
        elif tag == "tbody":
            self._is_in_body = True
        elif tag == "tr" and self._is_in_body:
            self.rows.append([])
        elif tag in ("td", "th") and self._is_in_body:
            self._is_in_cell = True
            self.rows[-1].append("")
        elif tag == "a":
            self._is_in_link = True
            self.links.append(("", dict(attrs).get("href") or ""))
        elif tag == "img":
            self.handle_data(dict(attrs).get("alt") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._is_code = False
        elif tag == "tbody":
            self._is_in_body = False
        elif tag in ("td", "th"):
            self._is_in_cell = False
        elif tag == "a":
            self._is_in_link = False

    def handle_data(self, data: str) -> None:
        if self._is_code:
            return
        self.text.append(data)
        if self._is_in_cell:
            self.rows[-1][-1] += data
        if self._is_in_link:
            text, address = self.links[-1]
            self.links[-1] = (text + data, address)
