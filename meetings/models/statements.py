"""What countries say before a meeting: situation, priorities and needs."""

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from advice.models import Need
from meetings.models.meeting import Meeting
from partners.models import Country, Organisation, Term


class StatementQuerySet(models.QuerySet):
    def sent(self):
        return self.filter(status=Statement.Status.SENT)

    def visible_to(self, user, today: date):
        """Sent ones of meetings that the person sees; drafts of the own countries, and of meetings
        that the person prepares. The one definition.
        """
        seen = Meeting.objects.visible_to(user)
        found = Q(status=Statement.Status.SENT)
        if user.is_authenticated and user.is_active:
            own = Organisation.objects.of(user, today).partners()
            found |= Q(country__in=own.values("country"))
            found |= Q(meeting__in=Meeting.objects.organised_by(user).values("pk"))
        return self.filter(found, meeting__in=seen.values("pk"))

    def side_by_side(self):
        """With all that the page of a meeting's statements shows, in the order of countries."""
        return (
            self.select_related("country", "organisation", "meeting")
            .prefetch_related("needs__terms", "needs__need")
            .order_by("country__sort_name")
        )


class Statement(models.Model):
    """The statement of one country for one meeting, written by its partners."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SENT = "sent", _("Sent")

    NEXT = {Status.DRAFT: {Status.SENT}, Status.SENT: {Status.DRAFT}}

    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="statements")
    country = models.ForeignKey(Country, models.PROTECT, related_name="statements")
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("organisation"),
    )
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    situation = models.TextField(_("situation"), max_length=3000, blank=True)
    priorities = models.TextField(_("priorities"), max_length=3000, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT)
    #: Rises with each save, so that two colleagues notice each other
    version = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)
    fictitious = models.BooleanField(default=False)

    objects = StatementQuerySet.as_manager()

    class Meta:
        verbose_name = _("statement of a country")
        verbose_name_plural = _("statements of countries")
        ordering = ["meeting", "country__sort_name"]
        constraints = [
            models.UniqueConstraint("meeting", "country", name="statement_once"),
            models.CheckConstraint(
                name="statement_sent_says_something",
                condition=~Q(status="sent") | ~Q(situation="") & Q(sent_at__isnull=False),
            ),
        ]

    def __str__(self):
        return f"{self.country}, {self.meeting}"

    def get_absolute_url(self):
        return reverse("statement_detail", args=[self.meeting.code, self.country_id.lower()])


class StatedNeed(models.Model):
    """One need of a statement; `need` is the row of the register that came of it, once."""

    statement = models.ForeignKey(Statement, models.CASCADE, related_name="needs")
    number = models.PositiveSmallIntegerField()
    title = models.CharField(_("what is needed, in one line"), max_length=200)
    text = models.TextField(_("in more words"), max_length=2000, blank=True)
    terms = models.ManyToManyField(Term, blank=True, related_name="+", verbose_name=_("expertise"))
    need = models.OneToOneField(
        Need, models.SET_NULL, null=True, blank=True, related_name="stated", editable=False
    )

    class Meta:
        verbose_name = _("need of a statement")
        verbose_name_plural = _("needs of statements")
        ordering = ["statement", "number"]
        constraints = [models.UniqueConstraint("statement", "number", name="statedneed_once")]

    def __str__(self):
        return self.title
