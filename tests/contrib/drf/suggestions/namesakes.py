"""Views that are called as others are."""

from typing import Any

from django.contrib.auth.models import Group
from rest_framework import serializers, viewsets

from tests.contrib.drf.suggestions.views import SafeView


class GroupSerializer(serializers.ModelSerializer[Group]):
    class Meta:
        model = Group
        fields = ("id", "name")


class SharedProductViewSet(SafeView, viewsets.ReadOnlyModelViewSet[Any]):
    queryset = Group.objects.order_by("pk")
    serializer_class = GroupSerializer
