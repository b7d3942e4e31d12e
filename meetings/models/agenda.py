"""The agenda: sessions, their items, who presents them, and the versions that were published.

What is edited is rows; what people read is the newest published version, which never changes
afterwards (docs/decisions/0080).
"""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Deferrable, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from experts.models import Expert
from meetings.models.meeting import Meeting


class Session(models.Model):
    """A stretch of a day without a gap; times of its items follow from where it begins.

    `begins_at` is the time of day at the place of the meeting. Papers are numbered within it.
    """

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="sessions")
    number = models.PositiveSmallIntegerField(
        _("number"),
        help_text=_("Papers of the whole meeting belong to session 0, which is no row."),
    )
    title = models.CharField(_("title"), max_length=200)
    title_fr = models.CharField(_("title in French"), max_length=200, blank=True)
    title_es = models.CharField(_("title in Spanish"), max_length=200, blank=True)
    #: Of old meetings neither is known
    day = models.DateField(_("day"), null=True, blank=True)
    begins_at = models.TimeField(_("begins at"), null=True, blank=True)
    room = models.CharField(_("room"), max_length=100, blank=True)
    chair = models.CharField(_("chair"), max_length=150, blank=True)

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        ordering = ["meeting", "day", "begins_at", "number"]
        constraints = [
            models.UniqueConstraint("meeting", "number", name="session_number_once"),
            models.CheckConstraint(name="session_number_from_one", condition=Q(number__gte=1)),
        ]

    def __str__(self):
        return f"{self.number}. {self.title}"


class Item(models.Model):
    """One point of a session. `duration` is in minutes; a cancelled one takes no time."""

    class Kind(models.TextChoices):
        OPENING = "opening", _("Opening")
        PRESENTATION = "presentation", _("Presentation")
        DISCUSSION = "discussion", _("Discussion")
        SITE_VISIT = "site_visit", _("Site visit")
        BREAK = "break", _("Break")

    session = models.ForeignKey(Session, models.CASCADE, related_name="items")
    position = models.PositiveSmallIntegerField(_("position"))
    title = models.CharField(_("title"), max_length=300)
    title_fr = models.CharField(_("title in French"), max_length=300, blank=True)
    title_es = models.CharField(_("title in Spanish"), max_length=300, blank=True)
    kind = models.CharField(_("kind"), max_length=15, choices=Kind, default=Kind.PRESENTATION)
    #: Empty of old meetings, where it is not known
    duration = models.PositiveSmallIntegerField(_("minutes"), null=True, blank=True, default=15)
    text = models.TextField(_("what it is about"), max_length=3000, blank=True)
    #: Why it does not take place, or where it went; a cancelled item stays visible
    cancelled_because = models.CharField(_("cancelled because"), max_length=200, blank=True)
    is_cancelled = models.BooleanField(_("cancelled"), default=False)
    #: Made by the portal itself, with the open actions of the meeting before
    carries_actions = models.BooleanField(default=False, editable=False)
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)

    class Meta:
        verbose_name = _("agenda item")
        verbose_name_plural = _("agenda items")
        ordering = ["session", "position", "pk"]
        constraints = [
            # Looked at when the transaction ends, so that items can change places
            models.UniqueConstraint(
                fields=["session", "position"],
                name="item_position_once",
                deferrable=Deferrable.DEFERRED,
            ),
            models.CheckConstraint(name="item_at_most_a_day", condition=Q(duration__lte=24 * 60)),
        ]

    def __str__(self):
        return self.title


class Presenter(models.Model):
    """Who presents an item: a person with a sign-in, an expert of the list, or a name."""

    item = models.ForeignKey(Item, models.CASCADE, related_name="presenters")
    number = models.PositiveSmallIntegerField(default=1)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="presents"
    )
    expert = models.ForeignKey(
        Expert, models.SET_NULL, null=True, blank=True, related_name="presents"
    )
    #: Always filled in, so that a name stays where a profile goes
    name = models.CharField(_("name"), max_length=200)

    class Meta:
        verbose_name = _("presenter")
        verbose_name_plural = _("presenters")
        ordering = ["item", "number", "pk"]
        constraints = [
            models.UniqueConstraint("item", "number", name="presenter_number_once"),
            models.CheckConstraint(name="presenter_has_a_name", condition=~Q(name="")),
        ]

    def __str__(self):
        return self.name


class AgendaVersion(models.Model):
    """An agenda as it was published: `content` is a list of sessions as `agenda.content` writes it.

    Rows are only added (migration 0002).
    """

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField()
    content = models.JSONField()
    #: What is different from the version before, a line for each; empty for the first
    changes = models.TextField(_("what changed"), blank=True)
    #: Of what registrants are told about: times, places, status
    is_telling = models.BooleanField(default=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    published_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("version of an agenda")
        verbose_name_plural = _("versions of agendas")
        ordering = ["meeting", "-number"]
        constraints = [
            models.UniqueConstraint("meeting", "number", name="agendaversion_number_once")
        ]

    def __str__(self):
        return f"{self.meeting}: {self.number}"
