"""What an expert changed: at once, or as a proposal that waits for the Lead; and corrections."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from experts.models.expert import Expert


class Edit(models.Model):
    """One saving of a profile by its expert, with a `Change` for each field that differs."""

    expert = models.ForeignKey(Expert, models.CASCADE, related_name="edits")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("when"))
    reason = models.TextField(_("reason"), blank=True)
    seen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    seen_at = models.DateTimeField(_("looked at"), null=True, blank=True)

    class Meta:
        verbose_name = _("edit")
        verbose_name_plural = _("edits")
        ordering = ["-at", "-pk"]
        indexes = [models.Index("at", name="edit_not_seen", condition=Q(seen_at=None))]

    def __str__(self):
        return f"{self.expert}, {self.at:%Y-%m-%d}"


class Change(models.Model):
    """One field of an edit: what stood there, what the expert wrote, and what became of it.

    `before` and `after` are the field's value as JSON: a string, a number, a day as ISO 8601, a
    key, or a sorted list of keys or codes. Values of private fields are not stored, only that they
    changed.
    """

    class State(models.TextChoices):
        APPLIED = "applied", _("Shown")
        WAITING = "waiting", _("Waits for the Lead")
        ACCEPTED = "accepted", _("Accepted")
        REJECTED = "rejected", _("Rejected")
        REPLACED = "replaced", _("Replaced by a later edit")
        UNDONE = "undone", _("Undone by the Lead")

    NEXT = {
        State.WAITING: {State.ACCEPTED, State.REJECTED, State.REPLACED},
        State.APPLIED: {State.UNDONE},
    }

    edit = models.ForeignKey(Edit, models.CASCADE, related_name="changes")
    field = models.CharField(max_length=40)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    state = models.CharField(max_length=10, choices=State)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_reason = models.TextField(blank=True)

    class Meta:
        verbose_name = _("change")
        verbose_name_plural = _("changes")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint("edit", "field", name="change_once_for_a_field"),
            models.CheckConstraint(
                name="change_decided_with_a_time",
                condition=Q(state__in=["applied", "waiting", "replaced"])
                | Q(decided_at__isnull=False),
            ),
        ]
        indexes = [models.Index("edit", name="change_waiting", condition=Q(state="waiting"))]

    def __str__(self):
        return f"{self.edit}: {self.field}"

    @classmethod
    def move_term(cls, old_id: int, into_id: int):
        """A term was merged into another (partners/vocabulary.py): kept lists name the new one."""
        for change in cls.objects.select_for_update().filter(field="terms"):
            lists = {"before": change.before or [], "after": change.after or []}
            if any(old_id in keys for keys in lists.values()):
                for name, keys in lists.items():
                    moved = {into_id if key == old_id else key for key in keys}
                    setattr(change, name, sorted(moved))
                change.save(update_fields=["before", "after"])


class Correction(models.Model):
    """What a colleague says is wrong in a profile; it goes to the expert."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        DONE = "done", _("Taken over")
        DECLINED = "declined", _("Not taken over")

    expert = models.ForeignKey(Expert, models.CASCADE, related_name="corrections")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    text = models.TextField(_("what should be corrected"), max_length=1000)
    at = models.DateTimeField(_("when"))
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("suggested correction")
        verbose_name_plural = _("suggested corrections")
        ordering = ["-at", "-pk"]

    def __str__(self):
        return f"{self.expert}: {self.text[:40]}"
