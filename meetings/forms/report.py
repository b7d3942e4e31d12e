"""Forms of the report: its words, and the phase of amendments."""

from datetime import datetime

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from meetings.models import Meeting
from partners.audience import Audience
from partners.fields import TextField

MOMENT = "%Y-%m-%dT%H:%M"


class ReportForm(forms.Form):
    """What the report says beside what is made from rows; `seen` goes to `report_phases.save`."""

    seen = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    introduction = TextField(
        label=gettext_lazy("Introduction"),
        max_length=10_000,
        required=False,
        help_text=gettext_lazy("Empty: what the page of the meeting says it is about."),
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    closing = TextField(
        label=gettext_lazy("Closing words"),
        max_length=10_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class AmendmentsForm(forms.Form):
    """For `report_phases.open_amendments`."""

    audience = forms.ChoiceField(
        label=gettext_lazy("Who is asked"),
        help_text=gettext_lazy(
            "They read the draft in the library and comment on its paragraphs. With “Everybody”, "
            "partners get a mail, and whoever signs in can comment: participants, too."
        ),
    )
    closes_at = forms.DateTimeField(
        label=gettext_lazy("Closes (UTC)"),
        help_text=gettext_lazy("Not your local time."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT),
    )
    invitation = TextField(
        label=gettext_lazy("Invitation"),
        max_length=3000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, data=None, *, meeting: Meeting, now: datetime, **kwargs):
        super().__init__(data, **kwargs)
        self.now = now
        own = Audience(meeting.audience)
        self.fields["audience"].choices = [
            (one.value, one.label) for one in Audience if not one.is_wider_than(own)
        ]

    def clean_closes_at(self) -> datetime:
        closes_at = self.cleaned_data["closes_at"]
        if closes_at <= self.now:
            raise ValidationError(_("The close has passed. Set a later one."))
        return closes_at
