"""Routes of the API: two versions, each a namespace, of the same views."""

from django.urls import include, path, register_converter
from rest_framework.routers import SimpleRouter
from rest_framework_nested.routers import NestedSimpleRouter

from tests.billing.converters import DayConverter
from tests.billing.views.customers import CustomerViewSet
from tests.billing.views.invoices import InvoiceViewSet, MembershipViewSet, PaymentViewSet
from tests.billing.views.others import (
    CompanyViewSet,
    CrashView,
    LedgerView,
    NoteView,
    RateDetail,
    RateList,
    ReportView,
    TransferView,
    UpstreamView,
    put_rate,
    service_status,
)
from tests.billing.views.projects import EntryViewSet, ProjectViewSet

register_converter(DayConverter, "day")

router = SimpleRouter()
router.register("companies", CompanyViewSet, "company")
router.register("customers", CustomerViewSet, "customer")
router.register("members", MembershipViewSet, "membership")
customer_router = NestedSimpleRouter(router, "customers", lookup="customer")
customer_router.register("projects", ProjectViewSet, "project")
project_router = NestedSimpleRouter(customer_router, "projects", lookup="project")
project_router.register("entries", EntryViewSet, "entry")
invoice_router = SimpleRouter(use_regex_path=False)
invoice_router.register("invoices", InvoiceViewSet, "invoice")
payment_router = NestedSimpleRouter(
    invoice_router, "invoices", lookup="invoice", use_regex_path=False
)
payment_router.register("payments", PaymentViewSet, "payment")

version_1 = [
    path("", include(router.urls)),
    path("", include(customer_router.urls)),
    path("", include(project_router.urls)),
    path("", include(invoice_router.urls)),
    path("", include(payment_router.urls)),
    path("rates/", RateList.as_view(), name="rate-list"),
    path("rates/today/", put_rate, name="rate-today"),
    path("rates/<str:currency>/<day:day>/", RateDetail.as_view(), name="rate-detail"),
    path("reports/<int:year>/", ReportView.as_view(), name="report"),
    path("ledger/", LedgerView.as_view(), name="ledger"),
    path("transfers/", TransferView.as_view(), name="transfer"),
    path("notes/", NoteView.as_view(), name="note"),
    path("crash/", CrashView.as_view(), name="crash"),
    path("bank/", UpstreamView.as_view(), name="bank"),
    path("status/", service_status, name="status"),
]
version_2 = [path("", include(invoice_router.urls))]

urlpatterns = [
    path("api/v1/", include((version_1, "billing"), namespace="v1")),
    path("api/v2/", include((version_2, "billing"), namespace="v2")),
]
