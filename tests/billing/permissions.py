"""Permissions of the API, beside those of REST framework and django-oauth-toolkit."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission, DjangoModelPermissions
from rest_framework.request import Request

from tests.billing.models import Membership
from tests.billing.tenancy import current_company


def role_of(request: Request) -> str:
    """The role of the user in the current company; empty for anybody else."""
    company = current_company()
    if company is None or not request.user.is_authenticated:
        return ""
    found = Membership.objects.filter(company=company, user=request.user).first()
    return "" if found is None else found.role


class IsMember(BasePermission):
    """Members of the company; viewers may only read."""

    message = "You are no member of this company."

    def has_permission(self, request: Request, view: Any) -> bool:
        role = role_of(request)
        if role == Membership.Role.VIEWER and request.method not in SAFE_METHODS:
            self.message = "Viewers may only read."
            return False
        return role != ""


class IsOwner(BasePermission):
    """The owner of the company."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return role_of(request) == Membership.Role.OWNER


class LeadMayChange(BasePermission):
    """Everybody may read a project; its lead and the owner of the company change it."""

    message = "Only its lead may change a project."

    def has_object_permission(self, request: Request, view: Any, obj: Any) -> bool:
        return (
            request.method in SAFE_METHODS
            or obj.lead_id == request.user.pk
            or role_of(request) == Membership.Role.OWNER
        )


class OwnEntries(BasePermission):
    """Time is changed by who has worked."""

    def has_object_permission(self, request: Request, view: Any, obj: Any) -> bool:
        return request.method in SAFE_METHODS or obj.user_id == request.user.pk


class ModelPermissions(DjangoModelPermissions):
    """Django's permissions, asked for reading, too."""

    perms_map = {**DjangoModelPermissions.perms_map, "GET": ["%(app_label)s.view_%(model_name)s"]}
