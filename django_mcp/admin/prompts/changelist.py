"""Change list of prompts, each with the reason for which it is not served."""

from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from typing_extensions import override

from django_mcp.prompt_templates.rows import unserved_prompts

UNSERVED_REASON = "unserved_reason"
"""Attribute of an enabled prompt that is not served."""


class PromptChangeList(ChangeList):
    """Change list that reads all enabled prompts once, as a snapshot of the policy does."""

    @override
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        reasons = unserved_prompts()
        for prompt in self.result_list:
            if reason := reasons.get(prompt.name):
                setattr(prompt, UNSERVED_REASON, reason)
