"""Forms of the agenda: sessions, items with presenters and questions, places, publishing."""

from datetime import UTC, datetime

from django import forms
from django.core.validators import MinValueValidator
from django.utils.translation import gettext_lazy as _

from documents.forms.practices import ExpertNameField
from experts.models import Expert
from meetings.models import Item, Meeting, Presenter, Question, Session
from partners.fields import TextField
from partners.models import User

EMPTY_ROWS = 3
PRESENTERS_AT_MOST = 20
QUESTION_LENGTH = Question._meta.get_field("text").max_length


class SessionForm(forms.ModelForm):
    """A session. `cleaned_data` is what the steps of agenda_editing take."""

    class Meta:
        model = Session
        fields = ("number", "title", "title_fr", "title_es", "day", "begins_at", "room", "chair")
        widgets = {
            "number": forms.NumberInput(attrs={"min": 1}),
            "day": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            "begins_at": forms.TimeInput(attrs={"type": "time", "class": "short"}, format="%H:%M"),
        }
        help_texts = {
            "number": _("Its papers are numbered with it, as in S2-1."),
            "title": _("In English."),
        }

    def __init__(self, data=None, *, meeting: Meeting, initial: dict):
        super().__init__(data, initial=initial)
        self.meeting = meeting
        self.fields["number"].validators.append(MinValueValidator(1))
        self.fields["begins_at"].help_text = _("At the place of the meeting: %(zone)s.") % {
            "zone": meeting.time_zone.replace("_", " ")
        }

    def clean(self):
        cleaned = super().clean()
        day, clock = cleaned.get("day"), cleaned.get("begins_at")
        if self.errors:
            return cleaned
        if (day is None) != (clock is None):
            missing = "day" if day is None else "begins_at"
            self.add_error(missing, _("Give the day and the time, or leave both empty."))
        elif day and clock:
            moment = datetime.combine(day, clock, self.meeting.zone)
            if moment.astimezone(UTC).astimezone(self.meeting.zone).time() != clock:
                self.add_error(
                    "begins_at", _("On this day clocks go forward: there is no such time.")
                )
        return cleaned


class ItemForm(forms.ModelForm):
    """An item without its presenters. Questions stand one in a line."""

    questions = TextField(
        label=_("Discussion questions"),
        required=False,
        max_length=5000,
        help_text=_(
            "One in each line. Of an item that is published already, they are shown as soon as you "
            "save."
        ),
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    class Meta:
        model = Item
        fields = (
            *("title", "title_fr", "title_es", "kind", "duration", "text", "questions"),
            *("is_cancelled", "cancelled_because"),
        )
        field_classes = {"text": TextField}
        widgets = {
            "duration": forms.NumberInput(attrs={"min": 1, "max": 24 * 60}),
            "text": forms.Textarea(attrs={"rows": 4}),
        }
        labels = {
            "duration": _("Minutes"),
            "is_cancelled": _("This item is cancelled"),
            "cancelled_because": _("Why, or where it went"),
        }
        help_texts = {
            "title": _("In English."),
            "duration": _("The times of all items after it follow. Empty: not known."),
            "is_cancelled": _("It stays on the agenda, crossed out, and takes no time."),
            "cancelled_because": _("In a few words, as in “Moved to 10 March”."),
        }

    def clean_duration(self):
        minutes = self.cleaned_data["duration"]
        if minutes is not None and not 1 <= minutes <= 24 * 60:
            raise forms.ValidationError(_("Between one minute and a day (1440 minutes)."))
        return minutes

    def clean_questions(self):
        lines = [" ".join(line.split()) for line in self.cleaned_data["questions"].splitlines()]
        found = list(dict.fromkeys(filter(None, lines)))
        too_long = [line for line in found if len(line) > QUESTION_LENGTH]
        if too_long:
            raise forms.ValidationError(
                _("A question has at most %(most)s characters. This one is longer: “%(line)s”"),
                params={"most": QUESTION_LENGTH, "line": f"{too_long[0][:60]}…"},
            )
        return found

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("cancelled_because") and not cleaned.get("is_cancelled"):
            self.add_error(
                "is_cancelled", _("Tick this, or leave empty why the item is cancelled.")
            )
        return cleaned


class PresenterForm(forms.Form):
    """One row: a name, and who that is on the portal."""

    hide_optional = True

    name = forms.CharField(label=_("Name"), max_length=200, required=False)
    link = forms.CharField(
        label=_("On the portal"),
        max_length=254,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args, meeting: Meeting, **kwargs):
        super().__init__(*args, **kwargs)
        self.meeting = meeting

    def clean(self):
        """`row`: what agenda_editing takes; None where nothing is typed."""
        cleaned = super().clean()
        name = " ".join((cleaned.get("name") or "").split())
        link = (cleaned.get("link") or "").strip()
        self.row = None
        if self.errors or not (name or link):
            return cleaned
        user = expert = None
        if link and link == self.initial.get("link"):  # also where the profile is hidden by now
            user, expert = self.initial["user_id"], self.initial["expert_id"]
            name = name or self.initial["name"]
        elif link:
            found = self._find(link)
            if found is None:
                return cleaned
            user = found.pk if isinstance(found, User) else None
            expert = found.pk if isinstance(found, Expert) else None
            name = name or str(found)
        self.row = {"name": name[:200], "user_id": user, "expert_id": expert}
        return cleaned

    def _find(self, link: str) -> User | Expert | None:
        if "@" in link:
            people = User.objects.filter(registrations__meeting=self.meeting)
            people |= User.objects.filter(organised_meetings=self.meeting)
            found = people.distinct().filter(email=link.lower()).first()
            if found is None:
                self.add_error("link", _("Nobody with this address is registered for the meeting."))
            return found
        listed = Expert.objects.listed().defer("search")
        if link.isdecimal():
            found = listed.filter(pk=int(link)).first() if len(link) < 10 else None
            if found is None:
                self.add_error("link", _("No expert with this number is on the list."))
            return found
        field = ExpertNameField(max_length=200)
        field.candidates = listed
        try:
            return field.clean(link)
        except forms.ValidationError as error:
            self.add_error("link", error)
            return None


class PresenterRows(forms.BaseFormSet):
    """Those that are stored, and some empty ones; one that is made empty is not there."""

    def rows(self) -> list[dict]:
        return [form.row for form in self.forms if form.row]

    def _construct_form(self, i, **kwargs):
        # Else what equals its initial value would not be read at all
        return super()._construct_form(i, **(kwargs | {"empty_permitted": False}))


_Presenters = forms.formset_factory(
    PresenterForm,
    formset=PresenterRows,
    extra=EMPTY_ROWS,
    max_num=PRESENTERS_AT_MOST,
    absolute_max=PRESENTERS_AT_MOST,
)


def presenters(data, meeting: Meeting, item: Item | None) -> PresenterRows:
    """The rows of an item, of a new one where there is none yet."""
    stored = Presenter.objects.filter(item=item).select_related("user", "expert") if item else ()
    initial = [
        {
            "name": one.name,
            "link": one.user.email if one.user else str(one.expert_id or ""),
            "user_id": one.user_id,
            "expert_id": one.expert_id,
        }
        for one in stored
    ]
    return _Presenters(data, initial=initial, prefix="presenters", form_kwargs={"meeting": meeting})


class PlaceForm(forms.Form):
    """Where an item goes."""

    session = forms.ModelChoiceField(label=_("Session"), queryset=None, empty_label=None)
    position = forms.IntegerField(
        label=_("Position"),
        min_value=1,
        max_value=1000,
        help_text=_("1 is the first item of the session."),
    )

    def __init__(self, data=None, *, meeting: Meeting, item: Item):
        initial = {"session": item.session_id, "position": item.position}
        super().__init__(data, initial=initial)
        self.fields["session"].queryset = meeting.sessions.all()


class PublishForm(forms.Form):
    """What changed, in the organiser's words, and whether registrants are told."""

    changes = TextField(
        label=_("What changed"),
        max_length=10_000,
        help_text=_("Everybody reads it below the agenda. One change in each line."),
        widget=forms.Textarea(attrs={"rows": 8}),
    )
    is_telling = forms.BooleanField(
        label=_("Tell everyone who registered"),
        required=False,
        help_text=_("Each person hears of changes at most once a day."),
    )

    def __init__(self, data=None, *, is_first: bool, initial: dict):
        super().__init__(data, initial=initial)
        if is_first:
            del self.fields["changes"]


def problems(*bound: forms.BaseForm) -> list[tuple[str, str, str]]:
    """[(id of the field or "", its label, error)] of several forms on one page."""
    return [
        (form[name].id_for_label if name != "__all__" else "", _label(form, name), error)
        for form in bound
        for name, errors in form.errors.items()
        for error in errors
    ]


def _label(form: forms.BaseForm, name: str) -> str:
    return "" if name == "__all__" else str(form[name].label)
