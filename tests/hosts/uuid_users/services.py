from django_mcp import tool
from tests.hosts.uuid_users.models import Member


@tool(group="desk", read_only=True)
def say_email(member: Member) -> str:
    """Tell the email address of the current member."""
    return member.email
