"""The Lead's and the organisers' forms of a meeting itself: its facts, and its end."""

from datetime import date, timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from experts.forms import NamesField
from experts.importing import values
from meetings.models import Meeting, Series
from partners import languages, time_zones
from partners.audience import Audience
from partners.fields import PeopleField, TextField
from partners.models import Country

#: Words that stand where the code of a meeting would, in meetings/urls.py.
RESERVED = frozenset("add months story feed zone calendar outcomes letters papers".split())
DAY = "%Y-%m-%d"
FIRST_YEAR, LAST_YEAR = 2000, 2100
LONGEST = timedelta(days=59)  # between first and last day


def _day_field(label, **kwargs) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date", "class": "short"}, format=DAY)
    return forms.DateField(label=label, widget=widget, **kwargs)


def _address_field(label, **kwargs) -> forms.URLField:
    return forms.URLField(
        label=label, max_length=500, required=False, assume_scheme="https", **kwargs
    )


def _in_our_time(day: date) -> date:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValidationError(_("Is the year right? It lies between 2000 and 2100."))
    return day


def zone_choices() -> list:
    """UTC, then all zones by area, each with its offset of today."""
    return [("UTC", "UTC"), *time_zones.choices(timezone.now())]


class MeetingForm(forms.Form):
    """`cleaned_data` are fields of the model, and `organisers`, a list of people."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=200)
    title_fr = forms.CharField(
        label=gettext_lazy("Title in French"), max_length=200, required=False
    )
    title_es = forms.CharField(
        label=gettext_lazy("Title in Spanish"), max_length=200, required=False
    )
    code = forms.SlugField(
        label=gettext_lazy("Word in its address"),
        max_length=60,
        help_text=gettext_lazy("Small letters, digits and hyphens: bangkok-2027. It stays."),
    )
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=Meeting.Kind.choices)
    form = forms.ChoiceField(
        label=gettext_lazy("On site or online"),
        choices=Meeting.Form.choices,
        widget=forms.RadioSelect,
    )
    series = forms.ModelChoiceField(
        label=gettext_lazy("Series"),
        queryset=Series.objects.all(),
        required=False,
        empty_label=gettext_lazy("It belongs to none"),
        help_text=gettext_lazy("Open actions of its last meeting stand on the agenda of the next."),
    )
    starts_on = _day_field(gettext_lazy("First day"))
    ends_on = _day_field(
        gettext_lazy("Last day"), required=False, help_text=gettext_lazy("Empty: one day.")
    )
    precision = forms.ChoiceField(
        label=gettext_lazy("What is known of the days"),
        choices=Meeting.Precision.choices,
        initial=Meeting.Precision.DAY,
        help_text=gettext_lazy("Of old meetings often the month alone is known."),
    )
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        choices=zone_choices,
        help_text=gettext_lazy("All times of the agenda are times in this zone."),
    )
    place = forms.CharField(
        label=gettext_lazy("Place"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Building and town. Not for meetings that are online alone."),
    )
    country = forms.ModelChoiceField(
        label=gettext_lazy("Country"),
        queryset=Country.objects.all(),
        required=False,
        empty_label=gettext_lazy("None"),
    )
    online_address = _address_field(
        gettext_lazy("Address of the online meeting"),
        help_text=gettext_lazy("Confirmed participants alone see it."),
    )
    languages = NamesField(
        label=gettext_lazy("Languages"),
        words=values.language_words,
        name_of=languages.name,
        required=False,
        max_length=300,
        help_text=gettext_lazy("With commas: English, French"),
    )
    audience = forms.ChoiceField(
        label=gettext_lazy("Who sees it"),
        choices=Audience.choices,
        widget=forms.RadioSelect,
        initial=Audience.PUBLIC,
    )
    summary = TextField(
        label=gettext_lazy("What it is about"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    host = forms.CharField(label=gettext_lazy("Host"), max_length=200, required=False)
    contact = forms.CharField(
        label=gettext_lazy("Contact"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("Whom people ask, and how. Everybody who sees the meeting sees it."),
    )
    practical = TextField(
        label=gettext_lazy("Practical information"),
        max_length=8000,
        required=False,
        help_text=gettext_lazy("Way to the venue, hotels, visa, costs, interpretation."),
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    beside = forms.CharField(
        label=gettext_lazy("Back to back with"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("A congress or conference before or after it."),
    )
    beside_url = _address_field(gettext_lazy("Address of that event"))
    organisers = PeopleField(
        label=gettext_lazy("Organisers"),
        required=False,
        max_length=3000,
        help_text=gettext_lazy(
            "Who prepares it beside the Lead, and sees registrations with all that the host must "
            "know: sign-in addresses, one a line."
        ),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    #: Heading → fields, in the order of the page
    GROUPS = (
        (
            gettext_lazy("What and who"),
            *("title", "title_fr", "title_es", "code", "kind", "series", "summary", "languages"),
            *("audience", "organisers"),
        ),
        (
            gettext_lazy("When and where"),
            *("starts_on", "ends_on", "precision", "time_zone", "form", "place", "country"),
            *("online_address", "beside", "beside_url"),
        ),
        (gettext_lazy("What participants need to know"), "host", "contact", "practical"),
    )

    def __init__(self, data=None, *, meeting: Meeting | None = None, initial=None):
        """`meeting`: the one that is changed, whose values the form begins with."""
        self.meeting = meeting
        if meeting:
            initial = self._initial_of(meeting)
        super().__init__(data, initial=initial)
        if meeting:
            self.fields["code"].disabled = True

    def groups(self) -> list[tuple]:
        """(heading, its fields) for the page."""
        return [
            (heading, [self[name] for name in names if name in self.fields])
            for heading, *names in self.GROUPS
        ]

    def _initial_of(self, meeting: Meeting) -> dict:
        initial = {name: getattr(meeting, name) for name in FACTS}
        return initial | {"organisers": list(meeting.organisers.all())}

    def clean_title(self):
        return " ".join(self.cleaned_data["title"].split())

    def clean_code(self):
        code = self.cleaned_data["code"].lower()
        if self.meeting:
            return code
        if code in RESERVED:
            raise ValidationError(_("This word has another meaning in addresses. Choose another."))
        if Meeting.objects.filter(code=code).exists():
            raise ValidationError(_("Another meeting has this word already. Choose another."))
        return code

    def clean_starts_on(self) -> date:
        return _in_our_time(self.cleaned_data["starts_on"])

    def clean_ends_on(self) -> date | None:
        day = self.cleaned_data["ends_on"]
        return day and _in_our_time(day)

    def clean(self):
        data = super().clean()
        first, last = data.get("starts_on"), data.get("ends_on")
        if first and not last:
            data["ends_on"] = first
        elif first and last < first:
            self.add_error("ends_on", _("This day is before the first day."))
        elif first and data.get("precision") == Meeting.Precision.DAY and (last - first > LONGEST):
            self.add_error("ends_on", _("A meeting has at most 60 days. Correct the days."))
        if data.get("form") in (Meeting.Form.ON_SITE, Meeting.Form.HYBRID):
            for name in ("place", "country"):
                if not (data.get(name) or name in self.errors):
                    self.add_error(name, _("Say where people meet, or choose “Online”."))
        return data


#: Fields of the model that the form has.
FACTS = tuple(name for name in MeetingForm.base_fields if name != "organisers")


class CancelForm(forms.Form):
    reason = TextField(
        label=gettext_lazy("Reason"),
        max_length=2000,
        help_text=gettext_lazy("Everybody who sees the meeting reads it, and registrants by mail."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
