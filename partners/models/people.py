"""People who sign in, and the roles that they hold from a day to a day."""

from datetime import date

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _


class UserManager(BaseUserManager):
    """People are made with an address and a name; there are no user names."""

    def create_user(self, email: str, password: str | None = None, **fields):
        """Make and save a person; without a password, sign-in is by e-mailed code.

        Raises ValueError without an address.
        """
        if not email:
            raise ValueError("A person needs an e-mail address.")
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields):
        """Make a person with every right; a second factor is still asked before admin opens."""
        return self.create_user(email, password, is_superuser=True, **fields)

    def get_by_natural_key(self, email: str):
        return self.get(email=email.strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person with a login: the e-mail address, kept in lower case."""

    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=200, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    date_joined = models.DateTimeField(_("joined"), default=timezone.now)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    objects = UserManager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_unique_whatever_case"),
            models.CheckConstraint(name="user_email_lower_case", condition=Q(email=Lower("email"))),
        ]

    def __str__(self):
        return self.name or self.email

    def clean(self):
        super().clean()
        self.email = self.email.strip().lower()

    @property
    def is_staff(self) -> bool:
        """Django's word for 'may open admin': the Leads of today and superusers."""
        return self.is_superuser or bool(self.roles_today & Role.LEADS)

    @cached_property
    def has_second_factor(self) -> bool:
        """Has this person a second step of signing in? Read once for each request."""
        return self.authenticator_set.exclude(type="recovery_codes").exists()

    @cached_property
    def roles_today(self) -> frozenset:
        """The kinds of role held on this day, read once for each request."""
        if not self.pk:
            return frozenset()
        today = timezone.now().date()
        return frozenset(self.roles.held_on(today).values_list("kind", flat=True))


class RoleQuerySet(models.QuerySet):
    def held_on(self, day: date):
        """Roles that are held on this day, its first and last day included."""
        return self.filter(from_on__lte=day).filter(Q(to_on=None) | Q(to_on__gte=day))


class Role(models.Model):
    """Who is Lead, co-lead, core member ..., from a day to a day. History stays."""

    class Kind(models.TextChoices):
        LEAD = "lead", _("Lead")
        CO_LEAD = "co_lead", _("Co-lead")
        CORE_MEMBER = "core_member", _("Core member")
        SECRETARIAT = "secretariat", _("Secretariat")
        WORKING_GROUP = "working_group", _("Working-group member")

    LEADS = frozenset({Kind.LEAD, Kind.CO_LEAD})

    user = models.ForeignKey(User, models.PROTECT, related_name="roles", verbose_name=_("person"))
    kind = models.CharField(_("role"), max_length=20, choices=Kind)
    working_group = models.CharField(_("working group"), max_length=100, blank=True)
    from_on = models.DateField(_("from"))
    to_on = models.DateField(_("to"), null=True, blank=True, help_text=_("Empty: still held."))

    objects = RoleQuerySet.as_manager()

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        ordering = ["-from_on", "pk"]
        constraints = [
            models.CheckConstraint(
                name="role_ends_after_it_begins",
                condition=Q(to_on=None) | Q(to_on__gte=F("from_on")),
            ),
            models.CheckConstraint(
                name="role_group_named_for_group_members_only",
                condition=Q(kind="working_group") ^ Q(working_group=""),
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()}: {self.user}"
