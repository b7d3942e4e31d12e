"""The form of the survey: seven questions, a minute."""

from django import forms
from django.utils.translation import gettext_lazy as _

from advice.models import SurveyAnswer
from experts import presenting
from experts.forms import NamesField, country_words

#: More than anybody gets; a slip of the finger stands out.
REQUESTS_AT_MOST = 500


class SurveyForm(forms.Form):
    """What an expert says; `cleaned_data` is what advice.surveying.answer takes."""

    received = forms.IntegerField(
        label=_("How many requests for advice did you get because of the list?"),
        help_text=_("Since you stand on the list, in the portal or elsewhere. 0 for none."),
        min_value=0,
        max_value=REQUESTS_AT_MOST,
        widget=forms.NumberInput(attrs={"class": "short", "inputmode": "numeric"}),
    )
    countries = NamesField(
        label=_("From which countries?"),
        words=country_words,
        name_of=presenting.country,
        max_length=2000,
        required=False,
        help_text=_("With commas: Indonesia, Viet Nam"),
    )
    about = forms.CharField(label=_("On what?"), max_length=500, required=False)
    answered = forms.ChoiceField(
        label=_("Did you answer them?"),
        choices=SurveyAnswer.Answered,
        required=False,
        widget=forms.RadioSelect,
    )
    result = forms.CharField(
        label=_("What came of it?"),
        max_length=500,
        required=False,
        help_text=_("One sentence. Name no person."),
    )
    why_not = forms.ChoiceField(
        label=_("If nobody asked you: why, do you think?"),
        choices=[("", _("No answer")), *SurveyAnswer.WhyNot.choices],
        required=False,
    )
    stays = forms.TypedChoiceField(
        label=_("Do you want to stay on the list?"),
        choices=[("yes", _("Yes")), ("no", _("No"))],
        coerce=lambda word: word == "yes",
        initial="yes",
        widget=forms.RadioSelect,
    )

    #: Questions about requests, for those who got some
    OF_REQUESTS = ("countries", "about", "answered", "result")

    def __init__(self, data=None, *, answer: SurveyAnswer | None):
        """`answer`: what the expert said before, which fills the form."""
        initial = {}
        if answer:
            initial = {name: getattr(answer, name) for name in self.base_fields}
            initial["stays"] = "yes" if answer.stays else "no"
        super().__init__(data, initial=initial)

    def clean(self):
        said = super().clean()
        received = said.get("received")
        if received == 0:
            for name in self.OF_REQUESTS:
                if said.get(name):
                    self.add_error(
                        name, _("You wrote 0 requests. Change the number, or leave this empty.")
                    )
        elif received:
            if said.get("why_not"):
                self.add_error("why_not", _("This is for experts whom nobody asked: no answer."))
            if not said.get("answered") and "answered" not in self.errors:
                self.add_error("answered", _("Say whether you answered them."))
        return said
