"""Who comes, for whom, and what the host must know."""

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import Func, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from meetings.models.desk import Appearance, FormQuestion
from meetings.models.meeting import Meeting
from meetings.models.seats import Booking, Part
from partners.models import Country, Organisation


class RegistrationQuerySet(models.QuerySet):
    def by_name(self):
        """Sorted without regard to accents and case, with what one reads beside a name."""
        found = self.select_related("organisation", "country", "user")
        return found.order_by(Func("name", function="portal_sort_key"), "pk")

    def with_a_seat_on_site(self):
        """Those with a confirmed seat on site: they travel."""
        confirmed = Booking.objects.filter(
            status=Booking.Status.CONFIRMED, part__kind=Part.Kind.ON_SITE
        )
        return self.filter(pk__in=confirmed.values("registration"))

    def taking_part(self):
        """Those with a confirmed seat on site or online."""
        confirmed = Booking.objects.filter(
            status=Booking.Status.CONFIRMED, part__kind__in=Part.WAYS
        )
        return self.filter(pk__in=confirmed.values("registration"))

    def live(self):
        """Those with a seat, an offer, a place in a line or before the organisers."""
        return self.filter(pk__in=Booking.objects.live().values("registration"))

    def in_vain(self):
        """Those of people who never had a confirmed seat, never got a letter and were not there.

        A calendar event was sent with each confirmed seat on site or online: who has none and has
        never had one taken back, never had a seat.
        """
        confirmed = Booking.objects.filter(status=Booking.Status.CONFIRMED)
        return (
            self.filter(told_sequence=-1, own_sequence=0, letters=None, attendances=None)
            .exclude(pk__in=confirmed.values("registration"))
            .order_by()
        )

    def showing_themselves(self, to_participants: bool, today: date):
        """Those whose name may stand on the list: by consent, while the meeting is not over.

        The consent ends after the meeting's last day.
        """
        kinds = [Registration.Appearance.EVERYONE]
        if to_participants:
            kinds.append(Registration.Appearance.PARTICIPANTS)
        return self.taking_part().filter(appearance__in=kinds, meeting__ends_on__gte=today)


class Registration(models.Model):
    """A person for a meeting: who, for whom, and what the host must know.

    Where the seat stands is in the bookings. Passport data are never asked for.
    """

    Appearance = Appearance

    meeting = models.ForeignKey(Meeting, models.PROTECT, related_name="registrations")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="registrations")
    name = models.CharField(
        _("name"), max_length=200, help_text=_("As it stands in your passport, if you travel.")
    )
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("organisation represented"),
    )
    organisation_name = models.CharField(_("organisation in words"), max_length=200, blank=True)
    country = models.ForeignKey(
        Country,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("country represented"),
    )
    #: Seen by the organisers alone
    is_funded = models.BooleanField(_("costs must be paid by the host"), default=False)
    diet = models.CharField(_("diet"), max_length=300, blank=True)
    access = models.CharField(_("access needs"), max_length=500, blank=True)
    wants_letter = models.BooleanField(_("invitation letter for a visa"), default=False)
    appearance = models.CharField(
        _("who sees your name"), max_length=15, choices=Appearance, default=Appearance.NOBODY
    )
    #: `appearance` ends with the meeting; the report stays, so it is asked about apart
    in_report = models.BooleanField(
        _("my name may stand in the report, which stays"), default=False
    )
    #: Version of the agenda of which the person was told last
    told_version = models.PositiveSmallIntegerField(default=0, editable=False)
    #: Of the calendar event that was sent last; -1: none yet
    told_sequence = models.IntegerField(default=-1, editable=False)
    #: How far this person's event is ahead of the meeting's: one for each that was taken back, and
    #: one for each that was sent again after that
    own_sequence = models.PositiveIntegerField(default=0, editable=False)
    #: When the last mail about changes was promised: at most one a day
    changes_told_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)
    fictitious = models.BooleanField(default=False)

    objects = RegistrationQuerySet.as_manager()

    class Meta:
        verbose_name = _("registration")
        verbose_name_plural = _("registrations")
        ordering = ["meeting", "created_at", "pk"]
        constraints = [
            models.UniqueConstraint("meeting", "user", name="registration_once"),
            models.CheckConstraint(name="registration_has_a_name", condition=~Q(name="")),
        ]

    def __str__(self):
        return self.name

    @property
    def represents(self) -> str:
        """The organisation, by its row or in words; may be empty."""
        return str(self.organisation) if self.organisation_id else self.organisation_name


class FormAnswer(models.Model):
    registration = models.ForeignKey(Registration, models.CASCADE, related_name="answers")
    question = models.ForeignKey(FormQuestion, models.PROTECT, related_name="answers")
    text = models.TextField(max_length=2000, blank=True)

    class Meta:
        verbose_name = _("answer on the form")
        verbose_name_plural = _("answers on the form")
        ordering = ["question"]
        constraints = [models.UniqueConstraint("registration", "question", name="formanswer_once")]

    def __str__(self):
        return self.text

    @property
    def in_words(self) -> str:
        """What was answered, as people read it."""
        return str(FormQuestion.YES_OR_NO.get(self.text, self.text))
