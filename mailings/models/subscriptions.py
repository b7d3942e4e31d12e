"""What people want to get by mail: topics that the Lead keeps, and each reader's choice."""

from datetime import datetime

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from partners.audience import Audience
from partners.languages import validate_language
from partners.models import Country, Region, Term


class Frequency(models.TextChoices):
    """How often a reader hears of a topic."""

    AT_ONCE = "at_once", _("At once")
    DAILY = "daily", _("Once a day")
    WEEKLY = "weekly", _("Once a week")
    NEVER = "never", _("Never")


class AnnouncementTopic(models.Model):
    """What announcements are about; kept by the Lead, who closes what is not used any more."""

    class Dates(models.TextChoices):
        NONE = "none", _("No date is asked for")
        EVENT = "event", _("The days of an event")
        CLOSING = "closing", _("A closing date")

    code = models.SlugField(_("word in addresses"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80, unique=True)
    name_fr = models.CharField(_("name in French"), max_length=80, blank=True)
    name_es = models.CharField(_("name in Spanish"), max_length=80, blank=True)
    about = models.CharField(_("what belongs here"), max_length=300)
    about_fr = models.CharField(_("what belongs here, in French"), max_length=300, blank=True)
    about_es = models.CharField(_("what belongs here, in Spanish"), max_length=300, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    dates = models.CharField(_("dates"), max_length=10, choices=Dates, default=Dates.NONE)
    asks_money = models.BooleanField(
        _("asks for money"), default=False, help_text=_("Amount, currency, and who may apply.")
    )
    is_of_lead = models.BooleanField(_("only the Lead writes here"), default=False)
    is_open = models.BooleanField(_("takes new announcements"), default=True)

    class Meta:
        verbose_name = _("topic of announcements")
        verbose_name_plural = _("topics of announcements")
        ordering = ["position", "pk"]

    def __str__(self):
        return self._in_readers_language("name")

    @property
    def explained(self) -> str:
        """What belongs here, in the reader's language, else in English."""
        return self._in_readers_language("about")

    def _in_readers_language(self, field: str) -> str:
        language = (get_language() or "en").split("-")[0]
        return getattr(self, f"{field}_{language}", "") or getattr(self, field)


class Preferences(models.Model):
    """A reader's choices that hold for all topics; there is a row once the reader has chosen.

    What is empty narrows nothing. An announcement that names no country is for all of them.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="mail_preferences"
    )
    language = models.CharField(_("language of our mails"), max_length=7, default="en")
    time_zone = models.CharField(_("your time zone"), max_length=60, default="UTC")
    regions = ArrayField(
        models.CharField(max_length=20, choices=Region), verbose_name=_("regions"), default=list
    )
    countries = models.ManyToManyField(
        Country, blank=True, related_name="+", verbose_name=_("countries")
    )
    terms = models.ManyToManyField(
        Term,
        through="mailings.PreferencesTerm",
        blank=True,
        related_name="+",
        verbose_name=_("expertise"),
    )
    languages = ArrayField(
        models.CharField(max_length=7, validators=[validate_language]),
        verbose_name=_("languages of announcements"),
        default=list,
    )
    chosen_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("mail preferences")
        verbose_name_plural = _("mail preferences")

    def __str__(self):
        return str(self.user)


class PreferencesTerm(models.Model):
    """A reader wants a field of expertise. PROTECT: where a term went and took the last choice with
    it, the reader would suddenly get everything; a term in use is merged.
    """

    preferences = models.ForeignKey(Preferences, models.CASCADE)
    term = models.ForeignKey(Term, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("expertise in mail preferences")
        verbose_name_plural = _("expertise in mail preferences")
        constraints = [models.UniqueConstraint("preferences", "term", name="preferences_term_once")]

    def __str__(self):
        return str(self.term)


class SubscriptionQuerySet(models.QuerySet):
    def fitting(self, announcement):
        """Subscriptions of its topic whose reader did not narrow it away. The one definition: for
        the audience of a mailing, for each of its mails as it leaves, and for digests.
        """
        of_topic = self.exclude(frequency=Frequency.NEVER).filter(topic=announcement.topic_id)
        return of_topic.filter(*_not_narrowed_away(announcement))

    def reaching(self, announcement, now: datetime):
        """Those that it fits, of people who belong to its audience at that moment."""
        people = Audience(announcement.audience).people(now)
        return self.fitting(announcement).filter(user__in=people)


def _not_narrowed_away(announcement) -> list[Q]:
    """What must hold of a subscription: in each way the reader narrowed nothing, or it fits."""
    mine = Preferences.objects.filter(user=OuterRef("user"))
    found = [
        ~Exists(mine.exclude(languages=[]).exclude(languages__contains=[announcement.language]))
    ]
    countries = list(announcement.countries.values_list("pk", "region"))
    if countries:
        has_countries = Exists(Preferences.countries.through.objects.filter(_OF_PREFERENCES))
        narrowed = mine.filter(~Q(regions=[]) | Q(has_countries))
        fits = Q(regions__overlap=sorted({region for _code, region in countries})) | Q(
            countries__in=[code for code, _region in countries]
        )
        found.append(Q(~Exists(narrowed)) | Q(Exists(mine.filter(fits))))
    terms = list(announcement.terms.values_list("pk", "parent"))
    if terms:
        # Who asks for a group of terms wants each term of the group
        keys = {key for pair in terms for key in pair if key}
        has_terms = Exists(Preferences.terms.through.objects.filter(_OF_PREFERENCES))
        found.append(Q(~Exists(mine.filter(Q(has_terms)))) | Q(Exists(mine.filter(terms__in=keys))))
    return found


_OF_PREFERENCES = Q(preferences=OuterRef("pk"))


class Subscription(models.Model):
    """How often one reader hears of one topic. No row: the reader has not chosen, and gets nothing.

    "Never" is a row too: who stopped a topic is not asked again.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="subscriptions")
    topic = models.ForeignKey(AnnouncementTopic, models.CASCADE, related_name="subscriptions")
    frequency = models.CharField(_("how often"), max_length=10, choices=Frequency)
    #: What it was before one click stopped it: starting again brings it back
    frequency_before = models.CharField(max_length=10, choices=Frequency, blank=True)
    #: When the reader last went from "never" to anything else: what is older is not sent
    since = models.DateTimeField(default=timezone.now)
    changed_at = models.DateTimeField(default=timezone.now)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        ordering = ["user", "topic"]
        constraints = [models.UniqueConstraint("user", "topic", name="subscription_once")]
        indexes = [models.Index(fields=["topic", "frequency"], name="subscription_by_topic")]

    def __str__(self):
        return f"{self.user}: {self.topic}"
