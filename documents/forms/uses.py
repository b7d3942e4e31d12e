"""The form of a report of use."""

from datetime import datetime

from django import forms
from django.utils.translation import gettext_lazy as _

from documents.models import UseReport
from experts import presenting
from partners.fields import TextField
from partners.models import Organisation
from partners.models.countries import region_of

EARLIEST_YEAR = 1990


class UseForm(forms.Form):
    """Where, when, and what came of it."""

    country = forms.ChoiceField(label=_("Country"))
    year = forms.IntegerField(label=_("Year"))
    organisation = forms.ModelChoiceField(
        label=_("Organisation"),
        queryset=Organisation.objects.none(),
        required=False,
        empty_label=_("not stated"),
        help_text=_("One of yours. It stands beside the report; your own name does not."),
    )
    outcome = forms.ChoiceField(
        label=_("Did it help?"), choices=UseReport.Outcome.choices, widget=forms.RadioSelect
    )
    changed = TextField(
        label=_("What you changed"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    brought = TextField(
        label=_("What it brought"),
        max_length=2000,
        help_text=_("Failures are welcome: others learn from them."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, data=None, *, user, report: UseReport | None, now: datetime):
        initial = {"year": now.year}
        if report:
            initial = {name: getattr(report, name) for name in self.base_fields}
        super().__init__(data, initial=initial)
        by_name = sorted(
            ((code, presenting.country(code)) for code in region_of()), key=lambda c: c[1]
        )
        self.fields["country"].choices = [("", _("Choose a country")), *by_name]
        houses = Organisation.objects.of(user, now.date())
        if report and report.organisation_id:
            houses = houses | Organisation.objects.filter(pk=report.organisation_id)
        self.fields["organisation"].queryset = houses
        self.now = now

    def clean_year(self):
        year = self.cleaned_data["year"]
        if not EARLIEST_YEAR <= year <= self.now.year:
            raise forms.ValidationError(
                _("Choose a year from %(first)s to %(last)s."),
                params={"first": EARLIEST_YEAR, "last": self.now.year},
            )
        return year

    def values(self) -> dict:
        """As `uses.report` takes it."""
        found = {name: self.cleaned_data[name] for name in self.fields if name != "organisation"}
        house = self.cleaned_data["organisation"]
        return {**found, "organisation_id": house and house.pk}
