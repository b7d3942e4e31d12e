"""Forms of outcomes: one in a few fields, how far an action has come."""

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from documents.models import Document
from meetings.models import Item, Meeting, Outcome
from partners.fields import TextField
from partners.models import Organisation, User

Kind, Status = Outcome.Kind, Outcome.Status


class OwnerField(forms.CharField):
    """Who does it, typed in one line: sign-in addresses, organisations and words, with “;” between.

    Gives {"owner": User or None, "organisation": Organisation or None, "owner_name": words}.
    """

    def __init__(self, **kwargs):
        super().__init__(
            label=gettext_lazy("Owner of an action"),
            required=False,
            max_length=300,
            help_text=gettext_lazy(
                "An address with which somebody signs in, the name of an organisation, or words. "
                "Several: with “;” between them."
            ),
            **kwargs,
        )

    def clean(self, value) -> dict:
        found = {"owner": None, "organisation": None, "owner_name": ""}
        words = []
        for part in filter(None, (one.strip() for one in super().clean(value).split(";"))):
            if "@" in part:
                if found["owner"] is not None:
                    raise ValidationError(_("Name one person with an address, not two."))
                found["owner"] = self._person(part)
            elif found["organisation"] is None and (organisation := self._organisation(part)):
                found["organisation"] = organisation
            else:
                words.append(part)
        found["owner_name"] = "; ".join(words)
        if len(found["owner_name"]) > 200:
            raise ValidationError(_("The owner in words has more than 200 letters. Shorten it."))
        return found

    @staticmethod
    def _person(address: str) -> User:
        person = User.objects.filter(email=address.lower(), is_active=True).first()
        if person is None:
            raise ValidationError(
                _("Nobody signs in with %(address)s. Write the name instead.")
                % {"address": address}
            )
        return person

    @staticmethod
    def _organisation(name: str) -> Organisation | None:
        named = Organisation.objects.filter(Q(name__iexact=name) | Q(acronym__iexact=name))
        return named.order_by("pk").first()


def owner_in_words(outcome: Outcome) -> str:
    """What one would type into `OwnerField` for this owner."""
    person = outcome.owner.email if outcome.owner_id else ""
    organisation = outcome.organisation.name if outcome.organisation_id else ""
    return "; ".join(filter(None, (person, organisation, outcome.owner_name)))


class OutcomeForm(forms.Form):
    """One outcome; `values()` is what `deciding.add` and `deciding.change` take."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        choices=Kind.choices,
        initial=Kind.DECISION,
        help_text=gettext_lazy("An action has an owner, and stays until it is done."),
    )
    text = TextField(
        label=gettext_lazy("Outcome"),
        max_length=2000,
        help_text=gettext_lazy("One sentence that can be understood without the minutes."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    owner = OwnerField()
    due_on = forms.DateField(
        label=gettext_lazy("Due"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "class": "short"}, format="%Y-%m-%d"),
    )
    item = forms.ModelChoiceField(
        label=gettext_lazy("Agenda item"),
        queryset=Item.objects.none(),
        required=False,
        empty_label=gettext_lazy("The meeting as a whole"),
    )

    def __init__(self, data=None, *, meeting: Meeting, outcome: Outcome | None = None, **kwargs):
        """`outcome`: the one that is changed, with whose values the form begins."""
        if outcome is not None:
            kwargs["initial"] = {
                "kind": outcome.kind,
                "text": outcome.text,
                "owner": owner_in_words(outcome),
                "due_on": outcome.due_on,
                "item": outcome.item_id,
            }
        super().__init__(data, **kwargs)
        of_meeting = Item.objects.filter(session__meeting=meeting)
        self.fields["item"].queryset = of_meeting.select_related("session").order_by(
            "session__day", "session__begins_at", "session__number", "position"
        )

    def clean(self):
        cleaned = super().clean()
        is_action = cleaned.get("kind") == Kind.ACTION
        if is_action and "owner" in cleaned and not any(cleaned["owner"].values()):
            self.add_error("owner", _("An action needs an owner: somebody who does it."))
        return cleaned

    def values(self) -> dict:
        names = ("kind", "text", "due_on", "item")
        return {name: self.cleaned_data[name] for name in names} | self.cleaned_data["owner"]


class ProgressForm(forms.Form):
    """How far an action has come; `values()` go to `deciding.report_progress`."""

    to = forms.ChoiceField(label=gettext_lazy("Status"), widget=forms.RadioSelect)
    words = TextField(
        label=gettext_lazy("What was done, what shows it"),
        max_length=2000,
        required=False,
        help_text=gettext_lazy(
            "Needed for “Done” and “Dropped”. Whoever sees the action reads it."
        ),
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    url = forms.URLField(
        label=gettext_lazy("Link to the evidence"),
        max_length=500,
        required=False,
        assume_scheme="https",
        validators=[URLValidator(schemes=["http", "https"])],
    )
    document = forms.SlugField(
        label=gettext_lazy("Or a document of the library"),
        required=False,
        help_text=gettext_lazy("Its code, as in its address."),
    )

    def __init__(self, data=None, *, outcome: Outcome, user):
        super().__init__(data, initial={"to": outcome.status})
        self.user = user
        # A way that was closed meanwhile is no error of the form: the step says so
        known = [one for one in Status if one != Status.NONE]
        self.fields["to"].choices = [(one.value, one.label) for one in known]
        self.fields["to"].widget.choices = [
            (one.value, one.label)
            for one in known
            if one == outcome.status or one in Outcome.NEXT[outcome.status]
        ]

    def clean_document(self) -> Document | None:
        code = self.cleaned_data["document"]
        if not code:
            return None
        document = Document.objects.visible_to(self.user).filter(code=code).first()
        if document is None:
            raise ValidationError(
                _("No document of the library has the code “%(code)s”.") % {"code": code}
            )
        return document

    def clean(self):
        cleaned = super().clean()
        words = (cleaned.get("words") or "").strip()
        if cleaned.get("to") == Status.DONE and not words:
            self.add_error("words", _("Say what shows that it is done."))
        if cleaned.get("to") == Status.DROPPED and not words:
            self.add_error("words", _("Say why it is dropped."))
        return cleaned
