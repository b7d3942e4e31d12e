"""Announcements: what partners tell each other, and the rules that they accept before."""

from datetime import date

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mailings.models.subscriptions import AnnouncementTopic
from partners.audience import Audience
from partners.directory.words import Words
from partners.files import FORMATS, PrivateFileField
from partners.languages import validate_language
from partners.models import Country, Organisation, Term


class ListRules(models.Model):
    """One text of the rules of the list; the newest counts, and older ones stay as they were."""

    text = models.TextField(_("text"), max_length=20_000, help_text=_("Markdown."))
    published_at = models.DateTimeField(default=timezone.now, editable=False)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )

    class Meta:
        verbose_name = _("rules of the list")
        verbose_name_plural = _("rules of the list")
        ordering = ["-published_at", "-pk"]
        get_latest_by = ["published_at", "pk"]

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"


class RulesAcceptance(models.Model):
    """That a person accepted one text of the rules, and when."""

    rules = models.ForeignKey(ListRules, models.PROTECT, related_name="acceptances")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="rules_acceptances"
    )
    accepted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("acceptance of the rules")
        verbose_name_plural = _("acceptances of the rules")
        constraints = [models.UniqueConstraint("rules", "user", name="rules_accepted_once")]

    def __str__(self):
        return f"{self.rules}: {self.user}"


class TrustedAuthor(models.Model):
    """A partner whose announcements the Lead lets through without reading them first."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="trusted_author"
    )
    since = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("partner who is let through")
        verbose_name_plural = _("partners who are let through")

    def __str__(self):
        return str(self.user)


class MailingPolicy(models.Model):
    """One row, for all mailings."""

    four_eyes = models.BooleanField(
        _("two Leads read what goes to everybody"),
        default=False,
        help_text=_(
            "Holds for announcements that name no country and no expertise, and are not for core "
            "members alone."
        ),
    )

    class Meta:
        verbose_name = _("policy of mailings")
        verbose_name_plural = _("policy of mailings")
        constraints = [models.CheckConstraint(name="mailingpolicy_one_row", condition=Q(pk=1))]

    def __str__(self):
        return str(self._meta.verbose_name)

    @classmethod
    def current(cls) -> "MailingPolicy":
        """The row, or one with the defaults where none was saved yet."""
        return cls.objects.filter(pk=1).first() or cls(pk=1)


class AnnouncementQuerySet(models.QuerySet):
    def published(self):
        """Those that stand in the archive for the people of their audience."""
        return self.filter(status=Announcement.Status.PUBLISHED)

    def visible_to(self, user):
        """Published ones for an audience of the person, own ones, and for the Lead all that were
        handed in. The one definition: archive, search, feeds, attachments, digests.

        What somebody still writes is nobody's but the author's. What was withdrawn is the author's
        and the Lead's.
        """
        seen = Q(status=Announcement.Status.PUBLISHED, audience__in=Audience.of(user))
        if user.is_authenticated and user.is_active:
            seen |= Q(author=user)
        if user.has_perm("mailings.view_announcement"):
            seen |= ~Q(status=Announcement.Status.DRAFT)
        return self.filter(seen)

    def public(self):
        """What everybody finds, whoever asks."""
        return self.published().filter(audience=Audience.PUBLIC)

    def open_on(self, day: date):
        """Those whose last day is not past; without a day they stay open."""
        return self.filter(Q(last_day=None) | Q(last_day__gte=day))

    def past_on(self, day: date):
        return self.filter(last_day__lt=day)

    def matching(self, words: str):
        """Those with all these words, as the search of experts understands them."""
        return self.filter(search=Words(words)) if words else self

    def with_all_of_a_row(self):
        """What lists show of each, in two queries however many there are."""
        return (
            self.defer("search")
            .select_related("topic", "author", "organisation")
            .prefetch_related("countries")
        )


class Announcement(models.Model):
    """What one partner tells others: written, read by the Lead, sent, kept in the archive."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SUBMITTED = "submitted", _("Waits for the Lead")
        RETURNED = "returned", _("Returned")
        EDITED = "edited", _("Edited by the Lead")
        SCHEDULED = "scheduled", _("Scheduled")
        PUBLISHED = "published", _("Published")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    #: Each change is a step of mailings/announcing.py. EDITED waits for the author to agree.
    NEXT = {
        Status.DRAFT: {Status.SUBMITTED},
        Status.SUBMITTED: {Status.RETURNED, Status.EDITED, Status.SCHEDULED, Status.PUBLISHED},
        Status.RETURNED: {Status.SUBMITTED},
        Status.EDITED: {Status.SUBMITTED, Status.SCHEDULED, Status.PUBLISHED},
        Status.SCHEDULED: {Status.PUBLISHED, Status.RETURNED, Status.WITHDRAWN},
        Status.PUBLISHED: {Status.WITHDRAWN},
    }
    #: In which the author may change it
    WRITTEN = frozenset({Status.DRAFT, Status.RETURNED})

    topic = models.ForeignKey(
        AnnouncementTopic, models.PROTECT, related_name="announcements", verbose_name=_("topic")
    )
    title = models.CharField(_("title"), max_length=150)
    text = models.TextField(_("text"), max_length=10_000)
    language = models.CharField(
        _("language"), max_length=7, default="en", validators=[validate_language]
    )
    audience = models.CharField(
        _("who reads it"), max_length=10, choices=Audience, default=Audience.PARTNERS
    )
    begins_on = models.DateField(_("first day of the event"), null=True, blank=True)
    ends_on = models.DateField(_("last day of the event"), null=True, blank=True)
    closes_on = models.DateField(_("closing date"), null=True, blank=True)
    #: After it the announcement says that it is past
    last_day = models.GeneratedField(
        expression=Coalesce("closes_on", "ends_on", "begins_on"),
        output_field=models.DateField(null=True),
        db_persist=True,
    )
    countries = models.ManyToManyField(
        Country, blank=True, related_name="announcements", verbose_name=_("countries")
    )
    terms = models.ManyToManyField(
        Term,
        through="mailings.AnnouncementTerm",
        blank=True,
        related_name="announcements",
        verbose_name=_("expertise"),
    )
    amount = models.DecimalField(
        _("amount"),
        max_digits=14,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    who_may_apply = models.CharField(_("who may apply"), max_length=300, blank=True)
    links = ArrayField(
        models.URLField(max_length=500), verbose_name=_("links"), default=list, blank=True
    )
    #: The thing of the portal that it was begun from: its address, such as /meetings/bangkok-2027/
    about_path = models.CharField(max_length=300, blank=True)

    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="announcements"
    )
    organisation = models.ForeignKey(
        Organisation,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="announcements",
        verbose_name=_("organisation"),
    )
    status = models.CharField(
        _("status"), max_length=10, choices=Status, default=Status.DRAFT, editable=False
    )
    #: Counts what is saved: two who write at once find out
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(_("written"), default=timezone.now, editable=False)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)
    submitted_at = models.DateTimeField(null=True, blank=True, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True, editable=False)
    #: The first of two Leads, and the version that this one agreed to
    first_approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
    )
    first_approved_version = models.PositiveIntegerField(null=True, editable=False)
    #: Why it was returned or withdrawn
    reason = models.TextField(_("reason"), max_length=2000, blank=True)
    publish_at = models.DateTimeField(_("leaves"), null=True, blank=True)
    published_at = models.DateTimeField(_("published"), null=True, blank=True, editable=False)
    withdrawn_at = models.DateTimeField(null=True, blank=True, editable=False)
    fictitious = models.BooleanField(default=False)
    search = SearchVectorField(null=True, editable=False)  # kept by a trigger (migration 0005)

    objects = AnnouncementQuerySet.as_manager()

    class Meta:
        verbose_name = _("announcement")
        verbose_name_plural = _("announcements")
        ordering = ["-published_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="announcement_ends_after_it_begins",
                condition=Q(ends_on=None) | Q(ends_on__gte=F("begins_on")),
            ),
            models.CheckConstraint(
                name="announcement_published_has_its_moment",
                condition=~Q(status="published") | Q(published_at__isnull=False),
            ),
            models.CheckConstraint(
                name="announcement_scheduled_has_its_moment",
                condition=~Q(status="scheduled") | Q(publish_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["status", "published_at"], name="announcement_by_day"),
            GinIndex(fields=["search"], name="announcement_search"),
        ]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("announcement_detail", args=[self.pk])

    def goes_to_everybody(self) -> bool:
        """To all partners who chose its topic: it names neither country nor expertise."""
        return self.audience != Audience.CORE and not self.countries.all() and not self.terms.all()

    def is_past(self, today: date) -> bool:
        return self.last_day is not None and self.last_day < today


class AnnouncementTerm(models.Model):
    """An announcement is about a field of expertise. PROTECT: a term in use is merged."""

    announcement = models.ForeignKey(Announcement, models.CASCADE)
    term = models.ForeignKey(Term, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("expertise of an announcement")
        verbose_name_plural = _("expertise of announcements")
        constraints = [
            models.UniqueConstraint("announcement", "term", name="announcement_term_once")
        ]

    def __str__(self):
        return str(self.term)


class AnnouncementFile(models.Model):
    """A file that goes with an announcement: on its page, never as a part of the mail."""

    announcement = models.ForeignKey(Announcement, models.CASCADE, related_name="files")
    file = PrivateFileField(folder="announcements", max_length=200)
    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    added_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("file of an announcement")
        verbose_name_plural = _("files of announcements")
        ordering = ["pk"]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("announcement_file", args=[self.announcement_id, self.pk])

    @property
    def format_name(self) -> str:
        """ "PDF", as people say it."""
        return FORMATS.get(self.media_type, "")


class AnswerQuerySet(models.QuerySet):
    def with_people(self):
        """With the announcement and both people."""
        return self.select_related("announcement__author", "person").defer("announcement__search")

    def of(self, user):
        """Those in which this person is one of the two."""
        return self.filter(Q(person=user) | Q(announcement__author=user))

    def written_by(self, user):
        return self.filter(
            Q(person=user, is_by_author=False) | Q(announcement__author=user, is_by_author=True)
        )


class AnnouncementAnswer(models.Model):
    """One message between the author and a partner who answers: that it was, not what it said.

    The words are in its mail alone. The key is that of both places in the relay.
    """

    announcement = models.ForeignKey(Announcement, models.CASCADE, related_name="answers")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="announcement_answers"
    )
    #: Written by the author to the person; else by the person to the author
    is_by_author = models.BooleanField(default=False)
    at = models.DateTimeField(default=timezone.now)

    objects = AnswerQuerySet.as_manager()

    class Meta:
        verbose_name = _("answer to an announcement")
        verbose_name_plural = _("answers to announcements")
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["at"], name="announcementanswer_by_day")]

    def __str__(self):
        return f"{self.announcement}: {self.person}"

    @property
    def writer(self):
        return self.announcement.author if self.is_by_author else self.person

    @property
    def reader(self):
        return self.person if self.is_by_author else self.announcement.author


class AnnouncementEdit(models.Model):
    """What the Lead would write instead, until the author agrees or says no."""

    announcement = models.OneToOneField(Announcement, models.CASCADE, related_name="edit")
    title = models.CharField(_("title"), max_length=150)
    text = models.TextField(_("text"), max_length=10_000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("edit of an announcement")
        verbose_name_plural = _("edits of announcements")

    def __str__(self):
        return str(self.announcement)
