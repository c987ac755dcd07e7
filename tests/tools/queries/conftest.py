"""Two users, each with shipments of their own."""

import pytest
from django.contrib.auth.models import User


@pytest.fixture
def ann(db: None) -> User:
    return User.objects.create_user("ann")


@pytest.fixture
def bob(db: None) -> User:
    return User.objects.create_user("bob")
