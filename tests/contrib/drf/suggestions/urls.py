"""URLs of an API with everything that a suggestion has to tell."""

from django.urls import include, path
from rest_framework.routers import DefaultRouter

from tests.contrib.drf.suggestions import namesakes, views
from tests.contrib.drf.views import OrderViewSet

router = DefaultRouter()
for name, viewset in (
    ("orders", OrderViewSet),
    ("open", views.OpenViewSet),
    ("shared-orders", views.SharedOrderViewSet),
    ("shared-products", views.SharedProductViewSet),
    ("groups", namesakes.SharedProductViewSet),
    ("staff-orders", views.StaffOrdersView),
    ("model-permissions", views.ModelPermissionsView),
    ("judged-orders", views.JudgedOrdersView),
    ("filtered-orders", views.FilteredOrdersView),
    ("objects-only", views.ObjectsOnlyViewSet),
    ("chores", views.ChoresViewSet),
):
    router.register(name, viewset, basename=name)

versions = [path("whole/", views.WholeListView.as_view(), name="whole")]

urlpatterns = [
    path("api/", include(router.urls)),
    path("v1/", include((versions, "shop"), namespace="v1")),
    path("v2/", include((versions, "shop"), namespace="v2")),
    path("bare/", views.BareView.as_view()),
    path("readable/", views.ReadableView.as_view()),
    path("either/", views.EitherView.as_view()),
    path("both/", views.BothView.as_view()),
    path("moody/", views.MoodyView.as_view()),
    path("every-field/", views.EveryFieldView.as_view()),
    path("excluding/", views.ExcludingView.as_view()),
    path("buyer/", views.BuyerView.as_view()),
    path("hidden-buyer/", views.HiddenBuyerView.as_view()),
    path("accounts/", views.AccountView.as_view()),
    path("nesting/", views.NestingView.as_view()),
    path("deep/", views.DeepView.as_view()),
    path("password/<int:pk>/", views.PasswordView.as_view()),
    path("sizeless/", views.SizelessView.as_view()),
    path("any-size/", views.AnySizeView.as_view()),
    path("managed/<int:pk>/", views.ManagedView.as_view()),
    path("broken/", views.BrokenView.as_view()),
    path("<str:version>/versioned/", views.VersionedView.as_view()),
    path("upload/", views.UploadView.as_view()),
    path("undocumented/", views.UndocumentedBodyView.as_view()),
    path("time/", views.server_time),
    path("local/", views.local_view()),
]
