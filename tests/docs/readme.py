"""The README's lines for a project that is there already, and a newcomer's edits by them."""

import re
from pathlib import Path

from tests.docs.pages import ROOT

PORT = "8000"


class Readme:
    """The blocks of the README; `port` stands where it says 8000."""

    def __init__(self, port: int) -> None:
        text = (ROOT / "README.md").read_text().replace(PORT, str(port))
        self.blocks = re.findall(r"^```\w*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
        (self.packages,) = re.findall(r'`pip install "django-mcp-toolkit(\[\w+\])" (\w+)`', text)

    def block(self, beginning: str) -> str:
        """The only block that begins so."""
        (found,) = [block for block in self.blocks if block.startswith(beginning)]
        return str(found)

    def section(self, file: str) -> str:
        """The lines for one file of the project."""
        sections = re.split(r"^# (?=\w+\.py)", self.block("# settings.py"), flags=re.MULTILINE)
        (found,) = [each for each in sections if each.startswith(file)]
        return found.partition("\n")[2]

    def command(self, word: str) -> str:
        """The command with this word in it, as it is typed, with the lines that go on."""
        typed = re.findall(r"(?:.*\\\n)*.*\n", self.block("python manage.py check"))
        (found,) = [command for command in typed if word in command]
        return str(found).strip()

    def edit(self, project: Path) -> None:
        """Do what it says in the project `project` with the app `notes`, which are new."""
        _extend(project / "project/settings.py", self.section("settings.py"))
        urls = project / "project/urls.py"
        text = urls.read_text().replace("import path", "import include, path")
        first = f"urlpatterns = [\n    {self.section('urls.py').strip()}"
        urls.write_text(text.replace("urlpatterns = [", first))
        _extend(project / "project/asgi.py", self.section("asgi.py"))
        (project / "notes/services.py").write_text(self.block("from django.contrib.auth.models"))


def _extend(file: Path, text: str) -> None:
    with file.open("a") as opened:
        opened.write(f"\n{text}")
