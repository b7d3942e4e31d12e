"""What people get on paper: invitation letters, and what attendance is confirmed by."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from meetings.models.meeting import Meeting
from meetings.models.papers import new_token
from meetings.models.registration import Registration


class InvitationLetterQuerySet(models.QuerySet):
    def with_what_it_is_held_against(self):
        """With the registration and the meeting as they are now."""
        registration = [f"registration__{name}" for name in ("organisation", "country", "user")]
        return self.select_related("registration__meeting__country", *registration)


class InvitationLetter(models.Model):
    """A letter for a visa, with a number and an address where an authority can verify it.

    What stands in it is kept, so that the address tells what was issued and whether it still holds;
    it never changes, and no letter goes (migration 0002).
    """

    registration = models.ForeignKey(Registration, models.PROTECT, related_name="letters")
    year = models.PositiveSmallIntegerField()
    number = models.PositiveIntegerField()
    token = models.CharField(max_length=64, unique=True, default=new_token)
    name = models.CharField(max_length=200)
    represents = models.CharField(max_length=200, blank=True)
    country_name = models.CharField(max_length=100, blank=True)
    meeting_title = models.CharField(max_length=200)
    place = models.CharField(max_length=310, blank=True)
    host = models.CharField(max_length=200, blank=True)
    starts_on = models.DateField()
    ends_on = models.DateField()
    #: Said only where an organiser wished it: funding is the business of the host alone
    says_host_pays = models.BooleanField(default=False)
    issued_at = models.DateTimeField(default=timezone.now)
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationLetterQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation letter")
        verbose_name_plural = _("invitation letters")
        ordering = ["-year", "-number"]
        constraints = [
            models.UniqueConstraint("year", "number", name="invitationletter_number_once"),
            models.UniqueConstraint(
                "registration",
                name="invitationletter_one_that_holds",
                condition=Q(withdrawn_at=None),
            ),
        ]

    def __str__(self):
        return self.label

    @property
    def label(self) -> str:
        """ "WMA-2027-0004"."""
        return f"WMA-{self.year}-{self.number:04}"

    @property
    def when(self) -> str:
        """The days that stand in it, as `Meeting.when` writes them."""
        return Meeting(starts_on=self.starts_on, ends_on=self.ends_on).when


class Attendance(models.Model):
    """Somebody was there on a day."""

    registration = models.ForeignKey(Registration, models.CASCADE, related_name="attendances")
    day = models.DateField()
    noted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    noted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("attendance")
        verbose_name_plural = _("attendances")
        ordering = ["day", "registration"]
        constraints = [models.UniqueConstraint("registration", "day", name="attendance_once")]

    def __str__(self):
        return f"{self.registration}: {self.day}"
