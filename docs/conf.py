"""How Sphinx builds these pages: Markdown as they stand, every broken reference a warning."""

import re
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "django_mcp" / "__init__.py"
VERSION = re.search(r'__version__ = "(.+)"', PACKAGE.read_text())

project = "django-mcp-toolkit"
author = "The django-mcp-toolkit contributors"
project_copyright = author
release = VERSION[1] if VERSION else ""

extensions = ["myst_parser"]
myst_heading_anchors = 3
nitpicky = True

html_theme = "furo"
html_title = project
html_copy_source = False
html_show_sphinx = False
