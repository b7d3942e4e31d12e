"""The numbers that the Lead may change: how long a confirmation counts."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from dateutil.relativedelta import relativedelta
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

STEPS_AT_MOST = 6  # reminders of a cycle
SHORTEST_MONTH = 28  # days


@dataclass(frozen=True)
class Limits:
    """The moments that part fresh from due, due from stale, stale from lapsed, at one `now`."""

    fresh_since: datetime
    due_since: datetime
    stale_since: datetime
    never_is_lapsed: bool


def reminder_days() -> list[int]:
    return [0, 14, 28]


class Policy(models.Model):
    """One row, for the whole list."""

    fresh_months = models.PositiveSmallIntegerField(
        _("fresh for (months)"), default=12, validators=[MinValueValidator(1)]
    )
    due_days = models.PositiveSmallIntegerField(
        _("then due for (days)"), default=42, help_text=_("The time of the reminders.")
    )
    stale_months = models.PositiveSmallIntegerField(
        _("stale until (months)"), default=24, help_text=_("Counted from the confirmation.")
    )
    lapsed_months = models.PositiveSmallIntegerField(
        _("lapsed until (months)"), default=36, help_text=_("Then unlisted, after notice.")
    )
    reminder_days = ArrayField(
        models.PositiveSmallIntegerField(),
        default=reminder_days,
        verbose_name=_("reminders, days past due"),
        help_text=_("Days after the due date, in order and with commas: 0, 14, 28."),
    )
    reminders_a_year = models.PositiveSmallIntegerField(
        _("reminders at most in 12 months"), default=3
    )
    days_between = models.PositiveSmallIntegerField(
        _("days between two mails at least"), default=14, validators=[MinValueValidator(1)]
    )
    notice_days = models.PositiveSmallIntegerField(
        _("notice before unlisting (days)"), default=30, validators=[MinValueValidator(1)]
    )
    never_months = models.PositiveSmallIntegerField(
        _("never confirmed: unlisted after (months)"),
        default=12,
        help_text=_("Counted from the end of the first round."),
    )
    leave_months = models.PositiveSmallIntegerField(
        _("'leave for now' lasts (months)"), default=6, validators=[MinValueValidator(1)]
    )
    spread_minutes = models.PositiveSmallIntegerField(
        _("a day's reminders are spread over (minutes)"),
        default=480,
        validators=[MaxValueValidator(1440)],
    )
    first_round_ended_on = models.DateField(
        _("first round ended on"),
        null=True,
        blank=True,
        help_text=_("From this day on, profiles that nobody ever confirmed count as lapsed."),
    )

    class Meta:
        verbose_name = _("policy")
        verbose_name_plural = _("policy")
        constraints = [
            models.CheckConstraint(name="policy_is_one_row", condition=Q(pk=1)),
            models.CheckConstraint(
                name="policy_spans_follow_each_other",
                condition=Q(fresh_months__lt=F("stale_months"))
                & Q(stale_months__lt=F("lapsed_months")),
            ),
        ]

    def __str__(self):
        return str(_("Policy of the list"))

    def clean(self):
        """What would make no sense together, each at the field that the Lead can change."""
        wrong = {}
        days = self.reminder_days or []
        if not 1 <= len(days) <= STEPS_AT_MOST:
            wrong["reminder_days"] = _("Give one to six days.")
        elif any(later <= earlier for earlier, later in pairwise(days)):
            wrong["reminder_days"] = _("Give the days in order, each larger than the one before.")
        elif self.due_days is not None and days[-1] >= self.due_days:
            wrong["reminder_days"] = _(
                "The last reminder has to come before the time of the reminders is over "
                "(“then due for”)."
            )
        if self.reminders_a_year == 0:
            wrong["reminders_a_year"] = _("Give at least 1: with 0 nobody would be reminded.")
        if None not in (self.fresh_months, self.due_days, self.stale_months, self.lapsed_months):
            if self.stale_months <= self.fresh_months:
                wrong["stale_months"] = _("This has to be longer than “fresh for”.")
            elif (self.stale_months - self.fresh_months) * SHORTEST_MONTH < self.due_days:
                wrong["due_days"] = _("The time of the reminders has to end before “stale until”.")
            if self.lapsed_months <= self.stale_months:
                wrong["lapsed_months"] = _("This has to be longer than “stale until”.")
            elif self.notice_days and (
                (self.lapsed_months - self.fresh_months) * SHORTEST_MONTH
                < self.due_days + self.notice_days
            ):
                wrong["notice_days"] = _(
                    "The notice has to come after the time of the reminders. Give fewer days."
                )
        if wrong:
            raise ValidationError(wrong)

    def warnings(self) -> list[str]:
        """What is allowed, but may not be what the Lead wants."""
        found = []
        if len(self.reminder_days) > self.reminders_a_year:
            found.append(
                _(
                    "There are %(steps)s reminders, but nobody gets more than %(limit)s in 12 "
                    "months: the rest will not be sent."
                )
                % {"steps": len(self.reminder_days), "limit": self.reminders_a_year}
            )
        if any(b - a < self.days_between for a, b in pairwise(self.reminder_days)):
            found.append(
                _("Some reminders lie less than %(n)s days apart: the later one waits until then.")
                % {"n": self.days_between}
            )
        return found

    @classmethod
    def current(cls) -> "Policy":
        """The row, or one with the defaults of the partnership where none was saved yet."""
        return cls.objects.filter(pk=1).first() or cls(pk=1)

    def limits(self, now: datetime) -> Limits:
        """Where the states of freshness part, for this moment (aware, UTC)."""
        fresh_since = now - relativedelta(months=self.fresh_months)
        ended = self.first_round_ended_on
        return Limits(
            fresh_since=fresh_since,
            due_since=fresh_since - timedelta(days=self.due_days),
            stale_since=now - relativedelta(months=self.stale_months),
            never_is_lapsed=ended is not None and ended <= now.date(),
        )
