"""Two who wrote at the same time: what stands on the portal beside what was typed."""

from datetime import date, time

from django import forms
from django.utils.formats import date_format
from django.utils.translation import gettext as _


def differences(form: forms.ModelForm, stored: dict) -> list[tuple[str, str, str]]:
    """[(label, what is stored, what was typed)] of the fields in which a valid form differs."""
    found = []
    for name, field in form.fields.items():
        typed = form.cleaned_data[name]
        if stored[name] != typed:
            found.append((field.label, in_words(stored[name]), in_words(typed)))
    return found


def in_words(value) -> str:
    """A value of a form as people read it."""
    if value in (None, "", []):
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return "\n".join(map(str, value))
    if isinstance(value, date):
        return date_format(value, "j F Y")
    if isinstance(value, time):
        return value.strftime("%H:%M")
    return str(value)
