"""Projects that differ from the usual one, each in one thing; all of them have the app `desk`.

`python -m tests.hosts` serves the one that DJANGO_SETTINGS_MODULE names.
"""
