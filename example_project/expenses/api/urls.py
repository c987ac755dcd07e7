from rest_framework.routers import SimpleRouter

from example_project.expenses.api.views import ExpenseViewSet

router = SimpleRouter(use_regex_path=False)
router.register("expenses", ExpenseViewSet, "api-expense")

urlpatterns = router.urls
