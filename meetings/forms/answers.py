"""The form with which one answers a question: words, a choice, several, or a ranking."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from meetings.answering import Said
from meetings.models import Answer, Question
from partners.fields import TextField

Kind = Question.Kind
WORDS_AT_MOST = 3000


class AnswerForm(forms.Form):
    """`said()` is what `answering.answer` takes; None where nothing was filled in.

    A ranking has a field for each option, so that it works with the keyboard and without a script.
    """

    hide_optional = True

    def __init__(
        self,
        data=None,
        *,
        question: Question,
        answer: Answer | None = None,
        language: str = "en",
        label: str = "",
        note: str = "",
        is_optional: bool = False,
        prefix: str | None = None,
    ):
        """`answer`: the one that is changed. `note` stands below the label. `is_optional`: nothing
        at all may be filled in.
        """
        self.question, self.is_optional = question, is_optional
        self.options = list(question.options.all()) if question.has_options else []
        self.texts = {one.pk: one.in_language(language) for one in self.options}
        self.most = question.at_most or len(self.options)
        super().__init__(data, prefix=prefix)
        label = label or _("Your answer")
        picks = list(answer.picks.order_by("rank")) if answer else []
        choices = [(str(key), text) for key, text in self.texts.items()]
        if question.kind == Kind.WRITTEN:
            self.fields["text"] = TextField(
                label=label,
                max_length=WORDS_AT_MOST,
                required=not is_optional,
                initial=answer.text if answer else "",
                help_text=note,
                widget=forms.Textarea(attrs={"rows": 6}),
            )
        elif question.kind == Kind.CHOICE:
            self.fields["choice"] = forms.ChoiceField(
                label=label,
                choices=choices,
                required=not is_optional,
                initial=str(picks[0].option_id) if picks else None,
                help_text=note,
                widget=forms.RadioSelect,
            )
        elif question.kind == Kind.SEVERAL:
            self.fields["choices"] = forms.MultipleChoiceField(
                label=label,
                choices=choices,
                required=not is_optional,
                initial=[str(pick.option_id) for pick in picks],
                widget=forms.CheckboxSelectMultiple,
                help_text=" ".join(filter(None, (note, self._limit()))),
            )
        else:
            self._add_places({pick.option_id: pick.rank for pick in picks})

    def _limit(self) -> str:
        return gettext("At most %(n)s.") % {"n": self.most} if self.question.at_most else ""

    def _add_places(self, ranks: dict[int, int]):
        places = [("", _("No place"))]
        places += [(str(n), _("Place %(n)s") % {"n": n}) for n in range(1, self.most + 1)]
        for key, text in self.texts.items():
            self.fields[_place(key)] = forms.ChoiceField(
                label=text,
                choices=places,
                required=False,
                initial=str(ranks.get(key, "")),
                widget=forms.Select(attrs={"class": "short"}),
            )

    def clean_choices(self) -> list[str]:
        chosen = self.cleaned_data["choices"]
        if len(chosen) > self.most:
            raise ValidationError(
                gettext("You ticked %(n)s; %(most)s at most can be chosen.")
                % {"n": len(chosen), "most": self.most}
            )
        return chosen

    def clean(self):
        cleaned = super().clean()
        if self.question.kind == Kind.RANKING and not self.errors:
            self._check_places(cleaned)
        return cleaned

    def _check_places(self, cleaned: dict):
        by_place: dict[int, list[int]] = {}
        for key in self.texts:
            if place := cleaned.get(_place(key)):
                by_place.setdefault(int(place), []).append(key)
        for place, keys in sorted(by_place.items()):
            if len(keys) > 1:
                said = gettext("%(n)s subjects have place %(place)s: %(texts)s.") % {
                    "n": _in_words(len(keys)),
                    "place": place,
                    "texts": "; ".join(f"“{self.texts[key]}”" for key in keys),
                }
                self.add_error(_place(keys[-1]), said)
        if not by_place and not self.is_optional:
            raise ValidationError(gettext("Give a place to one subject or more."))
        gaps = [place for place in range(1, max(by_place, default=0)) if place not in by_place]
        if gaps and not self.errors:
            raise ValidationError(
                gettext("Nothing has place %(place)s. Fill the places from the first one on.")
                % {"place": gaps[0]}
            )

    def said(self) -> Said | None:
        found = self.cleaned_data
        if self.question.kind == Kind.WRITTEN:
            return Said(text=found["text"]) if found["text"] else None
        if self.question.kind == Kind.CHOICE:
            picks = [found["choice"]] if found["choice"] else []
        elif self.question.kind == Kind.SEVERAL:
            picks = found["choices"]
        else:
            placed = [key for key in self.texts if found[_place(key)]]
            picks = sorted(placed, key=lambda key: int(found[_place(key)]))
        return Said(picks=tuple(int(key) for key in picks)) if picks else None


def _place(key: int) -> str:
    return f"place_{key}"


def _in_words(number: int) -> str:
    """Small numbers as a sentence begins with them."""
    known = {2: gettext("Two"), 3: gettext("Three"), 4: gettext("Four"), 5: gettext("Five")}
    return known.get(number, str(number))
