"""Forms of the pages. They validate the input's syntax; services validate the rest."""

from django import forms

from example_project.deployments.models import VERSION, Environment


class EnvironmentForm(forms.Form):
    environment = forms.TypedChoiceField(choices=Environment.choices, coerce=Environment)


class RollBackForm(EnvironmentForm):
    version = forms.RegexField(VERSION)
