"""The form of what a person wants to get by mail."""

from datetime import datetime
from itertools import groupby

from django import forms
from django.conf import settings
from django.utils.html import escape
from django.utils.translation import gettext_lazy as _

from mailings.models import AnnouncementTopic, Frequency, Preferences, Subscription
from partners import languages, time_zones
from partners.models import Country, Region, Term

#: In which partners write; others are offered to those who chose them
COMMON_LANGUAGES = ("en", "fr", "es", "pt", "ar", "ru", "zh")


#: The buttons that give all topics the same answer
ALL = {"weekly": Frequency.WEEKLY, "never": Frequency.NEVER}


class PreferencesForm(forms.Form):
    """How often for each topic that takes announcements, what narrows all of them, and how.

    Begins with what the person has chosen; `never` where nothing was, and `zone`, that of the
    browser, where none was. `frequencies` and `preferences` are what subscribing.choose takes.
    """

    hide_optional = True

    regions = forms.MultipleChoiceField(
        label=_("Regions"),
        choices=Region,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    countries = forms.MultipleChoiceField(
        label=_("Countries"), required=False, widget=forms.CheckboxSelectMultiple
    )
    terms = forms.TypedMultipleChoiceField(
        label=_("Expertise"), coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )
    languages = forms.MultipleChoiceField(
        label=_("Languages of announcements"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    language = forms.ChoiceField(
        label=_("Language of our mails"),
        help_text=_(
            "The words around the announcements. Each announcement stays as it was written."
        ),
        choices=settings.MAIL_LANGUAGES,
        widget=forms.Select(attrs={"class": "short"}),
    )
    time_zone = forms.ChoiceField(
        label=_("Your time zone"),
        help_text=_(
            "For mails of a day or a week. Choose the town that has your time. With the list open, "
            "type the first letters of its name."
        ),
        widget=forms.Select(attrs={"class": "short"}),
    )

    def __init__(self, data=None, *, user_id: int, now: datetime, zone: str = ""):
        kept = Preferences.objects.filter(user=user_id).first()
        self.topics = list(AnnouncementTopic.objects.filter(is_open=True))
        chosen = dict(Subscription.objects.filter(user=user_id).values_list("topic", "frequency"))
        super().__init__(self._with_same(data), initial=_initial(kept, zone))
        for topic in self.topics:
            self.fields[_name_of(topic)] = forms.ChoiceField(
                label=str(topic),
                help_text=escape(topic.explained),  # fields print it as it is
                choices=Frequency,
                initial=chosen.get(topic.pk, Frequency.NEVER),
                widget=forms.RadioSelect,
                error_messages={"required": _("Choose how often.")},
            )
        self.order_fields([_name_of(topic) for topic in self.topics])
        self.fields["countries"].choices = _countries()
        self.fields["terms"].choices = _terms()
        self.fields["languages"].choices = _languages(kept)
        self.fields["time_zone"].choices = [("UTC", "UTC"), *time_zones.choices(now)]

    def _with_same(self, data):
        """What was sent, with the answer of a button (`all`) for each topic."""
        same = ALL.get(data.get("all", "")) if data is not None else None
        if same is None:
            return data
        data = data.copy()
        for topic in self.topics:
            data[_name_of(topic)] = same.value
        return data

    def of_topics(self) -> list[forms.BoundField]:
        """The fields with how often."""
        return [self[_name_of(topic)] for topic in self.topics]

    @property
    def shows_countries(self) -> bool:
        return self._is_narrowed("countries")

    @property
    def shows_terms(self) -> bool:
        return self._is_narrowed("terms")

    def _is_narrowed(self, name: str) -> bool:
        """Whether something is ticked in a field, or wrong with it: then it is shown open."""
        return bool(self[name].value() or self[name].errors)

    @property
    def stops_all(self) -> bool:
        return self.is_bound and ALL.get(self.data.get("all", "")) == Frequency.NEVER

    def all_never(self) -> dict[int, str]:
        """`frequencies` of somebody who stops all, whatever stands in other fields."""
        return {topic.pk: Frequency.NEVER for topic in self.topics}

    @property
    def frequencies(self) -> dict[int, str]:
        return {topic.pk: self.cleaned_data[_name_of(topic)] for topic in self.topics}

    @property
    def preferences(self) -> dict:
        names = ("language", "time_zone", "regions", "countries", "terms", "languages")
        return {name: self.cleaned_data[name] for name in names}


def _name_of(topic: AnnouncementTopic) -> str:
    return f"topic_{topic.pk}"


def _initial(kept: Preferences | None, zone: str) -> dict:
    if kept is None:
        known = zone if zone in time_zones.zone_names() else "UTC"
        return {"language": settings.LANGUAGE_CODE, "time_zone": known}
    return {
        "language": kept.language,
        "time_zone": kept.time_zone,
        "regions": kept.regions,
        "countries": list(kept.countries.values_list("pk", flat=True)),
        "terms": list(kept.terms.values_list("pk", flat=True)),
        "languages": kept.languages,
    }


def _countries() -> list[tuple[str, list[tuple[str, str]]]]:
    """All of them, by region."""
    found = {region: [] for region in Region}
    for country in Country.objects.all():
        found[Region(country.region)].append((country.pk, str(country)))
    return [(str(region.label), rows) for region, rows in found.items()]


def _terms() -> list[tuple[str, list[tuple[int, str]]]]:
    """By group; the group itself stands for all that it holds, also for what is added later."""
    terms = Term.objects.exclude(parent=None).select_related("parent")
    in_groups = terms.order_by("parent__order", "parent__pk", "order", "pk")
    return [
        (str(group), [(group.pk, _("All of it")), *((term.pk, str(term)) for term in rows)])
        for group, rows in groupby(in_groups, key=lambda term: term.parent)
    ]


def _languages(kept: Preferences | None) -> list[tuple[str, str]]:
    codes = dict.fromkeys([*COMMON_LANGUAGES, *(kept.languages if kept else [])])
    return [(code, languages.name(code)) for code in codes]
