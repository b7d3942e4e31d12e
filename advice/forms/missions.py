"""Forms of missions on the pages; what a mission says is edited in admin."""

from django import forms
from django.utils.translation import gettext_lazy


class CancelForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("A sentence at least. Everybody reads it."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
