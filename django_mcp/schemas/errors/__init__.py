"""Errors of validation and of service code in words for agents."""
