"""Forms of the Resource Persons List."""

import re
from datetime import date

from dateutil.relativedelta import relativedelta
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from experts import confirmation, editing, facts, presenting
from experts.importing import values
from experts.models import Audience, Expert
from partners import files, languages
from partners.fields import TermsField, TextField
from partners.models import Country, Organisation, Term
from partners.models.countries import region_of

LISTED_AT_MOST = 300  # organisations offered while typing


class NamesField(forms.CharField):
    """Several names in one line, with commas between: the value is a list of keys.

    `words` gives the spellings that are understood (experts/importing/values.py); an unknown name
    is answered with the nearest known one.
    """

    def __init__(self, *, words, name_of, **kwargs):
        self.words, self.name_of = words, name_of
        super().__init__(**kwargs)

    def prepare_value(self, value):
        if isinstance(value, list):
            return ", ".join(str(self.name_of(key)) for key in value)
        return value

    def clean(self, value):
        typed = super().clean(value)
        try:
            return self.words().many(typed) if typed else []
        except values.Wrong as wrong:
            raise ValidationError(str(wrong)) from None

    def has_changed(self, initial, data):
        return self.prepare_value(initial) != data


def _is_checked(orcid: str) -> bool:
    """Does the last character of an ORCID iD follow from the others (ISO 7064, 11-2)?"""
    total = 0
    for digit in orcid.replace("-", "")[:-1]:
        total = (total + int(digit)) * 2
    return orcid[-1] == "0123456789X"[(12 - total % 11) % 11]


def country_words() -> values.Words:
    """What files may say, and each name as the form itself shows it in the reader's language."""
    words = values.country_words(Country.objects.all())
    for code in region_of():
        words.add(presenting.country(code), code)
    return words


class ExpertForm(forms.Form):
    """The expert's own profile. `values()` is what experts.editing.submit takes."""

    name = forms.CharField(
        label=_("Name"), max_length=150, help_text=_("As it shall stand on the list")
    )
    position = forms.CharField(label=_("Position"), max_length=150, required=False)
    organisation = forms.CharField(
        label=_("Organisation"),
        max_length=200,
        required=False,
        help_text=_("Where you work. Type the first letters and choose, or type a new name."),
        widget=forms.TextInput(attrs={"list": "organisations", "autocomplete": "organization"}),
    )
    country = forms.ChoiceField(
        label=_("Country"), widget=forms.Select(attrs={"autocomplete": "country"})
    )
    photo = forms.FileField(
        label=_("Photo"),
        required=False,
        help_text=_(
            "JPEG, PNG or WebP, up to 10 MB. The portal makes it small and removes hidden data."
        ),
    )
    remove_photo = forms.BooleanField(label=_("Remove the photo"), required=False)
    terms = TermsField(
        label=_("Expertise"),
        queryset=Term.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Tick what you can advise on. Three to six are best."),
    )
    languages = NamesField(
        label=_("Languages"),
        words=values.language_words,
        name_of=languages.name,
        max_length=300,
        help_text=_(
            "The languages in which you can give advice, with commas: English, French, Arabic"
        ),
    )
    summary = TextField(
        label=_("Summary"),
        max_length=300,
        help_text=_(
            "One or two sentences that help others to see whether you are the right person."
        ),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    experience = TextField(
        label=_("Experience in mercury waste"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 8}),
    )
    worked_in = NamesField(
        label=_("Countries worked in"),
        words=country_words,
        name_of=presenting.country,
        max_length=2000,
        required=False,
        help_text=_("With commas: Indonesia, Viet Nam"),
    )
    remote_advice = forms.BooleanField(label=_("I can give remote advice"), required=False)
    missions = forms.BooleanField(label=_("I can travel on missions"), required=False)
    training = forms.BooleanField(label=_("I can give training"), required=False)
    available_from = forms.DateField(
        label=_("Available from"),
        required=False,
        widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"),
    )
    available_until = forms.DateField(
        label=_("Available until"),
        required=False,
        widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"),
    )
    max_open_requests = forms.IntegerField(
        label=_("Open requests at most"),
        required=False,
        min_value=0,
        max_value=99,
        help_text=_(
            "How many requests for advice you take at the same time. You and the Lead see this."
        ),
    )
    website = forms.URLField(
        label=_("Web site"), required=False, max_length=200, assume_scheme="https"
    )
    orcid = forms.CharField(
        label=_("ORCID iD"), required=False, max_length=60, help_text="0000-0002-1825-0097"
    )
    linkedin = forms.URLField(
        label=_("LinkedIn"), required=False, max_length=200, assume_scheme="https"
    )
    phone = forms.CharField(
        label=_("Phone"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
    reason = forms.CharField(
        label=_("Why you change name, position, organisation, country or expertise"),
        required=False,
        max_length=500,
        help_text=_(
            "One sentence helps the Lead to decide. The public page stays as it is until then."
        ),
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    #: The groups of the page: key, heading, fields.
    GROUPS = (
        (
            "who",
            _("Who you are"),
            ("name", "position", "organisation", "country", "photo", "remove_photo"),
        ),
        ("expertise", _("Expertise"), ("terms",)),
        ("languages", _("Languages"), ("languages",)),
        ("summary", _("Summary and experience"), ("summary", "experience", "worked_in")),
        (
            "availability",
            _("Availability"),
            (
                "remote_advice",
                "missions",
                "training",
                "available_from",
                "available_until",
                "max_open_requests",
            ),
        ),
        ("links", _("Links"), ("website", "orcid", "linkedin")),
        ("phone", _("Phone"), ("phone",)),
    )

    def __init__(self, data=None, files=None, *, expert: Expert, masked: bool = False):
        """`masked`: the phone number on file is not shown, and stays when none is typed."""
        self.expert = expert
        self.masked = masked
        self.is_moderated = confirmation.can_confirm(expert)
        super().__init__(data, files, initial=self._initial(expert))
        by_name = sorted(
            ((code, str(countries.name(code))) for code in region_of()), key=lambda c: c[1]
        )
        self.fields["country"].choices = [("", _("Choose a country")), *by_name]
        self.fields["terms"].queryset = Term.objects.filter(parent__isnull=False).select_related(
            "parent"
        )
        if not expert.photo:
            del self.fields["remove_photo"]
        if not self.is_moderated:
            del self.fields["reason"]
        if masked and expert.phone:
            self.initial["phone"] = ""
            self.fields["phone"].help_text = _(
                "The number on file is %(number)s. Leave this empty to keep it."
            ) % {"number": facts.masked_phone(expert.phone)}

    @staticmethod
    def _initial(expert: Expert) -> dict:
        """What stands in the profile; for moderated fields, what waits for the Lead."""
        waiting = {field: change.after for field, change in editing.waiting_changes(expert).items()}
        direct = {
            field: getattr(expert, field) for field in Expert.DIRECT_FIELDS if field != "photo"
        }
        moderated = {
            field: waiting.get(field, editing.value_of(expert, field))
            for field in Expert.MODERATED_FIELDS
        }
        organisation = Organisation.objects.filter(pk=moderated["organisation"]).first()
        return {
            **direct,
            **moderated,
            "organisation": organisation.name if organisation else "",
            "version": expert.version,
        }

    def groups(self) -> list[dict]:
        """[{key, heading, fields}] for the page; `held`: the Lead looks at changes first."""
        held = self.is_moderated
        return [
            {
                "key": key,
                "heading": heading,
                "fields": [self[name] for name in names if name in self.fields],
                "held": held and key in ("who", "expertise"),
            }
            for key, heading, names in self.GROUPS
        ]

    def organisations(self) -> list[str]:
        """Names that are offered while typing."""
        return list(Organisation.objects.values_list("name", flat=True)[:LISTED_AT_MOST])

    def clean_name(self):
        if "@" in self.cleaned_data["name"]:
            raise ValidationError(_("Enter your name, not your e-mail address."))
        return self.cleaned_data["name"]

    def clean_photo(self):
        upload = self.cleaned_data["photo"]
        return files.clean_photo(upload) if upload else None

    def clean_orcid(self):
        try:
            orcid = values.orcid(self.cleaned_data["orcid"])
        except values.Wrong as wrong:
            raise ValidationError(str(wrong)) from None
        if orcid and not _is_checked(orcid):
            raise ValidationError(
                _("This ORCID iD has a typing error: its last character does not fit.")
            )
        return orcid

    def clean_phone(self):
        phone = self.cleaned_data["phone"]
        if phone and not re.fullmatch(r"\+?[\d\s()./-]{5,39}(\s?(ext|x)\.?\s?\d+)?", phone):
            raise ValidationError(_("Enter the number with its country code: +598 2 917 0710."))
        return phone

    def clean_website(self):
        link = self.cleaned_data["website"]
        if link and not re.match(r"https?://", link, re.IGNORECASE):
            raise ValidationError(_("Enter an address that begins with https:// or http://."))
        return link

    def clean_linkedin(self):
        link = self.cleaned_data["linkedin"]
        if link and not re.match(r"https?://([\w-]+\.)?linkedin\.com/", link, re.IGNORECASE):
            raise ValidationError(_("Enter the address of your page at linkedin.com."))
        return link

    def clean(self):
        cleaned = super().clean()
        first, last = cleaned.get("available_from"), cleaned.get("available_until")
        if first and last and last < first:
            self.add_error("available_until", _("This day is before “Available from”."))
        return cleaned

    def values(self) -> dict:
        """Field → value as `experts.editing.submit` takes it; nothing is stored by this."""
        cleaned = self.cleaned_data
        found = {}
        for field in Expert.DIRECT_FIELDS:
            if field != "photo":
                value = cleaned[field]
                found[field] = value.isoformat() if isinstance(value, date) else value
        found["name"], found["position"] = cleaned["name"], cleaned["position"]
        found["country"] = cleaned["country"]
        found["terms"] = sorted(term.pk for term in cleaned["terms"])
        house = " ".join(cleaned["organisation"].split())
        found["organisation"] = (
            editing.NewOrganisation(house, cleaned["country"]) if house else None
        )
        if cleaned["photo"]:
            found["photo"] = cleaned["photo"]
        elif cleaned.get("remove_photo"):
            found["photo"] = ""
        if self.masked and not cleaned["phone"]:
            del found["phone"]
        return found


class ContactForm(forms.Form):
    """Address and audiences: changed with a code that goes to the address."""

    email = forms.EmailField(
        label=_("E-mail address of the profile"),
        max_length=254,
        help_text=_("Reminders go there. It may differ from the address with which you sign in."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    email_audience = forms.ChoiceField(
        label=_("Who may see the e-mail address?"), choices=Audience, widget=forms.RadioSelect
    )
    phone_audience = forms.ChoiceField(
        label=_("Who may see the phone number?"), choices=Audience, widget=forms.RadioSelect
    )

    def clean_email(self):
        return self.cleaned_data["email"].lower()


class PauseForm(forms.Form):
    until = forms.DateField(
        label=_("Until which day?"),
        help_text=_("12 months at most. The pause ends by itself, and you get a mail."),
        widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"),
    )

    def __init__(self, data=None, *, today: date):
        super().__init__(data)
        self.fields["until"].widget.attrs |= {
            "min": (today + relativedelta(days=1)).isoformat(),
            "max": (today + relativedelta(months=12)).isoformat(),
        }


class StillRightForm(forms.Form):
    """The one question beside 'Still right'."""

    outside_requests = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=999,
        help_text=_("A rough number is enough. It shows whether the list is used."),
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "class": "short"}),
    )

    def __init__(self, data=None, *, expert: Expert):
        super().__init__(data)
        if expert.confirmed_at:
            label = _("How many people asked you for advice outside this portal since %(day)s?") % {
                "day": date_format(expert.confirmed_at)
            }
        else:
            label = _(
                "How many people asked you for advice outside this portal in the last 12 months?"
            )
        self.fields["outside_requests"].label = label


class MailLanguageForm(forms.Form):
    """In which language the portal reminds; empty: as the languages of the profile say."""

    hide_optional = True
    mail_language = forms.ChoiceField(
        label=_("Language of reminders"),
        required=False,
        choices=[("", _("By the languages of my profile")), *settings.MAIL_LANGUAGES],
    )


class CorrectionForm(forms.Form):
    text = TextField(
        label=_("What should be corrected?"),
        max_length=1000,
        help_text=_("The expert reads this, with your name."),
        widget=forms.Textarea(attrs={"rows": 5}),
    )


class NominationForm(forms.Form):
    name = forms.CharField(label=_("Name of the person"), max_length=150)
    email = forms.EmailField(
        label=_("E-mail address of the person"),
        max_length=254,
        help_text=_("We ask the person first. Until they agree, only name and address are kept."),
    )


class ConsentForm(forms.Form):
    agree = forms.BooleanField(
        label=_("I have read this and I agree to be on the Resource Persons List."),
        error_messages={
            "required": _("Tick the box if you agree. Without it you cannot be listed.")
        },
    )
