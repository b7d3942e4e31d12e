"""How the list keeps itself fresh: confirmations, rounds, links in mails, what the Lead did."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from experts.models.expert import Expert
from mailings.models import MailLink, Reminder
from mailings.models.links import random_token
from partners.models import Region

#: Of the reminders about profiles (mailings/models/reminders.py).
TOPIC = "profile"


class Confirmation(models.Model):
    """An expert said that the profile is right: when, how, and how much was asked elsewhere."""

    class Channel(models.TextChoices):
        MAIL = "mail", _("From a mail")
        PAGE = "page", _("On the profile’s page")
        SAVED = "saved", _("By saving the profile")

    expert = models.ForeignKey(Expert, models.CASCADE, related_name="confirmations")
    at = models.DateTimeField(_("when"))
    channel = models.CharField(_("how"), max_length=10, choices=Channel)
    #: The last reminder of the cycle that this confirmation ended; none when it came by itself.
    reminder = models.ForeignKey(Reminder, models.SET_NULL, null=True, blank=True, related_name="+")
    outside_requests = models.PositiveSmallIntegerField(
        _("requests for advice outside the portal since the last time"), null=True, blank=True
    )

    class Meta:
        verbose_name = _("confirmation")
        verbose_name_plural = _("confirmations")
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["at"], name="confirmation_by_day")]

    def __str__(self):
        return f"{self.expert}, {self.at:%Y-%m-%d}"


class RoundQuerySet(models.QuerySet):
    def in_force(self):
        """Rounds that begin a cycle: all but the cancelled."""
        return self.filter(cancelled_at=None)


class Round(models.Model):
    """The Lead asks the whole list to confirm until a day, as it was done by hand.

    Everybody who has not confirmed since `opened_at` is due at once.
    """

    opened_at = models.DateTimeField(_("opened"))
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    deadline = models.DateField(_("deadline"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True)

    objects = RoundQuerySet.as_manager()

    class Meta:
        verbose_name = _("refresh round")
        verbose_name_plural = _("refresh rounds")
        ordering = ["-opened_at"]
        constraints = [
            models.UniqueConstraint(
                models.Value(1),
                name="round_one_open_at_a_time",
                condition=Q(ended_at=None, cancelled_at=None),
            ),
            models.CheckConstraint(
                name="round_ended_or_cancelled",
                condition=Q(ended_at=None) | Q(cancelled_at=None),
            ),
        ]

    def __str__(self):
        return f"{self.opened_at:%Y-%m-%d} – {self.deadline:%Y-%m-%d}"

    @property
    def is_open(self) -> bool:
        return self.ended_at is None and self.cancelled_at is None


class ProfileLink(MailLink):
    """Acts for one profile."""

    expert = models.ForeignKey(Expert, models.CASCADE, related_name="links")

    class Meta(MailLink.Meta):
        abstract = False
        verbose_name = _("link to a profile")
        verbose_name_plural = _("links to profiles")

    def __str__(self):
        return f"{self.expert}, {self.created_at:%Y-%m-%d}"


class FollowUp(models.Model):
    """What the Lead did about an expert who stayed silent through a ladder.

    The expert is out of the queue until `until`, or until a new cycle begins.
    """

    class Action(models.TextChoices):
        WRITE_AGAIN = "again", _("Written to again")
        ASK_CONTACT = "contact", _("Asked the organisation’s contact person")
        LEAVE = "leave", _("Left for now")

    class Answer(models.TextChoices):
        HERE = "here", _("Works there; was told")
        ADDRESS = "address", _("Has another address")
        LEFT = "left", _("Does not work there any more")

    expert = models.ForeignKey(Expert, models.CASCADE, related_name="follow_ups")
    action = models.CharField(_("what was done"), max_length=10, choices=Action)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(_("when"))
    until = models.DateTimeField(_("until"))
    #: Of a contact person: whom the Lead asked, the link in that mail, and what they answered.
    contact_name = models.CharField(_("contact person"), max_length=200, blank=True)
    contact_email = models.EmailField(_("contact person’s address"), blank=True)
    token = models.CharField(max_length=32, unique=True, default=random_token, editable=False)
    answer = models.CharField(_("answer"), max_length=10, choices=Answer, blank=True)
    note = models.CharField(_("note"), max_length=500, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)

    class Meta:
        verbose_name = _("follow-up")
        verbose_name_plural = _("follow-ups")
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["expert", "until"], name="followup_of_expert")]

    def __str__(self):
        return f"{self.expert}: {self.get_action_display()}"


class Edition(models.Model):
    """The roster as it stood on a day, with its figures by region."""

    round = models.OneToOneField(
        Round, models.PROTECT, null=True, blank=True, related_name="edition"
    )
    at = models.DateTimeField(_("as of"))

    class Meta:
        verbose_name = _("edition of the roster")
        verbose_name_plural = _("editions of the roster")
        ordering = ["-at"]

    def __str__(self):
        return f"{self.at:%Y-%m-%d}"


class EditionEntry(models.Model):
    """One expert in an edition, in the public words of that day; goes when a profile is erased."""

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="entries")
    expert = models.ForeignKey(Expert, models.CASCADE, related_name="+")
    sort_name = models.CharField(max_length=200)
    region = models.CharField(max_length=20)
    name = models.CharField(max_length=150)
    position = models.CharField(max_length=150, blank=True)
    organisation = models.CharField(max_length=300, blank=True)
    country = models.CharField(max_length=2)
    expertise = models.TextField(blank=True)
    languages = models.TextField(blank=True)
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("entry of an edition")
        verbose_name_plural = _("entries of editions")
        ordering = ["region", "sort_name", "pk"]
        constraints = [models.UniqueConstraint("edition", "expert", name="edition_expert_once")]

    def __str__(self):
        return self.name


class EditionFigure(models.Model):
    """How many were on the list and had confirmed, in one region of an edition."""

    edition = models.ForeignKey(Edition, models.CASCADE, related_name="figures")
    region = models.CharField(max_length=20, choices=Region)
    listed = models.PositiveIntegerField()
    confirmed = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("figure of an edition")
        verbose_name_plural = _("figures of editions")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint("edition", "region", name="edition_region_once"),
            models.CheckConstraint(
                name="edition_confirmed_are_listed", condition=Q(confirmed__lte=F("listed"))
            ),
        ]

    def __str__(self):
        return f"{self.get_region_display()}: {self.listed}"
