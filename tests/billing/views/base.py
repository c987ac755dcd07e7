"""What most views of the API share: who is believed, who may ask, and how often."""

from typing import Any

from oauth2_provider.contrib.rest_framework import OAuth2Authentication
from rest_framework.authentication import SessionAuthentication
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer
from rest_framework.versioning import NamespaceVersioning

from tests.billing.permissions import IsMember
from tests.billing.tenancy import current_company
from tests.billing.throttles import AnonThrottle, UserThrottle


class BillingView:
    """Asks for a member of the company."""

    authentication_classes: Any = [OAuth2Authentication, SessionAuthentication]
    permission_classes: Any = [IsMember]
    throttle_classes: Any = [UserThrottle, AnonThrottle]
    renderer_classes: Any = [JSONRenderer]
    parser_classes: Any = [JSONParser]
    versioning_class: Any = NamespaceVersioning


class TenantMixin:
    """Rows of the current company alone; `model` has a manager that finds them."""

    model: Any

    def get_queryset(self) -> Any:
        return self.model.objects.of_company()

    def perform_create(self, serializer: Any) -> None:
        serializer.save(company=current_company())
