"""The form by which a reader chooses a time zone."""

from datetime import datetime

from django import forms
from django.utils.translation import gettext_lazy as _

from meetings import zones
from partners import time_zones


class ZoneForm(forms.Form):
    """Each zone of the IANA database, by area, with its offset of today."""

    zone = forms.ChoiceField(
        label=_("Your time zone"),
        help_text=_(
            "Choose the town that has your time. With the list open, type the first letters of its "
            "name."
        ),
    )

    def __init__(self, data=None, *, now: datetime, initial=None):
        super().__init__(data, initial=initial)
        self.fields["zone"].choices = [
            (zones.NO_ZONE, _("None: show the time of the meeting alone")),
            ("UTC", "UTC"),
            *time_zones.choices(now),
        ]
