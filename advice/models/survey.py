"""The survey of 2014, run again: a short questionnaire to every listed expert."""

from datetime import date, datetime

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q, Value
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from experts.models import Expert
from mailings.models import MailLink
from partners.models.countries import validate_country


class SurveyQuerySet(models.QuerySet):
    def open(self, now: datetime):
        """Those that take answers; never more than one."""
        return self.filter(closed_at=None, closes_on__gte=now.date())

    def over(self, now: datetime):
        return self.exclude(closed_at=None, closes_on__gte=now.date())

    def visible_to(self, user, now: datetime):
        """Whose results this person may see: the Lead at once, everybody when it is over."""
        if user.has_perm("advice.view_survey"):
            return self
        return self.over(now)


class Survey(models.Model):
    """One run, from the day that the Lead opens it to a day; or one that was held before."""

    title = models.CharField(_("title"), max_length=150)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    opened_at = models.DateTimeField(_("opened"), default=timezone.now)
    #: The last day on which it takes answers
    closes_on = models.DateField(_("closes on"))
    #: When it was closed: by the Lead, or after that day by the portal
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True, editable=False)
    #: When it was opened
    listed_then = models.PositiveIntegerField(_("experts on the list"), null=True, blank=True)
    #: Of a survey held before the portal; of the others the answers are counted
    asked_then = models.PositiveIntegerField(
        _("experts who had been asked for advice"), null=True, blank=True
    )
    source_text = models.CharField(_("source"), max_length=300, blank=True)

    objects = SurveyQuerySet.as_manager()

    class Meta:
        verbose_name = _("survey")
        verbose_name_plural = _("surveys")
        ordering = ["-opened_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="survey_asked_of_listed",
                condition=Q(asked_then=None)
                | Q(listed_then__isnull=False, listed_then__gte=F("asked_then")),
            ),
            models.UniqueConstraint(Value(1), name="survey_one_open", condition=Q(closed_at=None)),
        ]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("survey_results", args=[self.pk])

    @property
    def was_held_before(self) -> bool:
        """Before there was a portal: only its figures are known."""
        return self.asked_then is not None

    @property
    def closed_on(self) -> date:
        """The last day on which it took answers, or takes them."""
        return min(self.closes_on, self.closed_at.date()) if self.closed_at else self.closes_on

    def is_open(self, now: datetime) -> bool:
        """As `SurveyQuerySet.open`."""
        return self.closed_at is None and self.closes_on >= now.date()


class SurveyAnswer(models.Model):
    """What one expert says. No answer is no row."""

    class Answered(models.TextChoices):
        ALL = "all", _("All of them")
        SOME = "some", _("Some of them")
        NONE = "none", _("None of them")

    class WhyNot(models.TextChoices):
        """Why nobody asked, as the expert sees it."""

        UNKNOWN_LIST = "unknown", _("The list is not known")
        OUT_OF_DATE = "out_of_date", _("My profile was out of date")
        NO_NEED = "no_need", _("My field is not needed now")
        OTHER_WAYS = "other_ways", _("People find me in other ways")
        OTHER = "other", _("I do not know")

    survey = models.ForeignKey(Survey, models.CASCADE, related_name="answers")
    expert = models.ForeignKey(Expert, models.CASCADE, related_name="survey_answers")
    received = models.PositiveSmallIntegerField(
        _("requests for advice received because of the list")
    )
    countries = ArrayField(
        models.CharField(max_length=2, validators=[validate_country]),
        default=list,
        blank=True,
        verbose_name=_("from which countries"),
    )
    about = models.CharField(_("on what"), max_length=500, blank=True)
    answered = models.CharField(_("answered"), max_length=10, choices=Answered, blank=True)
    result = models.CharField(_("what came of it"), max_length=500, blank=True)
    why_not = models.CharField(_("why nobody asked"), max_length=12, choices=WhyNot, blank=True)
    stays = models.BooleanField(_("wants to stay on the list"), default=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("answer to a survey")
        verbose_name_plural = _("answers to surveys")
        ordering = ["survey", "pk"]
        constraints = [
            models.UniqueConstraint("survey", "expert", name="surveyanswer_once"),
            models.CheckConstraint(
                name="surveyanswer_of_requests_only",
                condition=Q(received__gt=0) | Q(answered="", result="", about="", countries=[]),
            ),
        ]

    def __str__(self):
        return f"{self.survey}: {self.expert}"


class SurveyLink(MailLink):
    """Lets one expert answer one survey without sign-in."""

    survey = models.ForeignKey(Survey, models.CASCADE, related_name="links")
    expert = models.ForeignKey(Expert, models.CASCADE, related_name="survey_links")

    class Meta(MailLink.Meta):
        abstract = False
        verbose_name = _("link to a survey")
        verbose_name_plural = _("links to surveys")

    def __str__(self):
        return f"{self.survey}: {self.expert}"
