"""Who is a partner: an organisation or a single person, from application to withdrawal."""

from datetime import date

from django.db import models
from django.db.models import OuterRef, Q
from django.utils.translation import gettext_lazy as _

from partners.models.organisations import Membership, Organisation


class PartnerQuerySet(models.QuerySet):
    def approved(self):
        return self.filter(status=Partner.Status.APPROVED)

    def applied(self):
        return self.filter(status=Partner.Status.APPLIED)

    def standing_for(self, person, day: date):
        """The approved ones as which this person counts on a day: the own, and of organisations to
        which the person belongs. `person` is a user, or an OuterRef to one.
        """
        inside = OuterRef(person) if isinstance(person, OuterRef) else person
        theirs = Membership.objects.held_on(day).filter(user=inside)
        return self.approved().filter(
            Q(person=person) | Q(organisation__in=theirs.values("organisation"))
        )


class Partner(models.Model):
    """The standing of one organisation or one person in the partnership."""

    class Status(models.TextChoices):
        APPLIED = "applied", _("Applied")
        APPROVED = "approved", _("Partner")
        DECLINED = "declined", _("Declined")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    NEXT = {
        Status.APPLIED: {Status.APPROVED, Status.DECLINED, Status.WITHDRAWN},
        Status.APPROVED: {Status.WITHDRAWN},
        Status.DECLINED: {Status.APPLIED},
        Status.WITHDRAWN: {Status.APPLIED},
    }

    organisation = models.OneToOneField(
        Organisation, models.PROTECT, null=True, blank=True, verbose_name=_("organisation")
    )
    person = models.OneToOneField(
        "partners.User",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="partner",
        verbose_name=_("person"),
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.APPLIED)
    statement = models.TextField(
        _("why"), blank=True, help_text=_("What you do about mercury waste, in two sentences.")
    )
    applied_by = models.ForeignKey(
        "partners.User", models.PROTECT, null=True, blank=True, related_name="+"
    )
    applied_at = models.DateTimeField(_("applied"), auto_now_add=True)

    objects = PartnerQuerySet.as_manager()

    class Meta:
        verbose_name = _("partner")
        verbose_name_plural = _("partners")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="partner_is_organisation_or_person",
                condition=Q(organisation__isnull=True) ^ Q(person__isnull=True),
            )
        ]

    def __str__(self):
        return str(self.organisation or self.person)


class PartnerChange(models.Model):
    """One change of standing: from, to, when, by whom and why. Rows are only ever added."""

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="changes")
    old = models.CharField(max_length=10, choices=Partner.Status, blank=True)
    new = models.CharField(max_length=10, choices=Partner.Status)
    at = models.DateTimeField()
    actor = models.ForeignKey("partners.User", models.PROTECT, null=True, related_name="+")
    reason = models.TextField(blank=True)

    class Meta:
        verbose_name = _("change of standing")
        verbose_name_plural = _("changes of standing")
        ordering = ["at", "pk"]

    def __str__(self):
        return f"{self.partner}: {self.get_new_display()}"
