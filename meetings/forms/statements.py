"""The form of a country's statement: words, and rows of needs that work without a script."""

from collections.abc import Sequence

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from experts.forms import TermsField
from meetings.models import StatedNeed, Statement
from meetings.stating import NEEDS_AT_MOST, Row
from partners.fields import TextField
from partners.models import Organisation, Region, Term


class StatementForm(forms.Form):
    """`cleaned_data` has what `stating.save` takes as `values`, and `seen`."""

    hide_optional = True

    seen = forms.IntegerField(widget=forms.HiddenInput)
    situation = TextField(
        label=_("Situation"),
        max_length=3000,
        required=False,
        help_text=_("Where mercury waste arises, what is done with it, and what has changed."),
        widget=forms.Textarea(attrs={"rows": 7}),
    )
    priorities = TextField(
        label=_("Priorities"),
        max_length=3000,
        required=False,
        help_text=_("What comes first in the next two years, and why."),
        widget=forms.Textarea(attrs={"rows": 5}),
    )

    def __init__(
        self,
        data=None,
        *,
        statement: Statement | None,
        organisations: Sequence[Organisation],
        is_sending: bool = False,
    ):
        """`organisations`: those for which the person may write; of several the form asks."""
        self.organisations, self.is_sending = organisations, is_sending
        super().__init__(
            data,
            initial={
                "seen": statement.version if statement else 0,
                "situation": statement.situation if statement else "",
                "priorities": statement.priorities if statement else "",
                "organisation": statement.organisation_id if statement else None,
            },
        )
        if len(organisations) > 1:
            self.fields["organisation"] = forms.ModelChoiceField(
                label=_("Organisation"),
                queryset=Organisation.objects.filter(pk__in=[one.pk for one in organisations]),
                empty_label=_("Choose an organisation"),
                help_text=_("It stands beside the statement."),
            )

    def clean_situation(self):
        if self.is_sending and not self.cleaned_data["situation"]:
            raise ValidationError(
                gettext("Describe the situation of your country before you send the statement.")
            )
        return self.cleaned_data["situation"]

    def clean(self):
        cleaned = super().clean()
        if len(self.organisations) == 1:
            cleaned["organisation"] = self.organisations[0]
        return cleaned

    def carry(self, version: int):
        """Send this version along from now on: the person has seen its words."""
        self.data = self.data.copy()
        self.data["seen"] = version


class NeedForm(forms.Form):
    """One need; made empty, it is taken out."""

    hide_optional = True

    pk = forms.IntegerField(required=False, widget=forms.HiddenInput)
    title = forms.CharField(label=_("What is needed, in one line"), max_length=200, required=False)
    text = TextField(
        label=_("In more words"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    terms = TermsField(
        label=_("Expertise"),
        queryset=Term.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("What an expert must know to help. One to four are best."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["terms"].queryset = Term.objects.filter(parent__isnull=False).select_related(
            "parent"
        )

    def clean_title(self):
        return " ".join(self.cleaned_data["title"].split())

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("text") and not cleaned.get("title") and "title" not in self.errors:
            self.add_error("title", gettext("Say in one line what is needed."))
        return cleaned

    def row(self) -> Row:
        said = self.cleaned_data
        return Row(said["pk"], said["title"], said["text"], list(said["terms"]))

    def lines(self) -> str:
        """What was typed, in one line."""
        typed = (self[name].value() or "" for name in ("title", "text"))
        return ": ".join(one.strip() for one in typed if one.strip())


class _Needs(forms.BaseFormSet):
    def _construct_form(self, i, **kwargs):
        # Else a row that is made empty would not be read at all
        return super()._construct_form(i, **(kwargs | {"empty_permitted": False}))

    def rows(self) -> list[Row]:
        return [form.row() for form in self.forms]


def needs_formset(data, stored: Sequence[StatedNeed], more: int = 0) -> _Needs:
    """The needs that are not in the register yet, an empty row, and `more` empty rows.

    With `data` the rows that were sent, and `more` empty ones below.
    """
    made = forms.formset_factory(
        NeedForm,
        formset=_Needs,
        extra=min(1 + more, max(NEEDS_AT_MOST - len(stored), 1)),
        max_num=NEEDS_AT_MOST,
        absolute_max=NEEDS_AT_MOST + 10,
    )
    if data is not None:
        return made(data, prefix="needs")
    initial = [
        {
            "pk": need.pk,
            "title": need.title,
            "text": need.text,
            "terms": [term.pk for term in need.terms.all()],
        }
        for need in stored
    ]
    return made(initial=initial, prefix="needs")


class RegionForm(forms.Form):
    """The filter of the page with all statements."""

    region = forms.ChoiceField(
        label=_("Region"), choices=[("", _("All regions")), *Region.choices], required=False
    )
