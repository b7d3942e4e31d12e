"""Forms of the register of needs."""

from datetime import date

from django import forms
from django.core.validators import MinLengthValidator, URLValidator
from django.utils.translation import gettext_lazy as _

from advice.models import Need
from experts.forms import TermsField
from partners.fields import TextField
from partners.models import Country, Term

FIRST_YEAR = 1990  # a need that is older is none of today


class NeedForm(forms.Form):
    """What a country needs. `cleaned_data` is what `registering.submit` takes."""

    country = forms.ModelChoiceField(
        label=_("Country"), queryset=Country.objects.all(), empty_label=_("Choose a country")
    )
    title = forms.CharField(
        label=_("Title"),
        max_length=200,
        help_text=_("What is needed, in one line: “A place to store mercury from hospitals”"),
    )
    description = TextField(
        label=_("What is needed"),
        max_length=4000,
        validators=[MinLengthValidator(20)],
        help_text=_("What the problem is, what has been done, and what is missing."),
        widget=forms.Textarea(attrs={"rows": 7}),
    )
    terms = TermsField(
        label=_("Expertise"),
        queryset=Term.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Tick what an expert must know to help. One to four are best."),
    )
    source = forms.ChoiceField(
        label=_("Where it was said"), choices=Need.Source, widget=forms.RadioSelect
    )
    source_text = forms.CharField(
        label=_("Source in words"),
        max_length=500,
        help_text=_("The document, meeting or letter, so that others can look it up."),
    )
    url = forms.URLField(
        label=_("Address of the source"),
        max_length=500,
        required=False,
        assume_scheme="https",
        validators=[URLValidator(schemes=["http", "https"])],
        help_text=_("If the source is on the web."),
    )

    def __init__(self, data=None, *, today: date, initial=None):
        super().__init__(data, initial=initial)
        self.fields["terms"].queryset = Term.objects.filter(parent__isnull=False).select_related(
            "parent"
        )
        self.fields["year"] = forms.IntegerField(
            label=_("Year in which it was said"),
            required=False,
            min_value=FIRST_YEAR,
            max_value=today.year,
        )

    def clean_title(self):
        return " ".join(self.cleaned_data["title"].split())


class MoveForm(forms.Form):
    """The Lead says how far a need has come, and why."""

    to = forms.ChoiceField(label=_("New status"), widget=forms.RadioSelect)
    reason = TextField(
        label=_("Reason"),
        max_length=2000,
        help_text=_("Everybody reads it on this page."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, data=None, *, need: Need):
        super().__init__(data)
        # A way that another Lead has closed meanwhile is no error of the form: the step says so
        self.fields["to"].choices = [(one.value, one.label) for one in Need.PUBLIC]
        self.fields["to"].widget.choices = [
            (one.value, _("Open again") if one == Need.Status.OPEN else one.label)
            for one in Need.PUBLIC
            if one in Need.NEXT[need.status]
        ]
