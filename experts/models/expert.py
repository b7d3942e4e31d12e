"""One resource person: the profile, who may see it, and how fresh it is."""

import uuid
from datetime import datetime

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce, Lower, NullIf
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from experts.models.policy import Limits, Policy
from partners.files import PrivateImageField
from partners.languages import validate_language
from partners.models import Country, Organisation, Term
from partners.models.countries import validate_country


class Audience(models.TextChoices):
    """Who may see a private field; the expert chooses, the narrowest is the default."""

    LEAD = "lead", _("Only the Lead")
    ACCEPTED = "accepted", _("Somebody whose request I accepted")
    PARTNERS = "partners", _("Partners")


class Freshness(models.TextChoices):
    """The age of the last confirmation, in words; the numbers stand in `Policy`."""

    FRESH = "fresh", _("Confirmed")
    DUE = "due", _("Due")
    STALE = "stale", _("Stale")
    LAPSED = "lapsed", _("Lapsed")
    NEVER = "never", _("Never confirmed")

    @classmethod
    def of(cls, confirmed_at: datetime | None, limits: Limits) -> "Freshness":
        """The state of one confirmation; `ExpertQuerySet` says the same in SQL."""
        if confirmed_at is None:
            return cls.NEVER
        if confirmed_at > limits.fresh_since:
            return cls.FRESH
        if confirmed_at > limits.due_since:
            return cls.DUE
        return cls.STALE if confirmed_at > limits.stale_since else cls.LAPSED


class ExpertQuerySet(models.QuerySet):
    def listed(self):
        """Experts that are on the list: approved, and not removed or withdrawn."""
        return self.filter(status=Expert.Status.LISTED)

    def visible_to(self, user):
        """Experts that this person may see: the one definition, for pages, files and exports."""
        if user.has_perm("experts.view_expert"):
            return self
        seen = Q(status=Expert.Status.LISTED)
        if user.is_authenticated:
            seen |= Q(user=user)
        return self.filter(seen)

    def not_lapsed(self, limits: Limits):
        """Experts that stand in the default results: confirmed in time, or not yet asked."""
        current = Q(confirmed_at__gt=limits.stale_since)
        if not limits.never_is_lapsed:
            current |= Q(confirmed_at=None)
        return self.filter(current)

    def awaiting(self):
        return self.filter(status=Expert.Status.AWAITING)


class Expert(models.Model):
    """A profile of the Resource Persons List.

    `search`, `sort_name`, `region`, `term_ids` and `group_ids` are kept by triggers (migration
    0002), so that every way of writing keeps them right. `set_terms` fills `term_ids` here as
    well, for history.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        AWAITING = "awaiting", _("Awaiting approval")
        LISTED = "listed", _("Listed")
        UNLISTED = "unlisted", _("Unlisted")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    class UnlistedFor(models.TextChoices):
        """Why a profile is unlisted: after silence, 'still right' brings it back at once."""

        SILENCE = "silence", _("Not confirmed for too long")
        LEAD = "lead", _("Taken off by the Lead")

    NEXT = {
        Status.DRAFT: {Status.AWAITING, Status.LISTED, Status.WITHDRAWN},
        Status.AWAITING: {Status.LISTED, Status.DRAFT, Status.WITHDRAWN},
        Status.LISTED: {Status.UNLISTED, Status.WITHDRAWN},
        Status.UNLISTED: {Status.AWAITING, Status.LISTED, Status.WITHDRAWN},
        Status.WITHDRAWN: {Status.AWAITING},
    }

    #: What an expert changes at once, and what waits for the Lead on a listed profile.
    DIRECT_FIELDS = (
        "languages",
        "summary",
        "experience",
        "worked_in",
        "remote_advice",
        "missions",
        "training",
        "available_from",
        "available_until",
        "max_open_requests",
        "website",
        "orcid",
        "linkedin",
        "photo",
        "phone",
    )
    MODERATED_FIELDS = ("name", "position", "organisation", "country", "terms")
    #: Changed on a page of their own that asks for a code.
    GUARDED_FIELDS = ("email", "email_audience", "phone_audience")
    PRIVATE_FIELDS = ("email", "phone")

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="expert",
        verbose_name=_("sign-in"),
    )
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT)
    status_reason = models.TextField(_("reason of the status"), blank=True)
    unlisted_for = models.CharField(
        _("unlisted for"),
        max_length=10,
        choices=UnlistedFor,
        blank=True,
        default="",
        db_default="",
        editable=False,
    )

    name = models.CharField(_("name"), max_length=150)
    position = models.CharField(_("position"), max_length=150, blank=True)
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="experts",
        verbose_name=_("organisation"),
    )
    country = models.ForeignKey(
        Country,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="experts",
        verbose_name=_("country"),
    )
    terms = models.ManyToManyField(
        Term,
        through="experts.ExpertTerm",
        blank=True,
        related_name="experts",
        verbose_name=_("expertise"),
    )
    languages = ArrayField(
        models.CharField(max_length=3, validators=[validate_language]),
        default=list,
        blank=True,
        verbose_name=_("languages"),
    )
    summary = models.CharField(
        _("summary"), max_length=300, blank=True, help_text=_("One or two sentences.")
    )
    experience = models.TextField(_("experience in mercury waste"), max_length=4000, blank=True)
    worked_in = ArrayField(
        models.CharField(max_length=2, validators=[validate_country]),
        default=list,
        blank=True,
        verbose_name=_("countries worked in"),
    )
    remote_advice = models.BooleanField(_("remote advice"), default=False)
    missions = models.BooleanField(_("missions"), default=False)
    training = models.BooleanField(_("training"), default=False)
    available_from = models.DateField(_("available from"), null=True, blank=True)
    available_until = models.DateField(_("available until"), null=True, blank=True)
    max_open_requests = models.PositiveSmallIntegerField(
        _("open requests at most"),
        null=True,
        blank=True,
        help_text=_("Seen by you and the Lead alone. Empty: no limit."),
    )
    website = models.URLField(_("web site"), blank=True)
    orcid = models.CharField(_("ORCID iD"), max_length=19, blank=True)
    linkedin = models.URLField(_("LinkedIn"), blank=True)
    photo = PrivateImageField(_("photo"), folder="photos", blank=True)

    email = models.EmailField(_("e-mail address"), blank=True)
    email_audience = models.CharField(
        _("who may see the e-mail address"), max_length=10, choices=Audience, default=Audience.LEAD
    )
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    phone_audience = models.CharField(
        _("who may see the phone number"), max_length=10, choices=Audience, default=Audience.LEAD
    )

    mail_language = models.CharField(
        _("language of reminders"),
        max_length=7,
        choices=settings.MAIL_LANGUAGES,
        blank=True,
        default="",
        db_default="",
        help_text=_("Empty: the first of your languages that the portal writes, or English."),
    )
    #: The expert wants no reminders; the Lead sees that when the profile is due.
    reminders_off_at = models.DateTimeField(
        _("reminders off since"), null=True, blank=True, editable=False
    )
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True, editable=False)
    imported_updated_on = models.DateField(_("last updated, says the list"), null=True, blank=True)
    paused_until = models.DateField(_("paused until"), null=True, blank=True)
    removed_at = models.DateTimeField(_("removed"), null=True, blank=True, editable=False)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True, editable=False)
    submitted_at = models.DateTimeField(_("submitted"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    fictitious = models.BooleanField(_("fictitious (demonstration)"), default=False)

    sort_name = models.CharField(max_length=200, default="", editable=False)
    region = models.CharField(max_length=20, default="", editable=False)
    term_ids = ArrayField(models.IntegerField(), default=list, editable=False)
    group_ids = ArrayField(models.IntegerField(), default=list, editable=False)
    search = SearchVectorField(null=True, editable=False)

    objects = ExpertQuerySet.as_manager()
    #: Of private fields no copy is kept; of what triggers keep, none is needed.
    history = HistoricalRecords(
        excluded_fields=["email", "phone", "search", "sort_name", "region", "group_ids"]
    )

    class Meta:
        verbose_name = _("expert")
        verbose_name_plural = _("experts")
        ordering = ["sort_name", "pk"]
        constraints = [
            models.CheckConstraint(
                name="expert_listed_only_when_approved",
                condition=~Q(status="listed")
                | (Q(approved_at__isnull=False) & Q(country__isnull=False)),
            ),
            models.CheckConstraint(
                name="expert_email_lower_case", condition=Q(email=Lower("email"))
            ),
            models.CheckConstraint(
                name="expert_available_until_after_from",
                condition=Q(available_from=None)
                | Q(available_until=None)
                | Q(available_until__gte=F("available_from")),
            ),
            models.UniqueConstraint(
                "email",
                name="expert_email_once_in_use",
                condition=~Q(email="") & ~Q(status="withdrawn"),
                violation_error_message=_("There is a profile with this e-mail address already."),
            ),
        ]
        indexes = [
            models.Index(
                fields=["sort_name", "id"],
                name="expert_listed_by_name",
                condition=Q(status="listed"),
            ),
            models.Index(
                F("confirmed_at").desc(nulls_last=True),
                "sort_name",
                name="expert_listed_by_confirmed",
                condition=Q(status="listed"),
            ),
            GinIndex(fields=["search"], name="expert_search", condition=Q(status="listed")),
            GinIndex(
                OpClass(F("sort_name"), "gin_trgm_ops"),
                name="expert_name_trigrams",
                condition=Q(status="listed"),
            ),
        ]

    def __str__(self):
        return self.name

    def save(self, *args, **kwargs):
        self.email = self.email.strip().lower()
        self.name = " ".join(self.name.split())  # stands in subjects of mails
        super().save(*args, **kwargs)

    def get_absolute_url(self):
        return reverse("expert_detail", args=[self.pk])

    def set_terms(self, term_ids):
        """Make these the expert's terms (keys, any order); save the profile afterwards."""
        wanted = sorted(set(term_ids))
        ExpertTerm.objects.filter(expert=self).exclude(term_id__in=wanted).delete()
        ExpertTerm.objects.bulk_create(
            [ExpertTerm(expert=self, term_id=key) for key in wanted], ignore_conflicts=True
        )
        self.term_ids = wanted

    @property
    def mail_address(self) -> str:
        """Where mail about the profile goes: its own address, else that of the sign-in; or empty.

        MAIL_ADDRESS says the same in SQL.
        """
        return self.email or (self.user.email if self.user else "")

    @property
    def reads(self) -> str:
        """The language of mail to the expert; experts/reminders.py says the same in SQL."""
        known = dict(settings.MAIL_LANGUAGES)
        return next((code for code in (self.mail_language, *self.languages) if code in known), "en")

    def freshness(self, now: datetime, policy: Policy | None = None) -> Freshness:
        """How old the last confirmation is, in the policy's words."""
        return Freshness.of(self.confirmed_at, (policy or Policy.current()).limits(now))

    def is_paused(self, now: datetime) -> bool:
        return self.paused_until is not None and self.paused_until > now.date()


#: `Expert.mail_address` as an expression.
MAIL_ADDRESS = Coalesce(NullIf("email", Value("")), "user__email", Value(""))


class ExpertTerm(models.Model):
    """An expert has a field of expertise. PROTECT: a term in use is merged, not deleted."""

    expert = models.ForeignKey(Expert, models.CASCADE)
    term = models.ForeignKey(Term, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("expertise")
        verbose_name_plural = _("expertise")
        constraints = [models.UniqueConstraint("expert", "term", name="expert_term_once")]

    def __str__(self):
        return str(self.term)


def invitation_secret() -> str:
    """A random, unguessable token for a link in a mail: 32 hexadecimal digits."""
    return uuid.uuid4().hex
