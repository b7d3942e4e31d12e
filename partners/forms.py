"""Forms of the ground floor."""

from datetime import date, timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from partners.models import Country, Organisation, User

EARLIEST = date(1950, 1, 1)
AHEAD = timedelta(days=366)  # somebody may begin next year
SUGGESTED = 400  # names of organisations that a browser offers while typing: 10 KB at the most


class SignupForm(forms.Form):
    """What allauth's sign-up form asks beside the address."""

    name = forms.CharField(
        label=_("Your name"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )

    def clean_name(self):
        if "@" in self.cleaned_data["name"]:
            raise ValidationError(_("Enter your name, not your e-mail address."))
        return " ".join(self.cleaned_data["name"].split())

    def signup(self, request, user):
        user.name = self.cleaned_data["name"]
        user.save(update_fields=["name"])


class DayInput(forms.DateInput):
    """A day, with the browser's own calendar where it has one."""

    input_type = "date"

    def __init__(self, attrs=None):
        super().__init__(attrs, format="%Y-%m-%d")


class ApplyForm(forms.Form):
    """A person or an organisation applies; a known organisation is found by name and country."""

    PERSON, ORGANISATION = "person", "organisation"
    hide_optional = True  # what is needed depends on the first answer

    who = forms.ChoiceField(
        label=_("Who becomes a partner?"),
        choices=[(ORGANISATION, _("My organisation")), (PERSON, _("I myself, as a single person"))],
        widget=forms.RadioSelect,
    )
    name = forms.CharField(
        label=_("Name of the organisation"),
        max_length=200,
        required=False,
        help_text=_("In full, in English or as it calls itself. Leave it empty for yourself."),
        widget=forms.TextInput(
            attrs={"list": "known-organisations", "autocomplete": "organization"}
        ),
    )
    acronym = forms.CharField(label=_("Acronym, if it has one"), max_length=30, required=False)
    kind = forms.ChoiceField(
        label=_("Kind of organisation"),
        choices=[("", _("Choose")), *Organisation.Kind.choices],
        required=False,
    )
    country = forms.ModelChoiceField(
        Country.objects.all(),
        label=_("Country of the organisation"),
        required=False,
        empty_label=_("Choose"),
        help_text=_("Leave it empty for an organisation of many countries."),
    )
    website = forms.URLField(
        label=_("Web site, if it has one"), required=False, assume_scheme="https", max_length=200
    )
    statement = forms.CharField(
        label=_("Why"),
        max_length=2000,
        help_text=_("What you do about mercury waste, in two sentences. The Lead reads this."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def clean(self):
        data = super().clean()
        self.known = None
        if data.get("who") != self.ORGANISATION or {"name", "country"} & set(self.errors):
            return data
        if not data["name"]:
            self.add_error("name", _("Enter the name of your organisation."))
            return data
        self.known = self._find(data["name"], data["country"])
        if self.known is None and not data.get("kind") and "kind" not in self.errors:
            self.add_error("kind", _("Choose the kind of your organisation."))
        return data

    def _find(self, name: str, country: Country | None) -> Organisation | None:
        """The organisation of that name there, or the only one of that name without a country."""
        named = Organisation.objects.filter(
            Q(name__unaccent__iexact=name) | Q(acronym__iexact=name, acronym__gt="")
        )
        if country is not None:
            return named.filter(country=country).order_by("pk").first()
        only = list(named[:2])
        return only[0] if len(only) == 1 else None

    def applicant(self, user: User) -> Organisation | User:
        """Who applies; writes an organisation that the portal does not know yet."""
        data = self.cleaned_data
        if data["who"] == self.PERSON:
            return user
        return self.known or Organisation.objects.create(
            **{key: data[key] for key in ("name", "acronym", "kind", "country", "website")}
        )


class OrganisationForm(forms.ModelForm):
    """What a contact person keeps; name, kind and country are the Lead's."""

    class Meta:
        model = Organisation
        fields = ["acronym"]

    website = forms.URLField(
        label=_("Web site"), required=False, assume_scheme="https", max_length=200
    )

    def __init__(self, *args, instance, **kwargs):
        super().__init__(*args, instance=instance, **kwargs)
        self.initial["website"] = instance.website

    def save(self, commit=True):
        self.instance.website = self.cleaned_data["website"]
        return super().save(commit)


class JoinForm(forms.Form):
    """Since when somebody belongs to an organisation."""

    from_on = forms.DateField(
        label=_("Since when do you belong to it?"),
        help_text=_("Year, month and day, for example 2024-03-01."),
        widget=DayInput,
    )

    def __init__(self, *args, today: date, **kwargs):
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["from_on"].initial = today

    def clean_from_on(self):
        day = self.cleaned_data["from_on"]
        if not EARLIEST <= day <= self.today + AHEAD:
            raise ValidationError(_("Enter a day between 1950 and one year from now."))
        return day


class LeaveForm(forms.Form):
    """The last day on which somebody belonged to an organisation."""

    last_day = forms.DateField(
        label=_("Last day"),
        help_text=_("Year, month and day; today or earlier."),
        widget=DayInput,
    )

    def __init__(self, *args, today: date, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["last_day"].initial = today


class AnswerForm(forms.Form):
    """Yes, or no with a reason, to one person who asks to belong to an organisation."""

    hide_optional = True

    reason = forms.CharField(
        label=_("Reason, if you decline"),
        max_length=1000,
        required=False,
        help_text=_("The person reads it."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class WithdrawForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class AddressForm(forms.Form):
    new = forms.EmailField(
        label=_("New e-mail address"),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        max_length=254,
    )


def _code_field(label):
    attrs = {"inputmode": "numeric", "autocomplete": "one-time-code", "class": "code"}
    return forms.CharField(label=label, max_length=20, widget=forms.TextInput(attrs=attrs))


class CodeForm(forms.Form):
    """One code from a mail; for all apps."""

    code = _code_field(_("Code from the mail"))


class TwoCodesForm(forms.Form):
    code_new = _code_field(_("Code sent to the new address"))
    code_old = _code_field(_("Code sent to the present address"))
