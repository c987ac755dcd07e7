from django import forms
from django.contrib.admin import site
from django.test import override_settings

from django_mcp.admin.groups.client_field import clients_field, labels_of, search_applications

without_applications = override_settings(
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"]
)


@without_applications
def test_nothing_is_found_and_ids_are_shown_as_they_are_without_applications() -> None:
    assert search_applications("a", None) == {"results": [], "pagination": {"more": False}}
    assert labels_of(["a\u202e"]) == {"a\u202e": "a\\u202e"}


@without_applications
def test_client_ids_are_lines_of_text_without_applications() -> None:
    class Form(forms.Form):
        clients = clients_field(["a", "b"], site)

    unbound = Form(initial={"clients": ["a", "b"]})
    bound = Form({"clients": " b \r\n\r\na\nb"}, initial={"clients": ["b", "a"]})

    assert ">\na\nb</textarea>" in unbound.as_p()
    assert bound.is_valid()
    assert bound.cleaned_data == {"clients": ["b", "a"]}
    assert not bound.has_changed()
