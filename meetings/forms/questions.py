"""The organisers' form of a question."""

from datetime import datetime

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from meetings.asking import OPTIONS_AT_MOST, PROMISED, Choice
from meetings.models import Item, Meeting, Question
from partners.fields import TextField

MOMENT = "%Y-%m-%dT%H:%M"
LANGUAGES = {"fr": _("French"), "es": _("Spanish")}
#: Fields that are no field of the model
APART = ("options", "options_fr", "options_es")


def _lines_field(label, help_text="") -> forms.CharField:
    return TextField(
        label=label,
        help_text=help_text,
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )


class QuestionForm(forms.ModelForm):
    """`values()` and `choices()` are what the steps of `asking` take."""

    options = _lines_field(
        _("Answers to choose from, one a line"),
        _("For a choice or a ranking. They cannot be changed after the first answer."),
    )
    options_fr = _lines_field(
        _("The same lines in French"), _("As many lines, in the same order, or none.")
    )
    options_es = _lines_field(
        _("The same lines in Spanish"), _("As many lines, in the same order, or none.")
    )
    closes_at = forms.DateTimeField(
        label=_("Closes"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT),
    )

    class Meta:
        model = Question
        fields = [
            "text",
            "kind",
            "options",
            "at_most",
            "asked_of",
            "unit",
            "is_anonymous",
            "results",
            "closes_at",
            "item",
            "is_survey",
            "text_fr",
            "options_fr",
            "text_es",
            "options_es",
        ]
        widgets = {
            "text": forms.Textarea(attrs={"rows": 2}),
            "kind": forms.RadioSelect,
            "asked_of": forms.RadioSelect,
            "unit": forms.RadioSelect,
            "results": forms.RadioSelect,
        }
        help_texts = {
            "at_most": _(
                "Of a ranking how many places there are, of a choice how many answers one can "
                "tick. Empty: as many as one likes."
            ),
            "unit": _("Colleagues see and change the one answer of their organisation."),
            "is_anonymous": _(
                "It is noted who has answered, and not what: nobody can find out, the Lead "
                "neither. Such an answer cannot be changed. Results are shown once the question is "
                "closed, to organisers too, and of fewer than 3 answers never. It cannot be opened "
                "again then."
            ),
            "results": _("Of an anonymous question never before it is closed."),
            "is_survey": _(
                "Answered with the other questions of the survey on one page: after the meeting "
                "by participants, one answer for each person, results for organisers alone."
            ),
            "item": _("The point of the agenda at which it is discussed."),
        }

    field_order = Meta.fields

    def __init__(self, data=None, *, meeting: Meeting, question: Question | None = None):
        self.meeting = meeting
        initial = {}
        if question:
            options = list(question.options.all())
            initial = {
                "options": "\n".join(one.text for one in options),
                "options_fr": _if_any([one.text_fr for one in options]),
                "options_es": _if_any([one.text_es for one in options]),
            }
            if question.closes_at:  # the clock at the place of the meeting
                initial["closes_at"] = timezone.make_naive(question.closes_at, meeting.zone)
        super().__init__(data, instance=question, initial=initial)
        self.fields["at_most"].validators.append(MinValueValidator(1))
        self.fields["at_most"].widget.attrs["min"] = 1
        self.fields["item"].queryset = Item.objects.filter(session__meeting=meeting).order_by(
            "session__number", "position"
        )
        self.fields["closes_at"].help_text = _("Time of %(zone)s. Empty: until you close it.") % {
            "zone": meeting.time_zone
        }
        if question and question.answered.exists():
            for name in (*PROMISED, *APART):
                self.fields[name].disabled = True

    def clean_text(self):
        return " ".join(self.cleaned_data["text"].split())

    def clean_closes_at(self) -> datetime | None:
        typed = self.cleaned_data["closes_at"]
        return typed.replace(tzinfo=self.meeting.zone) if typed else None

    def clean_options(self) -> list[str]:
        options = _lines(self.cleaned_data["options"])
        if self.cleaned_data.get("kind") not in Question.WITH_OPTIONS:
            return options
        if len(options) < 2:
            raise ValidationError(gettext("Write two answers or more, one a line."))
        if len(options) > OPTIONS_AT_MOST:
            raise ValidationError(
                gettext("There are %(n)s lines; %(most)s answers are the limit.")
                % {"n": len(options), "most": OPTIONS_AT_MOST}
            )
        if twice := [one for one in dict.fromkeys(options) if options.count(one) > 1]:
            raise ValidationError(gettext("“%(text)s” stands there twice.") % {"text": twice[0]})
        return options

    def clean(self):
        cleaned = super().clean()
        options = cleaned.get("options", [])
        for language, name in LANGUAGES.items():
            lines = _lines(cleaned.get(f"options_{language}") or "")
            if lines and len(lines) != len(options):
                self.add_error(
                    f"options_{language}",
                    ngettext(
                        "There is %(n)s line in %(language)s for %(wanted)s answers.",
                        "There are %(n)s lines in %(language)s for %(wanted)s answers.",
                        len(lines),
                    )
                    % {"n": len(lines), "language": name, "wanted": len(options)},
                )
            cleaned[f"options_{language}"] = lines
        for field, lines in ((name, cleaned.get(name) or []) for name in APART):
            if any(len(line) > 300 for line in lines) and field in cleaned:
                self.add_error(field, gettext("A line has more than 300 letters. Make it shorter."))
        most = cleaned.get("at_most")
        if most and options and most > len(options):
            self.add_error(
                "at_most",
                gettext("There are only %(n)s answers to choose from.") % {"n": len(options)},
            )
        return cleaned

    def _post_clean(self):
        """A ModelForm would write on the row here; the step does, under its lock."""

    def values(self) -> dict:
        return {name: value for name, value in self.cleaned_data.items() if name not in APART}

    def choices(self) -> list[Choice]:
        if self.cleaned_data["kind"] not in Question.WITH_OPTIONS:
            return []
        texts = self.cleaned_data["options"]
        french = self.cleaned_data["options_fr"] or [""] * len(texts)
        spanish = self.cleaned_data["options_es"] or [""] * len(texts)
        return [Choice(*one) for one in zip(texts, french, spanish, strict=True)]


def _lines(text: str | list) -> list[str]:
    if isinstance(text, list):
        return text
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def _if_any(texts: list[str]) -> str:
    return "\n".join(texts) if any(texts) else ""
