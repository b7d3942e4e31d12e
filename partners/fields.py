"""Form fields of all apps: a text of several lines, and people by their addresses."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from partners.models import User


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
