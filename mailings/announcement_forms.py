"""Forms of announcements: what an author writes, and what the Lead says about it."""

from datetime import datetime

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator, URLValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mailings import announcing, pasted
from mailings.models import Announcement, AnnouncementTopic
from partners import languages
from partners.audience import Audience
from partners.fields import CountriesField, TermsField, TextField, terms_in_groups
from partners.files import DocumentFileField
from partners.models import Organisation, Term

LINKS_AT_MOST = 10
MOMENT = "%Y-%m-%dT%H:%M"
#: Below it the page folds these away: most announcements name few of them
FOLDED = ("countries", "terms")


class PastedTextField(TextField):
    """Text that may come out of Word or a mail program (mailings/pasted.py)."""

    def to_python(self, value):
        return pasted.cleaned(super().to_python(value))


class LinksField(TextField):
    """Addresses, one a line; the value is a list of them."""

    _check = URLValidator(schemes=["http", "https"])

    def prepare_value(self, value):
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value) -> list[str]:
        lines = [line.strip() for line in super().clean(value).splitlines() if line.strip()]
        if len(lines) > LINKS_AT_MOST:
            raise ValidationError(_("Ten links are the limit."))
        found = []
        for line in lines:
            address = line if "://" in line else f"https://{line}"
            try:
                self._check(address)
            except ValidationError:
                raise ValidationError(
                    _("“%(line)s” is not a web address. Give one address a line.")
                    % {"line": line[:80]}
                ) from None
            if len(address) > 500:
                raise ValidationError(_("An address has more than 500 letters."))
            found.append(address)
        return list(dict.fromkeys(found))


def _day(label, help_text="") -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        help_text=help_text,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


class AnnouncementForm(forms.Form):
    """What an author writes; the topic decides which fields there are.

    `values()`, `cleaned_data["version"]` and the files are what `announcing.save` takes.
    """

    version = forms.IntegerField(widget=forms.HiddenInput, initial=0)
    topic = forms.ModelChoiceField(
        label=gettext_lazy("Topic"),
        queryset=AnnouncementTopic.objects.none(),
        empty_label=None,
        help_text=gettext_lazy("With another topic, the form may ask for other things."),
    )
    title = forms.CharField(
        label=gettext_lazy("Title"),
        max_length=150,
        help_text=gettext_lazy("What it is about, in one line. It is the subject of the mail."),
    )
    text = PastedTextField(
        label=gettext_lazy("Text"),
        max_length=10_000,
        help_text=gettext_lazy(
            "What, who, where, until when, and where to ask. You can write **bold**, "
            "*italic*, - lists, # headings and [words](https://example.org) for a link."
        ),
        widget=forms.Textarea(attrs={"rows": 12}),
    )
    begins_on = _day(gettext_lazy("First day of the event"))
    ends_on = _day(gettext_lazy("Last day of the event"), gettext_lazy("If it has several days."))
    closes_on = _day(
        gettext_lazy("Closing date"),
        gettext_lazy("The last day on which people can answer. Empty: there is none."),
    )
    amount = forms.DecimalField(
        label=gettext_lazy("Amount of money"),
        required=False,
        min_value=0,
        max_digits=14,
        decimal_places=2,
        help_text=gettext_lazy("The whole amount, or the largest that one applicant can get."),
    )
    currency = forms.CharField(
        label=gettext_lazy("Currency"),
        required=False,
        max_length=3,
        validators=[
            RegexValidator("^[A-Za-z]{3}$", gettext_lazy("Use three letters, such as USD or EUR."))
        ],
        help_text=gettext_lazy("Three letters: USD, EUR, JPY"),
    )
    who_may_apply = forms.CharField(
        label=gettext_lazy("Who may apply"), required=False, max_length=300
    )
    links = LinksField(
        label=gettext_lazy("Links"),
        required=False,
        max_length=5200,
        help_text=gettext_lazy("Web addresses, one a line."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    file = DocumentFileField(
        label=gettext_lazy("Add a file"),
        required=False,
        help_text=gettext_lazy(
            "People open it on the page of the announcement. It is not sent with the mail."
        ),
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language of the text"), choices=languages.choices, initial="en"
    )
    audience = forms.ChoiceField(
        label=gettext_lazy("Who reads it"),
        choices=Audience.choices,
        initial=Audience.PARTNERS,
        widget=forms.RadioSelect,
        help_text=gettext_lazy(
            "With “Everybody”, people without a sign-in read it in the archive, too."
        ),
    )
    organisation = forms.ModelChoiceField(
        label=gettext_lazy("Organisation"),
        queryset=Organisation.objects.none(),
        required=False,
        empty_label=gettext_lazy("none: as a person"),
        help_text=gettext_lazy("One of yours, for which you write."),
    )
    countries = CountriesField(
        label=gettext_lazy("Countries"),
        required=False,
        help_text=gettext_lazy("Tick none if it is for all countries."),
    )
    terms = TermsField(
        label=gettext_lazy("Expertise"),
        queryset=Term.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("What it is about. One to four are best; tick none for all."),
    )
    rules = forms.IntegerField(widget=forms.HiddenInput)
    accepts = forms.BooleanField(
        label=gettext_lazy("I have read the rules of the list, and I keep to them"),
        error_messages={"required": gettext_lazy("Accept the rules of the list before you go on.")},
    )

    def __init__(
        self,
        data=None,
        files=None,
        *,
        user,
        now: datetime,
        topic: AnnouncementTopic | None = None,
        announcement: Announcement | None = None,
    ):
        """`topic`: of a new one; `announcement`: the one that is changed."""
        initial = self.initial_of(announcement) if announcement else {"topic": topic}
        super().__init__(data, files, initial=initial)
        self.announcement = announcement
        topics = announcing.topics_for(user)
        self.fields["topic"].queryset = AnnouncementTopic.objects.filter(
            pk__in=[one.pk for one in topics]
        )
        self.fields["terms"].queryset = terms_in_groups()
        houses = Organisation.objects.of(user, now.date())
        self.fields["organisation"].queryset = houses
        if not announcement and len(known := list(houses[:2])) == 1:
            self.fields["organisation"].initial = known[0].pk
        if not houses:
            del self.fields["organisation"]
        self._keep_what_is_asked(self._topic(topics) or initial["topic"])
        self._ask_for_rules(user)

    @staticmethod
    def initial_of(announcement: Announcement) -> dict:
        names = (*announcing.FIELDS, "version")
        found = {name: getattr(announcement, name) for name in names}
        sets = {name: list(getattr(announcement, name).all()) for name in announcing.SETS}
        return found | sets

    def _topic(self, topics: list[AnnouncementTopic]) -> AnnouncementTopic | None:
        """The one that was sent."""
        sent = self.data.get("topic", "") if self.is_bound else ""
        return next((one for one in topics if str(one.pk) == sent), None)

    def _keep_what_is_asked(self, topic: AnnouncementTopic | None):
        dates = topic.dates if topic else AnnouncementTopic.Dates.NONE
        if dates != AnnouncementTopic.Dates.EVENT:
            del self.fields["begins_on"], self.fields["ends_on"]
        else:
            self.fields["begins_on"].required = True
        if dates != AnnouncementTopic.Dates.CLOSING:
            del self.fields["closes_on"]
        if not (topic and topic.asks_money):
            del self.fields["amount"], self.fields["currency"], self.fields["who_may_apply"]

    def _ask_for_rules(self, user):
        rules = announcing.current_rules()
        if rules is None or announcing.has_accepted_rules(user):
            del self.fields["rules"], self.fields["accepts"]
        else:
            self.fields["rules"].initial = rules.pk

    def clean_title(self) -> str:
        return " ".join(pasted.cleaned(self.cleaned_data["title"]).split())

    def clean_currency(self) -> str:
        return self.cleaned_data["currency"].upper()

    def clean(self):
        cleaned = super().clean()
        begins, ends = cleaned.get("begins_on"), cleaned.get("ends_on")
        if begins and ends and ends < begins:
            self.add_error("ends_on", _("The last day is before the first. Correct one of them."))
        if cleaned.get("amount") is not None and not cleaned.get("currency", "-"):
            self.add_error("currency", _("Say in which currency the amount is."))
        return cleaned

    def values(self) -> dict:
        """FIELDS and SETS of announcing; what the form does not ask for is empty."""
        names = (*announcing.FIELDS, *announcing.SETS)
        said = {name: self.cleaned_data[name] for name in names if name in self.cleaned_data}
        return announcing.values_of(**said)

    def typed(self) -> Announcement:
        """An announcement of what was typed so far, not saved, for a look at it."""
        cleaned = getattr(self, "cleaned_data", {})
        found = Announcement(title=cleaned.get("title", ""), text=cleaned.get("text", ""))
        found.pk = self.announcement.pk if self.announcement else None
        for name in announcing.FIELDS:
            if cleaned.get(name):
                setattr(found, name, cleaned[name])
        return found

    def differences(self, stored: Announcement) -> list[tuple[str, str, str]]:
        """(label, as it is stored, as it was typed) of each field that differs."""
        kept = self.initial_of(stored)
        found = []
        for name, field in self.fields.items():
            if name not in kept or name == "version":
                continue
            now, typed = _in_words(field, kept[name]), _in_words(field, self.cleaned_data[name])
            if now != typed:
                found.append((field.label, now, typed))
        return found


def _in_words(field: forms.Field, value) -> str:
    if value is None or value == "":
        return ""
    if isinstance(field, LinksField):
        return "\n".join(value)
    if isinstance(field, forms.ModelMultipleChoiceField):
        return ", ".join(sorted(str(one) for one in value))
    if isinstance(field, forms.ChoiceField) and not isinstance(field, forms.ModelChoiceField):
        return str(dict(field.choices).get(value, value))
    return str(value)


class WordsForm(forms.Form):
    """The Lead's words for an announcement of somebody else."""

    version = forms.IntegerField(label="", widget=forms.HiddenInput)
    title = forms.CharField(label=gettext_lazy("Title"), max_length=150)
    text = PastedTextField(
        label=gettext_lazy("Text"), max_length=10_000, widget=forms.Textarea(attrs={"rows": 14})
    )

    def clean_title(self) -> str:
        return " ".join(self.cleaned_data["title"].split())


class WithdrawForm(forms.Form):
    """Why; the Lead has to say it."""

    reason = TextField(
        label=gettext_lazy("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, data=None, *, is_own: bool):
        super().__init__(data)
        self.fields["reason"].required = not is_own
        if not is_own:
            self.fields["reason"].help_text = _("The author reads it.")


class MomentForm(forms.Form):
    """When an announcement shall leave. The version is the one that the page was made of."""

    version = forms.IntegerField(label="", widget=forms.HiddenInput)
    publish_at = forms.DateTimeField(
        label=gettext_lazy("Leaves (UTC)"),
        help_text=gettext_lazy("Not your local time."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT),
    )
