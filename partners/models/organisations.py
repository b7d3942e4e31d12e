"""Organisations, who belongs to them from when to when, and the partnership's areas of work."""

from datetime import date

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from partners.models.countries import Country


class OrganisationQuerySet(models.QuerySet):
    def partners(self):
        """Organisations that are approved partners today."""
        return self.filter(partner__status="approved")

    def of(self, user, today):
        """Those to which this person belongs on this date."""
        held = user.memberships.held_on(today)
        return self.filter(pk__in=held.values("organisation"))

    def visible_to(self, user):
        """Whose page this person may see: partners, leads of areas, and what is one's own."""
        if user.has_perm("partners.view_organisation"):
            return self
        seen = Q(partner__status="approved") | Q(
            pk__in=PartnershipArea.leads.through.objects.values("organisation")
        )
        if user.is_authenticated:
            seen |= Q(contact=user) | Q(partner__applied_by=user)
            seen |= Q(pk__in=Membership.objects.filter(user=user).values("organisation"))
        return self.filter(seen)

    def matching(self, words: str):
        """Organisations with all these words in their name or acronym, accents ignored."""
        found = self
        for word in words.split():
            found = found.filter(
                Q(name__unaccent__icontains=word) | Q(acronym__unaccent__icontains=word)
            )
        return found


class Organisation(models.Model):
    """A ministry, an institute, a company: whoever people speak for."""

    class Kind(models.TextChoices):
        GOVERNMENT = "government", _("Government")
        INTERGOVERNMENTAL = "intergovernmental", _("Intergovernmental organisation")
        NGO = "ngo", _("Non-governmental organisation")
        INDUSTRY = "industry", _("Industry")
        ACADEMIA = "academia", _("Academia")
        OTHER = "other", _("Other")

    name = models.CharField(_("name"), max_length=200)
    acronym = models.CharField(_("acronym"), max_length=30, blank=True)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind, default=Kind.OTHER)
    country = models.ForeignKey(
        Country,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="organisations",
        verbose_name=_("country"),
        help_text=_("Empty for organisations of many countries."),
    )
    website = models.URLField(_("web site"), blank=True)
    contact = models.ForeignKey(
        "partners.User",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="contact_for",
        verbose_name=_("contact person"),
        help_text=_("Approves who belongs to the organisation."),
    )
    source = models.CharField(_("source"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                "name",
                "country",
                name="organisation_once_in_a_country",
                nulls_distinct=False,
                violation_error_message=_("This organisation exists already."),
            )
        ]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("organisation_detail", args=[self.pk])


class DateRange(Func):
    function = "daterange"
    output_field = DateRangeField()


class MembershipQuerySet(models.QuerySet):
    def approved(self):
        return self.filter(status=Membership.Status.APPROVED)

    def held_on(self, day: date):
        """Approved memberships that run on this day."""
        return self.approved().filter(from_on__lte=day).filter(Q(to_on=None) | Q(to_on__gte=day))


class Membership(models.Model):
    """A person belongs to an organisation from a day to a day, once somebody there agrees."""

    class Status(models.TextChoices):
        APPLIED = "applied", _("Waiting for approval")
        APPROVED = "approved", _("Approved")
        DECLINED = "declined", _("Declined")

    NEXT = {Status.APPLIED: {Status.APPROVED, Status.DECLINED}}

    user = models.ForeignKey(
        "partners.User", models.PROTECT, related_name="memberships", verbose_name=_("person")
    )
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="memberships", verbose_name=_("organisation")
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.APPLIED)
    from_on = models.DateField(_("from"))
    to_on = models.DateField(_("to"), null=True, blank=True, help_text=_("Empty: still there."))
    applied_at = models.DateTimeField(_("applied"), auto_now_add=True)
    decided_by = models.ForeignKey(
        "partners.User", models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(_("reason"), blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        ordering = ["-from_on", "pk"]
        constraints = [
            models.CheckConstraint(
                name="membership_ends_after_it_begins",
                condition=Q(to_on=None) | Q(to_on__gte=F("from_on")),
            ),
            models.CheckConstraint(
                name="membership_decided_by_somebody",
                condition=Q(status="applied")
                | (Q(decided_at__isnull=False) & Q(decided_by__isnull=False)),
            ),
            ExclusionConstraint(
                name="membership_once_at_a_time",
                expressions=[
                    (
                        DateRange("from_on", "to_on", RangeBoundary(True, True)),
                        RangeOperators.OVERLAPS,
                    ),
                    ("user", RangeOperators.EQUAL),
                    ("organisation", RangeOperators.EQUAL),
                ],
                condition=~Q(status="declined"),
            ),
        ]

    def __str__(self):
        return f"{self.user}, {self.organisation}"


class PartnershipArea(models.Model):
    """One of the Global Mercury Partnership's areas of work, with its lead organisations."""

    slug = models.SlugField(primary_key=True)
    name = models.CharField(_("name"), max_length=100)
    leads = models.ManyToManyField(
        Organisation, blank=True, related_name="leads_areas", verbose_name=_("lead organisations")
    )
    order = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("partnership area")
        verbose_name_plural = _("partnership areas")
        ordering = ["order"]

    def __str__(self):
        return self.name
