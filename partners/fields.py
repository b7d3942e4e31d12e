"""Form fields of all apps: a text of several lines, people by address, terms and countries."""

from itertools import groupby

from django import forms
from django.core.exceptions import ValidationError
from django.forms.models import ModelChoiceIterator
from django.utils.translation import gettext as _

from partners.models import Country, Region, Term, User


class TextField(forms.CharField):
    """Text of several lines, with line ends as the database has them.

    A browser sends two characters for one, so that a text which nobody touched would differ and
    could be too long.
    """

    widget = forms.Textarea

    def to_python(self, value):
        return super().to_python(value).replace("\r\n", "\n").replace("\r", "\n")


class PeopleField(TextField):
    """People by the addresses with which they sign in, one a line: the value is a list of them."""

    def prepare_value(self, value):
        if isinstance(value, list):
            return "\n".join(sorted(person.email for person in value))
        return value

    def clean(self, value) -> list[User]:
        lines = super().clean(value).splitlines()
        addresses = [line.strip().lower() for line in lines if line.strip()]
        known = {person.email: person for person in User.objects.filter(email__in=addresses)}
        missing = [address for address in addresses if address not in known]
        if missing:
            raise ValidationError(
                _("Nobody signs in with %(addresses)s.") % {"addresses": ", ".join(missing)}
            )
        return list(known.values())


class GroupedChoices(ModelChoiceIterator):
    """Terms in pieces of (group, its terms), as the widget shows them."""

    def __iter__(self):
        for group, terms in groupby(self.queryset, key=lambda term: term.parent):
            yield group.label, [self.choice(term) for term in terms]


class TermsField(forms.ModelMultipleChoiceField):
    iterator = GroupedChoices


class ChoicesByRegion(ModelChoiceIterator):
    """Countries in pieces of (region, its countries by name)."""

    def __iter__(self):
        by_region: dict[str, list] = {}
        for country in self.queryset:
            by_region.setdefault(country.region, []).append(self.choice(country))
        for region in Region:
            if region.value in by_region:
                yield region.label, sorted(by_region[region.value], key=lambda choice: choice[1])


class CountriesField(forms.ModelMultipleChoiceField):
    """Countries to tick, by region; the value is a QuerySet of them."""

    iterator = ChoicesByRegion

    def __init__(self, **kwargs):
        kwargs.setdefault("widget", forms.CheckboxSelectMultiple)
        super().__init__(queryset=Country.objects.all(), **kwargs)


def terms_in_groups():
    """What a TermsField offers: all terms below a group, in the order of the vocabulary."""
    return Term.objects.filter(parent__isnull=False).select_related("parent")
