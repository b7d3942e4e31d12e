"""The form of a request for advice, and those of its answers."""

from datetime import date, datetime

from dateutil.relativedelta import relativedelta
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from advice.models import AdviceRequest, Choice, Need, Outcome
from documents.forms.practices import ExpertNameField
from documents.models import Practice
from experts import presenting
from experts.forms import TermsField
from experts.models import Expert
from partners import languages
from partners.fields import TextField
from partners.files import DocumentFileField
from partners.models import Organisation, PartnershipArea, Term
from partners.models.countries import region_of

#: The languages of the United Nations and those of most resource persons, for one click
LANGUAGES = ("en", "fr", "es", "ar", "zh", "ru", "pt", "ja")
OWN_AREA = "waste"
WAYS = (
    ("remote_advice", _("Remote advice: mail, calls")),
    ("mission", _("Somebody comes to us (mission)")),
    ("training", _("Training")),
)


_NEEDED = {
    "country": _("Choose a country."),
    "text": _("Say what you need."),
    "ways": _("Tick at least one."),
    "languages": _("Tick at least one language."),
}


def country_choices() -> list[tuple[str, str]]:
    """(code, name in the reader's language), by name."""
    return sorted(((code, presenting.country(code)) for code in region_of()), key=lambda c: c[1])


class RequestForm(forms.Form):
    """What is needed, in simple words. `values()` is what advice.drafting takes."""

    country = forms.ChoiceField(
        label=_("Country"), widget=forms.Select(attrs={"autocomplete": "country"})
    )
    organisation = forms.ModelChoiceField(
        label=_("Your ministry or organisation"),
        queryset=Organisation.objects.none(),
        required=False,
        empty_label=_("none: as a person"),
    )
    house = forms.CharField(
        label=_("Your ministry or organisation"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    text = TextField(
        label=_("What do you need?"),
        max_length=4000,
        help_text=_(
            "Say what happens now, what you want to do and by when. No names of persons. Any "
            "language is fine."
        ),
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    terms = TermsField(
        label=_("What is it about?"),
        queryset=Term.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    ways = forms.MultipleChoiceField(
        label=_("How can somebody help?"), choices=WAYS, widget=forms.CheckboxSelectMultiple
    )
    languages = forms.MultipleChoiceField(
        label=_("Languages in which you can work"), widget=forms.CheckboxSelectMultiple
    )
    wanted_by = forms.DateField(
        label=_("When do you need a first answer?"),
        required=False,
        widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"),
    )
    mail_language = forms.ChoiceField(
        label=_("In which language shall the portal write to you?"),
        choices=settings.MAIL_LANGUAGES,
        required=False,
    )
    team = forms.BooleanField(label=_("We need a team: one person for each field"), required=False)
    area = forms.ModelChoiceField(
        label=_("Together with another partnership area"),
        queryset=PartnershipArea.objects.none(),
        required=False,
        empty_label=_("no"),
    )
    file = DocumentFileField(
        label=_("Add a file"),
        required=False,
        help_text=_("A report, a plan, a photo. Only who reads your request can open it."),
    )

    #: What stands on the page first; the rest can be unfolded
    MORE = ("team", "area", "mail_language")

    def __init__(
        self,
        data=None,
        files=None,
        *,
        user,
        now: datetime,
        request: AdviceRequest | None = None,
        complete: bool = True,
    ):
        """`request`: the draft that is changed; not `complete`: it is saved as far as it is.

        Without a sign-in no file can be added yet.
        """
        super().__init__(data, files, initial=_initial(request) if request else None)
        self.today = now.date()
        self.fields["country"].choices = [("", _("Choose a country")), *country_choices()]
        self.fields["terms"].queryset = Term.objects.filter(parent__isnull=False).select_related(
            "parent"
        )
        self.fields["languages"].choices = [(code, languages.name(code)) for code in LANGUAGES]
        for name, sentence in _NEEDED.items():
            self.fields[name].required = complete
            self.fields[name].error_messages["required"] = sentence
        self.fields["area"].queryset = PartnershipArea.objects.exclude(pk=OWN_AREA)
        self.fields["wanted_by"].widget.attrs["min"] = self.today.isoformat()
        houses = Organisation.objects.none()
        if user.is_authenticated:
            houses = Organisation.objects.of(user, self.today)
        else:
            del self.fields["file"]
        if known := list(houses[:2]):
            self.fields["organisation"].queryset = houses
            self.fields["organisation"].initial = known[0].pk if len(known) == 1 else None
            del self.fields["house"]
        else:
            del self.fields["organisation"]

    def main_fields(self) -> list[forms.BoundField]:
        """All but the fields of expertise, which the page shows by itself, and MORE."""
        return [field for field in self if field.name not in ("terms", *self.MORE)]

    def more_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.MORE]

    def clean_wanted_by(self) -> date | None:
        day = self.cleaned_data["wanted_by"]
        if day and day < self.today:
            raise ValidationError(_("This date is past. Enter a day from today on."))
        return day

    def values(self) -> dict:
        """Names of advice.drafting.FIELDS → values; what the form does not ask is left out."""
        cleaned = self.cleaned_data
        found = {
            "country_id": cleaned["country"] or None,
            "text": cleaned["text"],
            "languages": cleaned["languages"],
            "wanted_by": cleaned["wanted_by"],
            "mail_language": cleaned["mail_language"] or "en",
            "team": cleaned["team"],
            "area": cleaned["area"],
            **{way: way in cleaned["ways"] for way, _label in WAYS},
        }
        for name in ("organisation", "house"):
            if name in self.fields:
                found[name] = cleaned[name]
        return found


def _initial(request: AdviceRequest) -> dict:
    return {
        "country": request.country_id,
        "organisation": request.organisation_id,
        "house": request.house,
        "text": request.text,
        "ways": [way for way, _label in WAYS if getattr(request, way)],
        "languages": request.languages,
        "wanted_by": request.wanted_by,
        "mail_language": request.mail_language,
        "team": request.team,
        "area": request.area_id,
    }


class OriginForm(forms.Form):
    """The need, practice or expert that a request begins with, as an address names it; unknown is
    none.
    """

    need = forms.ModelChoiceField(Need.objects.none(), required=False)
    practice = forms.ModelChoiceField(Practice.objects.none(), required=False, to_field_name="code")
    expert = forms.ModelChoiceField(Expert.objects.none(), required=False)

    def __init__(self, data, *, user):
        super().__init__(data)
        self.fields["need"].queryset = Need.objects.visible_to(user)
        self.fields["practice"].queryset = Practice.objects.visible_to(user).published()
        self.fields["expert"].queryset = Expert.objects.listed().defer("search")

    def found(self) -> dict:
        self.is_valid()
        return {
            name: value
            for name in self.fields
            if (value := getattr(self, "cleaned_data", {}).get(name))
        }


class DeclineForm(forms.Form):
    reason = forms.ChoiceField(
        label=_("Why?"), choices=Choice.Reason.choices, widget=forms.RadioSelect
    )
    words = TextField(
        label=_("A sentence for the Lead"),
        max_length=1000,
        required=False,
        help_text=_("The person who asks does not read it."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class HandOnForm(forms.Form):
    colleague = ExpertNameField(
        label=_("Name of the colleague"),
        max_length=200,
        help_text=_("Somebody on the list of experts. This person is asked next."),
        widget=forms.TextInput(attrs={"list": "experts", "autocomplete": "off"}),
    )

    def __init__(self, data=None, **kwargs):
        super().__init__(data, **kwargs)
        self.fields["colleague"].candidates = Expert.objects.listed().defer("search")


class UnavailableForm(forms.Form):
    until = forms.DateField(
        label=_("Until which day?"),
        help_text=_("Until then nobody can ask you. Your profile says so."),
        widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"),
    )

    def __init__(self, data=None, *, today: date, **kwargs):
        super().__init__(data, **kwargs)
        self.fields["until"].widget.attrs |= {
            "min": (today + relativedelta(days=1)).isoformat(),
            "max": (today + relativedelta(months=12)).isoformat(),
        }


class StepBackForm(forms.Form):
    words = TextField(
        label=_("A sentence for the Lead"),
        max_length=1000,
        required=False,
        help_text=_("The person who asks does not read it."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class MessageForm(forms.Form):
    text = TextField(
        label=_("Message"),
        max_length=20_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    file = DocumentFileField(label=_("File"), required=False)

    hide_optional = True

    def clean(self):
        cleaned = super().clean()
        if not cleaned.get("text") and not cleaned.get("file") and not self.errors:
            self.add_error("text", _("Write something first."))
        return cleaned


class OutcomeForm(forms.Form):
    happened = forms.ChoiceField(
        label=_("Did it happen?"), choices=Outcome.Happened.choices, widget=forms.RadioSelect
    )
    helped = forms.ChoiceField(
        label=_("Did it help?"),
        choices=[("", _("I cannot say yet")), *Outcome.Helped.choices],
        required=False,
        widget=forms.RadioSelect,
    )
    sentence = forms.CharField(
        label=_("In one sentence: what came of it?"),
        max_length=400,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    agrees = forms.BooleanField(
        label=_("This may be shown on the portal, if the other side agrees, too"),
        required=False,
        help_text=_(
            "Shown are the country, the fields of expertise, the expert’s name and the sentences; "
            "not the request, and not your name or address if you asked."
        ),
    )

    hide_optional = True

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("happened") == Outcome.Happened.YES and not cleaned.get("helped"):
            self.add_error("helped", _("It happened: say whether it helped."))
        return cleaned


class ReportForm(forms.Form):
    text = TextField(
        label=_("What is wrong?"),
        max_length=2000,
        help_text=_("The Lead reads it; the other side does not."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class ReasonForm(forms.Form):
    reason = TextField(
        label=_("Why?"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
