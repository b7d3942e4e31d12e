"""Forms of the organisers over who comes: filters, a reason, somebody added by hand."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from advice.forms.requests import country_choices
from meetings.models import Booking, Meeting, Part, Registration
from partners.fields import TextField
from partners.models import User

LIVE = "live"
STATES = (("", gettext_lazy("Who is in it now")), *Booking.Status.choices)


class RegistrationFilterForm(forms.Form):
    """What of the list is shown. An unknown value is said and left out."""

    hide_optional = True

    q = forms.CharField(label=gettext_lazy("Name or organisation"), required=False, max_length=200)
    part = forms.ModelChoiceField(
        label=gettext_lazy("Part of the meeting"),
        queryset=Part.objects.none(),
        required=False,
        empty_label=gettext_lazy("All"),
    )
    status = forms.ChoiceField(label=gettext_lazy("State"), choices=STATES, required=False)
    funded = forms.BooleanField(label=gettext_lazy("Costs must be paid"), required=False)
    needs = forms.BooleanField(label=gettext_lazy("With diet or access needs"), required=False)

    def __init__(self, data, *, meeting: Meeting):
        super().__init__(data)
        self.fields["part"].queryset = meeting.parts.order_by("kind", "on", "pk")

    def found(self) -> dict:
        """Name of a field → value, of those that are understood."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class DeclineForm(forms.Form):
    reason = TextField(
        label=gettext_lazy("Reason"),
        max_length=500,
        help_text=gettext_lazy("The person reads it in a mail."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class AddForm(forms.Form):
    """An organiser registers somebody who has an account."""

    email = forms.EmailField(
        label=gettext_lazy("Sign-in address of the person"),
        help_text=gettext_lazy("Who has no account yet signs in once, and registers then."),
    )
    way = forms.ModelChoiceField(
        label=gettext_lazy("How does this person take part?"),
        queryset=Part.objects.none(),
        empty_label=None,
        widget=forms.RadioSelect,
    )
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Empty: as in the account."),
    )
    organisation_name = forms.CharField(
        label=gettext_lazy("Organisation"), max_length=200, required=False
    )
    country = forms.ChoiceField(label=gettext_lazy("Country"), required=False)

    def __init__(self, data=None, *, meeting: Meeting):
        super().__init__(data)
        self.fields["way"].queryset = meeting.parts.ways()
        self.fields["country"].choices = [("", _("none")), *country_choices()]

    def clean_email(self) -> str:
        address = self.cleaned_data["email"].lower()
        self.user = User.objects.filter(email=address, is_active=True).first()
        if self.user is None:
            raise forms.ValidationError(_("Nobody signs in with this address."))
        return address

    def values(self) -> dict:
        """Fields of Registration → values."""
        said = self.cleaned_data
        return {
            "name": said["name"] or str(self.user),
            "organisation_name": said["organisation_name"],
            "country_id": said["country"] or None,
        }


class CorrectForm(forms.Form):
    """`values()` is what registering.correct takes."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=200,
        help_text=gettext_lazy("As it stands in the passport, if the person travels."),
    )
    represents = forms.CharField(label=gettext_lazy("Organisation"), max_length=200, required=False)
    country = forms.ChoiceField(label=gettext_lazy("Country"), required=False)

    def __init__(self, data=None, *, registration: Registration):
        self.registration = registration
        initial = {
            "name": registration.name,
            "represents": registration.represents,
            "country": registration.country_id,
        }
        super().__init__(data, initial=initial)
        self.fields["country"].choices = [("", _("none")), *country_choices()]

    def values(self) -> dict:
        """Fields of Registration → values; an organisation with other words is one in words."""
        said, before = self.cleaned_data, self.registration
        is_same = before.organisation_id and said["represents"] == before.represents
        return {
            "name": said["name"],
            "organisation": before.organisation if is_same else None,
            "organisation_name": "" if is_same else said["represents"],
            "country_id": said["country"] or None,
        }
