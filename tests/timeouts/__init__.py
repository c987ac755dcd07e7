"""Calls that take longer than they may."""
