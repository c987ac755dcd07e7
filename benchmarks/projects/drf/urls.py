from django.urls import path

from benchmarks.projects.drf.views import ExpensesView

urlpatterns = [path("api/expenses", ExpensesView.as_view())]
