"""Instances of Django models as resources, as `resource_for` declares them."""
