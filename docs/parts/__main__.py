"""`python -m docs.parts` brings the parts made from the code up to date."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from docs.parts.pages import PAGES, generated  # noqa: E402  (needs Django set up)

if __name__ == "__main__":
    for page in PAGES:
        page.write_text(generated(page.read_text()))
