"""For whom something is: documents, comment rounds, meetings, announcements."""

from datetime import datetime

from django.db import models
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from partners import permissions
from partners.models import Membership, Partner, Role, User


class Audience(models.TextChoices):
    """Who may see a thing, or take part in it: each audience is part of the one before it."""

    PUBLIC = "public", _("Everybody")
    PARTNERS = "partners", _("Partners")
    CORE = "core", _("Core members")

    @classmethod
    def of(cls, user) -> list["Audience"]:
        """The audiences to which this person belongs today; Lead and secretariat to all."""
        if user.has_perm("partners.view_partner"):
            return list(cls)
        if user.is_authenticated and user.is_active and Role.Kind.CORE_MEMBER in user.roles_today:
            return list(cls)
        if permissions.is_partner(user, timezone.now().date()):
            return [cls.PUBLIC, cls.PARTNERS]
        return [cls.PUBLIC]

    def is_wider_than(self, other: "Audience") -> bool:
        """Whether it holds people who do not belong to the other one."""
        return [*Audience].index(self) < [*Audience].index(other)

    def people(self, now: datetime) -> models.QuerySet[User]:
        """Active people who belong to it today and can be written to: for the public, partners."""
        today = now.date()
        core = Role.objects.held_on(today).filter(user=OuterRef("pk"), kind=Role.Kind.CORE_MEMBER)
        people = User.objects.filter(is_active=True)
        if self == self.CORE:
            return people.filter(Exists(core))
        # As `standing_for` has it, in two: PostgreSQL finds each by an index, for one and for all
        approved = Partner.objects.approved()
        inside = Membership.objects.held_on(today).filter(
            user=OuterRef("pk"), organisation__in=approved.values("organisation")
        )
        return people.filter(
            Exists(approved.filter(person=OuterRef("pk"))) | Exists(inside) | Exists(core)
        )
