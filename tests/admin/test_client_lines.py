from django import forms
from django.contrib.admin import site
from django.test import override_settings

from django_mcp.admin.clients import clients_field


@override_settings(INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"])
def test_client_ids_are_lines_of_text_without_applications() -> None:
    class Form(forms.Form):
        clients = clients_field(["a", "b"], site)

    unbound = Form(initial={"clients": ["a", "b"]})
    bound = Form({"clients": " b \r\n\r\na\nb"}, initial={"clients": ["b", "a"]})

    assert ">\na\nb</textarea>" in unbound.as_p()
    assert bound.is_valid()
    assert bound.cleaned_data == {"clients": ["b", "a"]}
    assert not bound.has_changed()
