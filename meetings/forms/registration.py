"""Forms of a person who registers for a meeting or signs up for a site visit."""

from collections.abc import Iterable
from datetime import date

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from advice.forms.requests import country_choices
from meetings.desks import erased_in_words
from meetings.models import (
    FormAnswer,
    FormQuestion,
    Meeting,
    Part,
    Registration,
    RegistrationDesk,
)
from partners.fields import TextField
from partners.models import Organisation

#: What each consent means, said where one chooses
APPEARANCES = (
    (Registration.Appearance.NOBODY, gettext_lazy("Nobody but the organisers sees my name")),
    (
        Registration.Appearance.PARTICIPANTS,
        gettext_lazy("Participants with a confirmed seat see my name, organisation and country"),
    ),
    (
        Registration.Appearance.EVERYONE,
        gettext_lazy("Everyone who may see this meeting sees my name, organisation and country"),
    ),
)


def seats_in_words(part: Part, waiting: int) -> str:
    """ "On site: 18 seats are free"; `waiting`: how many wait for one."""
    said = _free_in_words(part, waiting)
    return f"{part}: {said}" if said else str(part)


def _free_in_words(part: Part, waiting: int) -> str:
    if part.free is None:
        return ""
    if part.free and not waiting:
        return ngettext("%(n)s seat is free", "%(n)s seats are free", part.free) % {"n": part.free}
    if not waiting:
        return _("all seats are taken; you get the first place of the waiting list")
    said = ngettext(
        "all seats are taken, and %(n)s person waits; you get the next place of the waiting list",
        "all seats are taken, and %(n)s people wait; you get the next place of the waiting list",
        waiting,
    )
    return said % {"n": waiting}


class QuestionsForm(forms.Form):
    """The organisers' own questions, each a field `q` and its key."""

    def add_questions(
        self, questions: Iterable[FormQuestion], erase_on: date, answers: dict[int, str]
    ):
        """`answers`: key of a question → what was answered before."""
        self.questions = list(questions)
        for question in self.questions:
            field = _field_of(question)
            field.required, field.initial = question.is_required, answers.get(question.pk, "")
            if question.is_sensitive:
                field.help_text = erased_in_words(erase_on)
            self.fields[f"q{question.pk}"] = field

    def answers(self) -> dict[FormQuestion, str]:
        return {one: self.cleaned_data[f"q{one.pk}"] for one in self.questions}


def _field_of(question: FormQuestion) -> forms.Field:
    if question.kind == FormQuestion.Kind.TEXT:
        return TextField(
            label=question.text, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
        )
    if question.kind == FormQuestion.Kind.YES_NO:
        choices = list(FormQuestion.YES_OR_NO.items())
    else:
        choices = [(one, one) for one in question.choices]
    if not question.is_required:
        choices = [("", _("No answer")), *choices]
    return forms.ChoiceField(label=question.text, choices=choices, widget=forms.RadioSelect)


class RegistrationForm(QuestionsForm):
    """`values()`, `answers()` and `cleaned_data["way"]` are what registering takes."""

    way = forms.ModelChoiceField(
        label=gettext_lazy("How will you take part?"),
        queryset=Part.objects.none(),
        empty_label=None,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose how you take part.")},
    )
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=200,
        help_text=gettext_lazy("As it stands in your passport, if you travel."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    organisation = forms.ModelChoiceField(
        label=gettext_lazy("Organisation that you represent"),
        queryset=Organisation.objects.none(),
        required=False,
        empty_label=gettext_lazy("none of these"),
    )
    organisation_name = forms.CharField(
        label=gettext_lazy("Organisation in words"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    country = forms.ChoiceField(
        label=gettext_lazy("Country that you represent"),
        required=False,
        widget=forms.Select(attrs={"autocomplete": "country"}),
    )
    is_funded = forms.BooleanField(
        label=gettext_lazy("I can come only if the host pays my travel"),
        required=False,
        help_text=gettext_lazy("Seen by the organisers alone."),
    )
    diet = forms.CharField(
        label=gettext_lazy("Food that you do not eat"), max_length=300, required=False
    )
    access = forms.CharField(
        label=gettext_lazy("What help do you need to take part?"),
        max_length=500,
        required=False,
    )
    wants_letter = forms.BooleanField(
        label=gettext_lazy("I need an invitation letter for a visa"), required=False
    )
    appearance = forms.ChoiceField(
        label=gettext_lazy("Who may see your name on the list of participants?"),
        choices=APPEARANCES,
        initial=Registration.Appearance.NOBODY,
        widget=forms.RadioSelect,
        help_text=gettext_lazy("After the last day of the meeting nobody sees the list."),
    )

    in_report = forms.BooleanField(
        label=gettext_lazy("My name may stand in the report, among those who took part"),
        required=False,
        help_text=gettext_lazy("The report stays. Without this it counts you and names you not."),
    )

    #: What organisers approve
    IDENTITY = ("name", "organisation", "organisation_name", "country")
    #: Read by the organisers alone
    PRIVATE = ("is_funded", "diet", "access")
    #: In this order; the organisers' questions come before the last two
    FIELDS = (
        *IDENTITY,
        *("is_funded", "diet", "access", "wants_letter", "appearance", "in_report"),
    )

    def __init__(
        self,
        data=None,
        *,
        meeting: Meeting,
        desk: RegistrationDesk,
        user,
        today: date,
        registration: Registration | None = None,
        is_approved: bool = False,
        typed: dict | None = None,
    ):
        """`registration`: the one that is changed, which keeps its way; `typed`: before sign-in.

        `is_approved`: then the organisers alone change name, organisation and country.
        """
        initial = _initial(registration) if registration else _known_of(user, today)
        super().__init__(data, initial=initial | (typed or {}))
        ways = meeting.parts.ways().with_waiting()
        self.fields["way"].queryset = ways
        self.fields["way"].label_from_instance = lambda way: seats_in_words(way, way.waiting)
        if registration:
            del self.fields["way"]
        elif len(ways) == 1:
            self.fields["way"].initial = ways[0].pk
        self.fields["country"].choices = [("", _("none")), *country_choices()]
        houses = Organisation.objects.none()
        if user.is_authenticated:
            houses = Organisation.objects.of(user, today)
            if registration and registration.organisation_id:
                houses |= Organisation.objects.filter(pk=registration.organisation_id)
        self.fields["organisation"].queryset = houses
        if not houses.exists():
            del self.fields["organisation"]
            self.fields["organisation_name"].label = _("Organisation that you represent")
        else:
            self.fields["organisation_name"].help_text = _("If it is another one.")
        self.is_approved = is_approved
        for name in self.IDENTITY if is_approved else ():
            self.fields.pop(name, None)
        if not desk.asks_funding:
            del self.fields["is_funded"]
        if not desk.offers_letters:
            del self.fields["wants_letter"]
        for name in ("diet", "access"):
            self.fields[name].help_text = erased_in_words(desk.erase_on)
        last = {name: self.fields.pop(name) for name in ("appearance", "in_report")}
        before = answers_of(registration) if registration else {}
        self.add_questions(meeting.form_questions.of_registering(), desk.erase_on, before)
        self.fields |= last

    def clean(self):
        cleaned = super().clean()
        if cleaned.get("organisation"):
            cleaned["organisation_name"] = ""
        return cleaned

    def values(self) -> dict:
        """Fields of Registration → values; what the form does not ask is left out."""
        found = {name: self.cleaned_data[name] for name in self.FIELDS if name in self.fields}
        if not self.is_approved:
            found["country_id"] = found.pop("country") or None
            found.setdefault("organisation", None)
        return found

    def typed(self) -> dict[str, str]:
        """What was typed, as a session can keep it: nothing that the organisers alone may read."""
        sensitive = {f"q{one.pk}" for one in self.questions if one.is_sensitive}
        kept = self.fields.keys() - sensitive - set(self.PRIVATE)
        return {name: self.data[name] for name in kept if name in self.data}


def _initial(registration: Registration) -> dict:
    names = [name for name in RegistrationForm.FIELDS if name not in ("organisation", "country")]
    return {name: getattr(registration, name) for name in names} | {
        "organisation": registration.organisation_id,
        "country": registration.country_id,
    }


def _known_of(user, today: date) -> dict:
    """What the portal knows of somebody already."""
    if not user.is_authenticated:
        return {}
    house = Organisation.objects.of(user, today).order_by("name").first()
    return {
        "name": user.name,
        "organisation": house and house.pk,
        "country": house.country_id if house else "",
    }


def answers_of(registration: Registration) -> dict[int, str]:
    """Key of a question → what was answered."""
    return dict(
        FormAnswer.objects.filter(registration=registration).values_list("question", "text")
    )


class VisitSignUpForm(QuestionsForm):
    """What the host of a site visit needs; without questions, a button alone."""

    def __init__(self, data=None, *, visit: Part, registration: Registration):
        super().__init__(data)
        before, erase_on = answers_of(registration), visit.meeting.desk.erase_on
        self.add_questions(visit.form_questions.in_order(), erase_on, before)
