"""Forms of the drafting team: filters, answers one by one and in bulk, the end of a round."""

from collections.abc import Iterable

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from documents.answer_overview import Brief
from documents.models import Comment, Response
from partners.models import User

REASON_AT_MOST = Response._meta.get_field("reason").max_length
VERDICTS = [("", gettext_lazy("Choose")), *Response.Verdict.choices]
WHOLE, ME, NOBODY, NONE = "whole", "me", "nobody", "none"


def _reason_field(required: bool) -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("The author of the comment reads it; with a public page, all do."),
        max_length=REASON_AT_MOST,
        required=required,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class FilterForm(forms.Form):
    """Which comments are shown; the choices are what occurs in this round."""

    hide_optional = True

    answered = forms.ChoiceField(label=gettext_lazy("Answers"), required=False)
    section = forms.ChoiceField(label=gettext_lazy("Section"), required=False)
    type = forms.ChoiceField(label=gettext_lazy("Type"), required=False)
    organisation = forms.ChoiceField(label=gettext_lazy("Organisation"), required=False)
    assigned = forms.ChoiceField(label=gettext_lazy("Assigned to"), required=False)

    def __init__(self, data, *, briefs: list[Brief], team: Iterable[User], user: User):
        super().__init__(data)
        self.user = user
        every = ("", _("All"))
        self.fields["answered"].choices = [
            every,
            ("no", _("Not answered")),
            ("yes", _("Answered")),
            ("changed", _("Changed after the answer")),
        ]
        self.fields["section"].choices = [every, *_sections(briefs)]
        self.fields["type"].choices = [every, *Comment.Type.choices]
        self.fields["organisation"].choices = [every, *_organisations(briefs)]
        others = [(str(one.pk), str(one)) for one in team if one != user]
        self.fields["assigned"].choices = [
            every,
            (ME, _("Me")),
            (NOBODY, _("Nobody in particular")),
            *others,
        ]

    def fitting(self, briefs: list[Brief]) -> list[Brief]:
        """Those that fit all filters; a filter with an unknown value chooses nothing out."""
        self.is_valid()
        chosen = {name: value for name, value in self.cleaned_data.items() if value}
        return [one for one in briefs if all(self._fits(one, *item) for item in chosen.items())]

    def _fits(self, one: Brief, name: str, value: str) -> bool:
        if name == "answered":
            return {
                "yes": bool(one.verdict),
                "no": not one.verdict,
                "changed": one.changed_since,
            }[value]
        if name == "section":
            return (one.section or WHOLE) == value
        if name == "type":
            return one.type == value
        if name == "organisation":
            return str(one.organisation or NONE) == value
        wanted = {ME: self.user.pk, NOBODY: None}.get(value, value)
        return one.assigned_to == (int(wanted) if wanted else None)


def _sections(briefs: list[Brief]) -> list[tuple[str, str]]:
    """In the order of the text."""
    found = dict.fromkeys(one.section for one in briefs)
    return [(label or WHOLE, label or _("Without a section")) for label in found]


def _organisations(briefs: list[Brief]) -> list[tuple[str, str]]:
    found = {(one.organisation_name or "", str(one.organisation or NONE)) for one in briefs}
    return [
        (key, name or _("In a personal capacity"))
        for name, key in sorted(found, key=lambda pair: pair[0].casefold())
    ]


class AnswerForm(forms.Form):
    """One answer; `seen` is the state of comment and answer that the writer saw."""

    verdict = forms.ChoiceField(label=gettext_lazy("Answer"), choices=VERDICTS)
    reason = _reason_field(required=True)
    seen = forms.CharField(max_length=100, required=False, widget=forms.HiddenInput)


class BulkForm(forms.Form):
    """The same for all chosen comments: an answer, or who writes it; `do` is the button."""

    ANSWER, ASSIGN = "answer", "assign"
    hide_optional = True

    verdict = forms.ChoiceField(label=gettext_lazy("Answer"), choices=VERDICTS, required=False)
    reason = _reason_field(required=False)
    assigned_to = forms.ChoiceField(label=gettext_lazy("Assigned to"), required=False)

    def __init__(self, data=None, *, team: Iterable[User]):
        super().__init__(data, prefix="bulk", use_required_attribute=False)
        self.do = data.get("do") if data else None
        self.fields["assigned_to"].choices = [
            ("", _("Choose")),
            *((str(one.pk), str(one)) for one in team),
            (NOBODY, _("Nobody in particular")),
        ]

    def clean(self):
        said = super().clean()
        if self.do == self.ANSWER:
            if not said.get("verdict") and "verdict" not in self.errors:
                self.add_error("verdict", _("Choose an answer."))
            if not said.get("reason") and "reason" not in self.errors:
                self.add_error("reason", _("Give a reason: the authors read it."))
        elif self.do == self.ASSIGN:
            if not said.get("assigned_to") and "assigned_to" not in self.errors:
                self.add_error("assigned_to", _("Choose a person, or nobody in particular."))
        else:
            raise ValidationError(_("This button is not known."))
        return said

    @property
    def person(self) -> int | None:
        """Who answers; None: nobody in particular."""
        chosen = self.cleaned_data["assigned_to"]
        return None if chosen == NOBODY else int(chosen)


class FinishForm(forms.Form):
    """How a round ends; `override` only where something stands against it."""

    hide_optional = True

    public = forms.BooleanField(
        label=gettext_lazy("Publish all comments and answers"),
        required=False,
    )
    override = forms.CharField(
        label=gettext_lazy("Finish nevertheless: the reason"),
        help_text=gettext_lazy(
            "A sentence at least. It is kept with the round and in the log of decisions, and "
            "commenters without an answer read it."
        ),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args, readers: str, with_override: bool, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["public"].help_text = _(
            "Readers: %(readers)s. With the names of organisations, without names of people."
        ) % {"readers": readers}
        if not with_override:
            del self.fields["override"]


class CancelForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("A sentence at least. Everybody who wrote a comment reads it."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
