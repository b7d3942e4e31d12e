"""The page on which somebody creates a sign-in. Apart from forms.py, which allauth imports."""

from allauth.account.forms import SignupForm as AllauthSignupForm
from django import forms
from django.conf import settings
from django.forms import BoundField
from django.utils.translation import gettext_lazy as _


class _Unseen(BoundField):
    """Stands off the page by a class: the style attribute that allauth writes is not allowed."""

    def css_classes(self, extra_classes=None):
        return "trap"


class SignupForm(AllauthSignupForm):
    """allauth's, with a trap that people do not meet: what fills it in gets no account."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields[settings.ACCOUNT_SIGNUP_FORM_HONEYPOT_FIELD] = forms.CharField(
            label=_("Leave this empty"),
            required=False,
            widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
            bound_field_class=_Unseen,
        )
