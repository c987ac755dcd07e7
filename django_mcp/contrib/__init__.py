"""Integrations with other packages, which are imported by projects that have them."""
