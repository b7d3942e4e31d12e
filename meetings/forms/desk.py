"""Forms of the organisers: the desk, its questions, site visits."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from meetings import desks
from meetings.models import FormQuestion, Meeting, Part, RegistrationDesk
from partners.fields import TextField

MOMENT = "%Y-%m-%dT%H:%M"
SEATS_AT_MOST = 100_000
KEPT_AT_MOST = timedelta(days=365)  # sensitive answers, after the last day of the meeting


class PlaceTimeField(forms.DateTimeField):
    """A moment by the clock of a place: `zone` is set once the meeting is known."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT)
    zone = ZoneInfo("UTC")

    def prepare_value(self, value):
        if isinstance(value, datetime):
            return value.astimezone(self.zone).replace(tzinfo=None)
        return value

    def to_python(self, value):
        typed = super().to_python(value)
        return typed and typed.replace(tzinfo=self.zone)

    def has_changed(self, initial, data):
        return self.prepare_value(initial) != data


def _seats(label: str) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        required=False,
        min_value=0,
        max_value=SEATS_AT_MOST,
        help_text=gettext_lazy("Empty: no limit."),
        widget=forms.NumberInput(attrs={"class": "short"}),
    )


class DeskForm(forms.ModelForm):
    """`values()` and `ways()` are what desks.keep takes."""

    opens_at = PlaceTimeField(label=gettext_lazy("Opens"))
    closes_at = PlaceTimeField(label=gettext_lazy("Closes"))
    has_on_site = forms.BooleanField(label=gettext_lazy("People can come on site"), required=False)
    on_site_seats = _seats(gettext_lazy("Seats on site"))
    has_online = forms.BooleanField(
        label=gettext_lazy("People can take part online"), required=False
    )
    online_seats = _seats(gettext_lazy("Seats online"))

    #: In this order on the page
    field_order = (
        *("opens_at", "closes_at", "has_on_site", "on_site_seats", "has_online", "online_seats"),
        *("needs_approval", "asks_funding", "offers_letters", "participants_shown_to"),
        *("offer_hours", "erase_on"),
    )

    class Meta:
        model = RegistrationDesk
        fields = (
            *("opens_at", "closes_at", "needs_approval", "asks_funding", "offers_letters"),
            *("participants_shown_to", "offer_hours", "erase_on"),
        )
        widgets = {
            "participants_shown_to": forms.RadioSelect,
            "erase_on": forms.DateInput({"type": "date"}, "%Y-%m-%d"),
            "offer_hours": forms.NumberInput(attrs={"class": "short"}),
        }

    def __init__(self, data=None, *, meeting: Meeting, now: datetime):
        self.meeting = meeting
        desk = RegistrationDesk.objects.filter(meeting=meeting).first()
        ways = {part.kind: part for part in meeting.parts.ways()}
        initial = self._first(meeting, now) if desk is None else {}
        for kind in Part.WAYS if desk else ():
            initial[f"has_{kind}"] = kind in ways
            initial[f"{kind}_seats"] = ways[kind].seats if kind in ways else None
        super().__init__(data, instance=desk or RegistrationDesk(meeting=meeting), initial=initial)
        zone = meeting.time_zone.replace("_", " ")
        for name in ("opens_at", "closes_at"):
            self.fields[name].zone = meeting.zone
            self.fields[name].help_text = _("By the clock of the meeting: %(zone)s.") % {
                "zone": zone
            }
        self.fields["offer_hours"].min_value = 1
        self.fields["offer_hours"].help_text = _(
            "So long a free seat is kept for the next person of the waiting list."
        )

    @staticmethod
    def _first(meeting: Meeting, now: datetime) -> dict:
        """What a new desk begins with: open now, until a week before the meeting, or until it."""
        closes = Part(meeting=meeting, on=meeting.starts_on - timedelta(days=7)).begins
        if closes <= now:
            closes = Part(meeting=meeting, on=meeting.starts_on).begins
        return {
            "opens_at": now,
            "closes_at": closes,
            "has_on_site": meeting.form != Meeting.Form.ONLINE,
            "has_online": meeting.form in (Meeting.Form.ONLINE, Meeting.Form.HYBRID),
            "erase_on": meeting.ends_on + timedelta(days=30),
        }

    def clean_offer_hours(self) -> int:
        hours = self.cleaned_data["offer_hours"]
        if hours < 1:
            raise forms.ValidationError(_("Give people at least one hour."))
        return hours

    def clean_erase_on(self) -> date:
        day, ends_on = self.cleaned_data["erase_on"], self.meeting.ends_on
        desk = RegistrationDesk.objects.filter(meeting=self.meeting).first()
        if desk and (refusal := desks.why_not_erased_on(desk, day)):
            raise forms.ValidationError(refusal)
        # What was promised before the meeting moved can be kept as it is
        is_as_before = desk is not None and day == desk.erase_on
        if day < ends_on and not is_as_before:
            raise forms.ValidationError(
                _("The host needs the answers until the meeting is over. Choose a later day.")
            )
        if day - ends_on > KEPT_AT_MOST and not is_as_before:
            raise forms.ValidationError(
                _("Nobody needs the answers so long. Choose a day within a year of the meeting.")
            )
        return day

    def clean(self):
        cleaned = super().clean()
        opens, closes = cleaned.get("opens_at"), cleaned.get("closes_at")
        if opens and closes and closes <= opens:
            self.add_error("closes_at", _("It closes before it opens. Choose a later time."))
        if not (cleaned.get("has_on_site") or cleaned.get("has_online")):
            self.add_error("has_on_site", _("Offer at least one: on site or online."))
        return cleaned

    def values(self) -> dict:
        return {name: self.cleaned_data[name] for name in self.Meta.fields}

    def ways(self) -> dict[str, int | None]:
        """Kind → seats of each way that is offered."""
        said = self.cleaned_data
        return {kind: said[f"{kind}_seats"] for kind in Part.WAYS if said[f"has_{kind}"]}


class FormQuestionForm(forms.ModelForm):
    """`values()` is what desks.add_question and change_question take."""

    choices = TextField(
        label=gettext_lazy("Answers to choose from"),
        required=False,
        max_length=4000,
        help_text=gettext_lazy("For “One of several answers”: one a line."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    field_order = ("text", "kind", "choices", "is_required", "is_sensitive")

    class Meta:
        model = FormQuestion
        fields = ("text", "kind", "is_required", "is_sensitive")
        widgets = {"kind": forms.RadioSelect}

    def __init__(self, data=None, *, instance: FormQuestion | None = None):
        initial = {"choices": "\n".join(instance.choices)} if instance else {}
        super().__init__(data, instance=instance, initial=initial)

    def clean_choices(self) -> list[str]:
        lines = [line.strip() for line in self.cleaned_data["choices"].splitlines()]
        found = list(dict.fromkeys(line for line in lines if line))
        if any(len(line) > 200 for line in found):
            raise forms.ValidationError(_("An answer has more than 200 letters. Make it shorter."))
        return found

    def clean(self):
        cleaned = super().clean()
        is_choice = cleaned.get("kind") == FormQuestion.Kind.CHOICE
        if is_choice and "choices" in cleaned and len(cleaned["choices"]) < 2:
            self.add_error("choices", _("Give at least two answers to choose from."))
        elif not is_choice and "choices" in cleaned:
            cleaned["choices"] = []
        return cleaned

    def _post_clean(self):
        """The step writes, and the database checks there: no row is built here."""

    def values(self) -> dict:
        return {name: self.cleaned_data[name] for name in self.field_order}


class VisitForm(forms.ModelForm):
    """`cleaned_data` is what desks.add_visit and change_visit take."""

    title = forms.CharField(
        label=gettext_lazy("Where it goes"),
        max_length=200,
        help_text=gettext_lazy("“Lamp recycling plant, Bangkok”"),
    )
    on = forms.DateField(
        label=gettext_lazy("Day"), widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
    )
    seats = _seats(gettext_lazy("Seats"))

    class Meta:
        model = Part
        fields = ("title", "on", "begins_at", "seats", "text")
        widgets = {
            "participants_shown_to": forms.RadioSelect,
            "begins_at": forms.TimeInput({"type": "time"}, "%H:%M"),
            "text": forms.Textarea(attrs={"rows": 4}),
        }

    def _post_clean(self):
        """The step writes, and the database checks there: no row is built here."""
