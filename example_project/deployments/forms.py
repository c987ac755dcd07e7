"""The forms of the pages. What they check is a matter of typing; the services judge the rest."""

from django import forms

from example_project.deployments.models import VERSION, Environment


class EnvironmentForm(forms.Form):
    environment = forms.TypedChoiceField(choices=Environment.choices, coerce=Environment)


class RollBackForm(EnvironmentForm):
    version = forms.RegexField(VERSION)
