"""Forms of comment rounds: the Lead's round, and one comment."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from documents.models import Comment, CommentRound, Document
from partners.audience import Audience
from partners.fields import PeopleField, TextField
from partners.models import Organisation

MOMENT = "%Y-%m-%dT%H:%M"


def _moment_field(label: str, help_text: str) -> forms.DateTimeField:
    return forms.DateTimeField(
        label=label,
        help_text=help_text,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT),
    )


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


class RoundForm(forms.Form):
    """`values()`, `cleaned_data["questions"]` and `["team"]` are what the steps of rounds take."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=200)
    document = forms.SlugField(
        label=gettext_lazy("Document of the library"),
        help_text=gettext_lazy("Its code, as in its address. Comments go to its newest version."),
        required=False,
    )
    address = forms.URLField(
        label=gettext_lazy("Or the address of a document elsewhere"),
        max_length=500,
        required=False,
        assume_scheme="https",
    )
    audience = forms.ChoiceField(
        label=gettext_lazy("Who is asked"),
        choices=Audience.choices,
        initial=Audience.PARTNERS,
        help_text=gettext_lazy(
            "With “Everybody”, partners get a mail, and whoever signs in can comment."
        ),
    )
    invitation = TextField(
        label=gettext_lazy("Invitation"),
        max_length=3000,
        help_text=gettext_lazy("What you want to know, in a few simple sentences."),
    )
    questions = TextField(
        label=gettext_lazy("Questions, one a line"), required=False, max_length=5000
    )
    opens_at = _moment_field(gettext_lazy("Opens (UTC)"), gettext_lazy("Not your local time."))
    closes_at = _moment_field(
        gettext_lazy("Closes (UTC)"),
        gettext_lazy("The same moment stands on the page, in the mails and in the files."),
    )
    team = PeopleField(
        label=gettext_lazy("Drafting team"),
        required=False,
        max_length=3000,
        help_text=gettext_lazy("Who answers beside the Lead: sign-in addresses, one a line."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, data=None, *, comment_round: CommentRound | None = None, initial=None):
        """`comment_round`: the one that is changed, whose values the form begins with."""
        self.comment_round = comment_round
        if comment_round:
            initial = self._initial_of(comment_round)
        super().__init__(data, initial=initial)
        if comment_round and comment_round.status == CommentRound.Status.OPEN:
            promised = ["document", "address", "audience"]
            if comment_round.opens_at <= timezone.now():
                promised.append("opens_at")
            for name in promised:  # documents.rounds.change refuses them, too
                self.fields[name].disabled = True

    @staticmethod
    def _initial_of(comment_round: CommentRound) -> dict:
        return {
            "title": comment_round.title,
            "document": comment_round.version.document.code if comment_round.version_id else "",
            "address": comment_round.address,
            "audience": comment_round.audience,
            "invitation": comment_round.invitation,
            "questions": "\n".join(one.text for one in comment_round.questions.all()),
            "opens_at": comment_round.opens_at,
            "closes_at": comment_round.closes_at,
            "team": list(comment_round.team.all()),
        }

    def clean_questions(self) -> list[str]:
        questions = _lines(self.cleaned_data["questions"])
        if any(len(question) > 500 for question in questions):
            raise ValidationError(_("A question has more than 500 letters. Make it shorter."))
        return questions

    def clean_document(self):
        """The newest published version of the document with this code, or None.

        An open round keeps the version that people were asked about.
        """
        code = self.cleaned_data["document"]
        if not code:
            return None
        known = self.comment_round
        is_open = known is not None and known.status == CommentRound.Status.OPEN
        if is_open and known.version_id and known.version.document.code == code:
            return known.version
        document = Document.objects.filter(code=code).select_related("current").first()
        if document is None:
            raise ValidationError(
                _("No document of the library has the code “%(code)s”.") % {"code": code}
            )
        if document.current is None:
            raise ValidationError(_("This document has no published version yet."))
        return document.current

    def clean(self):
        cleaned = super().clean()
        known = "document" in cleaned and "address" in cleaned
        if known and bool(cleaned["document"]) == bool(cleaned["address"]):
            self.add_error(
                "document",
                _("Name a document of the library or the address of one elsewhere: one of both."),
            )
        self._check_audience(cleaned)
        opens, closes = cleaned.get("opens_at"), cleaned.get("closes_at")
        if opens and closes and closes <= opens:
            self.add_error("closes_at", _("The round closes before it opens. Choose a later time."))
        return cleaned

    def _check_audience(self, cleaned: dict):
        """Who is asked must be able to read: the title of a round names its document."""
        version, audience = cleaned.get("document"), cleaned.get("audience")
        if version and audience:
            document = version.document
            if Audience(audience).is_wider_than(Audience(document.audience)):
                self.add_error(
                    "audience",
                    _("This document is for fewer people: %(people)s. Ask those alone.")
                    % {"people": document.get_audience_display()},
                )

    def values(self) -> dict:
        names = ("title", "address", "audience", "invitation", "opens_at", "closes_at")
        return {name: self.cleaned_data[name] for name in names} | {
            "version": self.cleaned_data["document"]
        }


class CommentForm(forms.Form):
    """One comment, as far as it is written: nothing has to be filled in before it is sent."""

    hide_optional = True

    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    type = forms.ChoiceField(label=gettext_lazy("Type"), choices=Comment.Type.choices)
    text = TextField(
        label=gettext_lazy("Comment"),
        max_length=10_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    proposed_text = TextField(
        label=gettext_lazy("Proposed text"),
        max_length=10_000,
        required=False,
        help_text=gettext_lazy("How the paragraph should read, if you know."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    organisation = forms.ModelChoiceField(
        label=gettext_lazy("Organisation represented"),
        queryset=Organisation.objects.none(),
        required=False,
        empty_label=gettext_lazy("None: I speak for myself"),
    )
    question = forms.ModelChoiceField(
        label=gettext_lazy("Answers the question"),
        queryset=None,
        required=False,
        empty_label=gettext_lazy("None of them"),
    )
    place = forms.CharField(
        label=gettext_lazy("Where in the text"),
        max_length=20,
        required=False,
        help_text=gettext_lazy("The number of a section or paragraph. Empty: the whole text."),
    )
    page = forms.IntegerField(
        label=gettext_lazy("Page"), required=False, min_value=1, max_value=10_000
    )

    def __init__(self, *args, comment_round: CommentRound, organisations, labels=None, **kwargs):
        """`labels`: {label of a section: labels of its paragraphs}, None for a text elsewhere."""
        super().__init__(*args, **kwargs)
        self.labels = labels
        self.fields["organisation"].queryset = organisations
        questions = comment_round.questions.all()
        self.fields["question"].queryset = questions
        if not questions:
            del self.fields["question"]
        if not organisations:
            del self.fields["organisation"]
        if labels is None:
            self.fields["place"].help_text = _("Such as a number. Empty: the whole text.")

    def values(self) -> dict:
        """What `commenting.save` takes."""
        cleaned = self.cleaned_data
        section, paragraph = self._anchor(cleaned["place"].strip())
        organisation, question = cleaned.get("organisation"), cleaned.get("question")
        return {
            "type": cleaned["type"],
            "text": cleaned["text"],
            "proposed_text": cleaned["proposed_text"],
            "organisation_id": organisation and organisation.pk,
            "question_id": question and question.pk,
            "section": section,
            "paragraph": paragraph,
            "page": cleaned["page"],
        }

    def _anchor(self, place: str) -> tuple[str, str]:
        """(section, paragraph): an unknown number is kept as it was typed, as a section."""
        if self.labels and place not in self.labels:
            for section, paragraphs in self.labels.items():
                if place in paragraphs:
                    return section, place
        return place, ""
