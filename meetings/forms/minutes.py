"""The form beside each item of the agenda."""

from django import forms
from django.utils.translation import gettext_lazy as _

from partners.fields import TextField


class MinutesForm(forms.Form):
    """`text` and `seen` go to `minuting.save`; one form an item, so each has ids of its own."""

    hide_optional = True

    seen = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    text = TextField(
        label=_("Minutes"),
        max_length=20_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
    )

    def __init__(self, data=None, *, item: int, **kwargs):
        super().__init__(data, auto_id=f"id_{item}_%s", **kwargs)
