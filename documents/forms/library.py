"""Forms of the library: facts of a document, a version, a translation, publishing."""

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from documents import cataloguing
from documents.models import Document, Licence
from experts import presenting
from experts.forms import NamesField, TermsField, country_words
from experts.importing import values
from partners import languages
from partners import permissions as ground
from partners.audience import Audience
from partners.fields import TextField
from partners.files import DocumentFileField
from partners.models import Organisation, Term, User


class OrganisationsField(TextField):
    """Organisations that the portal knows, one a line, by name or acronym: a list of them."""

    def prepare_value(self, value):
        if isinstance(value, list):
            return "\n".join(one.name for one in value)
        return value

    def has_changed(self, initial, data):
        return super().has_changed(self.prepare_value(initial), data)

    def clean(self, value):
        found = []
        for line in super().clean(value).splitlines():
            typed = " ".join(line.split())
            if not typed:
                continue
            known = Organisation.objects.filter(Q(name__iexact=typed) | Q(acronym__iexact=typed))
            house = known.order_by("pk").first()
            if house is None:
                raise ValidationError(
                    _("The portal does not know “%(typed)s”. Ask the Lead to add it first."),
                    params={"typed": typed},
                )
            if house not in found:
                found.append(house)
        return found


class DocumentForm(forms.Form):
    """Facts of a document; audience and owner are the Lead's."""

    seen = forms.CharField(max_length=100, required=False, widget=forms.HiddenInput)
    title = forms.CharField(label=_("Title"), max_length=300)
    kind = forms.ChoiceField(label=_("Kind"), choices=Document.Kind)
    summary = TextField(
        label=_("Summary"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    organisations = OrganisationsField(
        label=_("Organisations"),
        required=False,
        help_text=_("Who published it: one name a line."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    year = forms.IntegerField(label=_("Year"), required=False, min_value=1900, max_value=2100)
    languages = NamesField(
        label=_("Languages"),
        words=values.language_words,
        name_of=languages.name,
        max_length=300,
        required=False,
        help_text=_("In which it exists, here or elsewhere, with commas: English, French"),
    )
    terms = TermsField(
        label=_("Expertise"),
        queryset=Term.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    countries = NamesField(
        label=_("Countries"),
        words=country_words,
        name_of=presenting.country,
        max_length=2000,
        required=False,
        help_text=_("With commas: Indonesia, Viet Nam"),
    )
    process = forms.ChoiceField(
        label=_("Serves"),
        required=False,
        choices=[("", _("not stated")), *Document.Process.choices],
    )
    review_by = forms.DateField(
        label=_("Review by"),
        required=False,
        widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"),
    )
    source = forms.CharField(label=_("Source"), max_length=500, required=False)
    audience = forms.ChoiceField(label=_("Who may see it"), choices=Audience)
    owner = forms.EmailField(
        label=_("Owner"),
        required=False,
        help_text=_("E-mail address of a partner who keeps it up to date. Empty: the Lead."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, data=None, *, document: Document | None, is_lead: bool, today):
        super().__init__(data, initial=self._initial(document) if document else None)
        self.today, self.document = today, document
        self.fields["terms"].queryset = Term.objects.filter(parent__isnull=False).select_related(
            "parent"
        )
        if not is_lead:
            del self.fields["audience"], self.fields["owner"]

    @staticmethod
    def _initial(document: Document) -> dict:
        plain = ("title", "kind", "summary", "year", "languages", "countries", "process")
        plain += ("review_by", "source", "audience")
        return {name: getattr(document, name) for name in plain} | {
            "seen": cataloguing.stamp(document),
            "organisations": list(document.organisations.all()),
            "terms": [term.pk for term in document.terms.all()],
            "owner": document.owner.email if document.owner else "",
        }

    def clean_owner(self):
        address = self.cleaned_data["owner"].lower()
        if not address:
            return None
        user = User.objects.filter(email=address, is_active=True).first()
        stays = user and self.document and self.document.owner_id == user.pk
        if user is None or not (stays or ground.is_partner(user, self.today)):
            raise ValidationError(_("No partner signs in with this address."))
        return user

    def values(self) -> dict:
        """As documents.cataloguing takes it."""
        return {**self.cleaned_data, "terms": list(self.cleaned_data["terms"])}

    def differences(self) -> list[tuple[str, str]]:
        """(label, what stands there now) of each field where something else was typed."""
        stored = DocumentForm(document=self.document, is_lead=True, today=self.today)
        found = []
        for name in self.changed_data:
            field, value = self.fields[name], stored[name].value()
            if name == "terms":
                value = ", ".join(str(term) for term in self.document.terms.all())
            elif isinstance(field, forms.ChoiceField):
                value = dict(field.choices).get(value, value)
            if not field.widget.is_hidden:
                found.append((field.label, "" if value is None else str(value)))
        return found


class PartForm(forms.Form):
    """A text in one language: a file or an address."""

    language = forms.ChoiceField(label=_("Language"))
    file = DocumentFileField(
        label=_("File"),
        required=False,
        help_text=_("PDF, DOCX, XLSX, PPTX, ODT, CSV, plain text, JPEG or PNG."),
    )
    url = forms.URLField(
        label=_("Or its address elsewhere"),
        max_length=500,
        required=False,
        assume_scheme="https",
        validators=[URLValidator(schemes=["http", "https"])],
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = languages.choices()
        self.fields["language"].initial = "en"

    def clean(self):
        cleaned = super().clean()
        if "file" not in self.errors and "url" not in self.errors:
            if cleaned.get("file") and cleaned.get("url"):
                self.add_error("url", _("Give a file or an address, not both."))
            elif not cleaned.get("file") and not cleaned.get("url"):
                self.add_error("file", _("Upload a file, or give its address below."))
        return cleaned


class VersionForm(PartForm):
    """A new version, with its original text."""

    title = forms.CharField(
        label=_("Title of this version"),
        max_length=300,
        required=False,
        help_text=_("Only where it differs from the title of the document."),
    )
    change_note = TextField(
        label=_("What changed"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    licence = forms.ChoiceField(label=_("Licence"), choices=Licence, initial=Licence.UNKNOWN)
    dated_on = forms.DateField(
        label=_("Date of the text"),
        required=False,
        widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"),
    )

    def __init__(self, *args, is_first: bool, **kwargs):
        super().__init__(*args, **kwargs)
        if not is_first:
            self.fields["change_note"].required = True


class EndForm(forms.Form):
    """Why a document leaves the library: another one takes its place, or a reason."""

    hide_optional = True

    successor = forms.SlugField(
        label=_("Code of the document that takes its place"),
        required=False,
        help_text=_("The last part of its address. Empty: the document is archived."),
    )
    reason = TextField(
        label=_("Reason, where no other takes its place"),
        max_length=1000,
        required=False,
        help_text=_("It stands on the page of the document."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean_successor(self) -> Document | None:
        code = self.cleaned_data["successor"]
        if not code:
            return None
        found = Document.objects.filter(code=code).defer("search").first()
        if found is None:
            raise ValidationError(_("The library has no document with this code."))
        return found

    def clean(self):
        cleaned = super().clean()
        if "successor" in cleaned and not (cleaned["successor"] or cleaned.get("reason")):
            self.add_error("reason", _("Give a reason, or the document that takes its place."))
        return cleaned


class OverrideForm(forms.Form):
    """Why the Lead publishes while comments are unanswered."""

    reason = TextField(
        label=_("Why it cannot wait"),
        max_length=2000,
        help_text=_("It is kept with your name in the log of decisions."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
