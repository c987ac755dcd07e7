from benchmarks.projects.exposed.views import ExpenseViewSet
from django_mcp.contrib.drf import expose

expose(ExpenseViewSet, actions=["list"], name="page_of_expenses", scopes=["expense:read"])
