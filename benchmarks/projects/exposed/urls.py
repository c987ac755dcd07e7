from django.urls import path

from benchmarks.projects.exposed.views import ExpenseViewSet

urlpatterns = [path("api/expenses", ExpenseViewSet.as_view({"get": "list"}))]
