"""Forms of papers: what organisers say of one, a new version, a link for a presenter, an upload."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from documents.models import Document
from meetings.models import Item, Meeting, Paper, PaperAudience, PaperVersion, UploadLink
from meetings.papering import Values
from partners.fields import TextField
from partners.files import DocumentFileField

MOST_NAMED = 5  # documents that a word of a title may mean
DAYS = 14  # a link works so long, unless somebody says something else
REASON_AT_MOST = PaperVersion._meta.get_field("declined_because").max_length
FILE_HELP = gettext_lazy(
    "PDF, Word, Excel, PowerPoint, ODT, CSV, text or picture, without a password or macros."
)


class PaperForm(forms.Form):
    """What is said of a paper; `values` is what `papering.edit` takes."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=300)
    place = forms.ChoiceField(
        label=gettext_lazy("Belongs to"),
        help_text=gettext_lazy("Its label begins with the session: S2-1. S0: the whole meeting."),
    )
    number = forms.IntegerField(
        label=gettext_lazy("Number within the session"),
        required=False,
        min_value=1,
        max_value=999,
        help_text=gettext_lazy(
            "Empty: the next free one. In another session, a paper gets a new number."
        ),
        widget=forms.NumberInput(attrs={"class": "short"}),
    )
    audience = forms.ChoiceField(
        label=gettext_lazy("Who reads it"),
        choices=PaperAudience,
        initial=PaperAudience.PARTNERS,
        widget=forms.RadioSelect,
        help_text=gettext_lazy("Of those who may see the meeting."),
    )

    def __init__(self, data=None, files=None, *, meeting: Meeting, paper: Paper | None = None):
        super().__init__(data, files, initial=_initial(paper) if paper else None)
        sessions = meeting.sessions.prefetch_related("items").order_by("number")
        choices: list[tuple[str, Any]] = [("0", _("The whole meeting (S0)"))]
        self.places: dict[str, tuple[int | None, int | None]] = {"0": (None, None)}
        for session in sessions:
            known = {f"s{session.pk}": (session.pk, None)}
            whole = _("The whole session (S%(n)s)") % {"n": session.number}
            inside = [(f"s{session.pk}", whole)]
            for item in session.items.all():
                if item.kind != Item.Kind.BREAK:
                    known[f"i{item.pk}"] = (session.pk, item.pk)
                    inside.append((f"i{item.pk}", item.title))
            self.places |= known
            choices.append((str(session), inside))
        self.fields["place"].choices = choices

    def clean_title(self):
        return " ".join(self.cleaned_data["title"].split())

    def values(self) -> Values:
        said = self.cleaned_data
        session_id, item_id = self.places[said["place"]]
        return Values(said["title"], said["audience"], session_id, item_id, said["number"])


def _initial(paper: Paper) -> dict:
    place = f"s{paper.session_id}" if paper.session_id else "0"
    return {
        "title": paper.title,
        "place": f"i{paper.item_id}" if paper.item_id else place,
        "number": paper.number,
        "audience": paper.audience,
    }


class PaperAddForm(PaperForm):
    """A new paper: a document of the library, a file, or neither, where a presenter sends it."""

    document = forms.CharField(
        label=gettext_lazy("Document of the library"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("Its code, as it stands in its address, or words of its title."),
    )
    file = DocumentFileField(label=gettext_lazy("Or a file"), required=False, help_text=FILE_HELP)

    field_order = ["document", "file", "title", "place", "number", "audience"]

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["title"].required = False
        self.fields["title"].help_text = _("Empty: the title of the document.")

    def clean_document(self) -> Document | None:
        """The one document that this means. Raises ValidationError for none, and for several."""
        typed = " ".join(self.cleaned_data["document"].split())
        if not typed:
            return None
        seen = Document.objects.visible_to(self.user).released().defer("search")
        found = list(seen.filter(Q(code__iexact=typed) | Q(title__iexact=typed))[:2])
        if len(found) != 1:
            words = Q()
            for word in typed.split():
                words &= Q(title__icontains=word)
            found = list(seen.filter(words)[: MOST_NAMED + 1])
        if not found:
            raise ValidationError(
                _("The library has no document “%(typed)s”. Look for its code in the library."),
                params={"typed": typed},
            )
        if len(found) > 1:
            codes = ", ".join(f"{one.code} ({one.title})" for one in found[:MOST_NAMED])
            raise ValidationError(
                _("Several documents are called so. Enter the code of one: %(codes)s."),
                params={"codes": codes},
            )
        return found[0]

    def clean(self):
        said = super().clean()
        document = said.get("document")
        if document and said.get("file"):
            self.add_error("file", _("A document of the library or a file, not both."))
        if not said.get("title") and not {"title", "document"} & self.errors.keys():
            if document:
                said["title"] = document.title
            else:
                self.add_error("title", _("Enter a title."))
        return said


class PaperFileForm(forms.Form):
    """A file alone: a new version, or what a presenter sends."""

    file = DocumentFileField(label=gettext_lazy("File"), help_text=FILE_HELP)


class UploadLinkForm(forms.ModelForm):
    """Who uploads a paper without sign-in, and how long the link works."""

    days = forms.IntegerField(
        label=gettext_lazy("The link works for so many days"),
        min_value=1,
        max_value=120,
        initial=DAYS,
        widget=forms.NumberInput(attrs={"class": "short"}),
    )

    class Meta:
        model = UploadLink
        fields = ["name", "address"]
        help_texts = {
            "name": gettext_lazy("The presenter. The name stands beside the file."),
            "address": gettext_lazy(
                "The link goes there by mail, and what you decide. Empty: you pass the link on."
            ),
        }


class DeclineForm(forms.Form):
    reason = TextField(
        label=gettext_lazy("Reason"),
        max_length=REASON_AT_MOST,
        help_text=gettext_lazy("The presenter reads it."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
