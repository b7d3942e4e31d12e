"""Which time the figures on the use of the list are about."""

from datetime import date

from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partners.forms import DayInput

_WRONG = {"invalid": gettext_lazy("Give a day as in 2026-11-24.")}


class PeriodForm(forms.Form):
    """Two days, each of which may be left out. "from" is a word of Python's own, so that the fields
    are added by hand.
    """

    def __init__(self, data=None, *, today: date, initial: dict[str, date]):
        super().__init__(data, initial=initial)
        self.today = today
        for name, label in (("from", _("From")), ("to", _("To"))):
            self.fields[name] = forms.DateField(
                label=label,
                required=False,
                widget=DayInput({"max": f"{today:%Y-%m-%d}"}),
                error_messages=_WRONG,
            )

    hide_optional = True

    def _not_after_today(self, name: str) -> date | None:
        day = self.cleaned_data[name]
        if day and day > self.today:
            raise ValidationError(
                _("This day is still to come. Today is %(day)s."),
                params={"day": date_format(self.today, "j F Y")},
            )
        return day

    def clean_from(self):
        return self._not_after_today("from")

    def clean_to(self):
        return self._not_after_today("to")

    def clean(self):
        said = super().clean()
        first, last = said.get("from"), said.get("to")
        if first and last and first > last:
            self.add_error("to", _("This day is before the first one. Choose a later day."))
        return said
