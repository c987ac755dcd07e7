"""Consent of users: the authorization endpoint and its pages."""
