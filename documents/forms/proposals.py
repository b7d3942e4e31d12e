"""Forms of proposals."""

from django import forms
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

from documents.models import Document, Proposal
from partners.fields import TextField
from partners.models import Organisation


class ProposalForm(forms.Form):
    kind = forms.ChoiceField(
        label=_("What do you propose?"), choices=Proposal.Kind, widget=forms.RadioSelect
    )
    title = forms.CharField(label=_("Title"), max_length=200)
    why = TextField(
        label=_("Why it is needed, and for whom"),
        max_length=3000,
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    document = forms.ModelChoiceField(
        label=_("Document of the library"),
        queryset=Document.objects.none(),
        required=False,
        to_field_name="code",
        empty_label=_("none"),
        help_text=_("If the proposal is about one that is here."),
    )
    address = forms.URLField(
        label=_("Address of a document elsewhere"),
        max_length=500,
        required=False,
        assume_scheme="https",
        validators=[URLValidator(schemes=["http", "https"])],
    )
    organisation = forms.ModelChoiceField(
        label=_("Organisation"),
        queryset=Organisation.objects.none(),
        required=False,
        empty_label=_("none: as a person"),
        help_text=_("One of yours, for which you speak."),
    )

    def __init__(self, data=None, *, user, now):
        super().__init__(data)
        seen = Document.objects.visible_to(user).released().only("code", "title", "sort_title")
        self.fields["document"].queryset = seen
        self.fields["organisation"].queryset = Organisation.objects.of(user, now.date())

    def clean(self):
        cleaned = super().clean()
        is_input = cleaned.get("kind") == Proposal.Kind.INPUT
        has_target = cleaned.get("document") or cleaned.get("address") or "address" in self.errors
        if is_input and not has_target:
            self.add_error("document", _("Choose the document, or give its address."))
        return cleaned


class SupportForm(forms.Form):
    note = forms.CharField(label=_("What you could add"), max_length=500, required=False)
