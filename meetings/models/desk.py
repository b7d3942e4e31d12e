"""How one registers: the desk, and the organisers' own questions."""

from datetime import datetime
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from meetings.models.meeting import Meeting
from meetings.models.seats import Part


class Appearance(models.TextChoices):
    """Who sees a name on the list of participants; each holds the one before it."""

    NOBODY = "nobody", _("Nobody but the organisers")
    PARTICIPANTS = "participants", _("Participants")
    EVERYONE = "everyone", _("Everyone who may see the meeting")


class RegistrationDeskQuerySet(models.QuerySet):
    def open_at(self, now: datetime):
        """Of announced meetings, between the moments that the organisers set."""
        return self.filter(
            opens_at__lte=now, closes_at__gt=now, meeting__status=Meeting.Status.ANNOUNCED
        )


class RegistrationDesk(models.Model):
    """How one registers for a meeting. A meeting without this row takes no registrations."""

    meeting = models.OneToOneField(Meeting, models.CASCADE, related_name="desk")
    opens_at = models.DateTimeField(_("opens"))
    closes_at = models.DateTimeField(_("closes"))
    needs_approval = models.BooleanField(
        _("the organisers approve each registration"), default=False
    )
    asks_funding = models.BooleanField(_("ask whether the costs must be paid"), default=False)
    offers_letters = models.BooleanField(_("offer invitation letters for a visa"), default=False)
    #: The widest circle; what a person agreed to can only make it smaller
    participants_shown_to = models.CharField(
        _("who sees the list of participants"),
        max_length=15,
        choices=Appearance,
        default=Appearance.PARTICIPANTS,
        help_text=_("Each person stands there only as far as they agreed."),
    )
    #: A free seat is held this long for whoever waited
    offer_hours = models.PositiveSmallIntegerField(_("hours to accept a free seat"), default=48)
    erase_on = models.DateField(
        _("sensitive answers are erased on"), help_text=_("The form states this day.")
    )
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = RegistrationDeskQuerySet.as_manager()

    class Meta:
        verbose_name = _("registration desk")
        verbose_name_plural = _("registration desks")
        constraints = [
            models.CheckConstraint(
                name="desk_closes_after_it_opens", condition=Q(closes_at__gt=F("opens_at"))
            ),
            models.CheckConstraint(name="desk_offers_an_hour", condition=Q(offer_hours__gte=1)),
        ]

    def __str__(self):
        return str(self.meeting)

    def is_open(self, now: datetime) -> bool:
        return self.opens_at <= now < self.closes_at


class FormQuestionQuerySet(models.QuerySet):
    def of_registering(self):
        """On the form of the meeting itself, in their order."""
        return self.filter(part=None).order_by("number", "pk")

    def in_order(self):
        return self.order_by("number", "pk")


class FormQuestion(models.Model):
    """A question of the organisers on the form; of a visit, where one signs up for it."""

    class Kind(models.TextChoices):
        TEXT = "text", _("Text")
        YES_NO = "yes_no", _("Yes or no")
        CHOICE = "choice", _("One of several answers")

    #: What is kept of a question of yes or no, and how people read it
    YES_OR_NO: ClassVar[dict] = {"yes": _("Yes"), "no": _("No")}

    meeting = models.ForeignKey(Meeting, models.CASCADE, related_name="form_questions")
    part = models.ForeignKey(
        Part,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="form_questions",
        verbose_name=_("site visit"),
    )
    number = models.PositiveSmallIntegerField(_("number"), default=1)
    text = models.CharField(_("question"), max_length=300)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.TEXT)
    choices = ArrayField(
        models.CharField(max_length=200), verbose_name=_("answers"), default=list, blank=True
    )
    is_required = models.BooleanField(_("must be answered"), default=False)
    is_sensitive = models.BooleanField(_("sensitive: erased after the meeting"), default=False)

    objects = FormQuestionQuerySet.as_manager()

    class Meta:
        verbose_name = _("question of the form")
        verbose_name_plural = _("questions of the form")
        ordering = ["meeting", "part", "number", "pk"]
        constraints = [
            models.CheckConstraint(
                name="formquestion_has_choices", condition=~Q(kind="choice") | ~Q(choices=[])
            )
        ]

    def __str__(self):
        return self.text
