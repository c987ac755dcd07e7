"""The viewset of the example project, for programs with a token."""

from oauth2_provider.contrib.rest_framework import OAuth2Authentication, TokenHasScope

from example_project.expenses.api.views import ExpenseViewSet as ExampleViewSet


class ExpenseViewSet(ExampleViewSet):
    authentication_classes = [OAuth2Authentication]
    permission_classes = [TokenHasScope]
    required_scopes = ["expense:read"]
