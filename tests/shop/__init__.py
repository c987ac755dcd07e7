"""A small shop: the Django app that the tests serve as tools."""
