"""What a requester and an expert write to each other, and what they may know of each other."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from advice.models.requests import AdviceRequest, Choice, Side
from documents.models import Practice
from experts.models import Expert
from partners.files import FORMATS, PrivateFileField
from partners.models import Country, Term


class Message(models.Model):
    """One message of the conversation about a choice."""

    class Channel(models.TextChoices):
        PORTAL = "portal", _("Portal")
        MAIL = "mail", _("E-mail")

    choice = models.ForeignKey(Choice, models.CASCADE, related_name="messages")
    side = models.CharField(max_length=10, choices=Side)
    #: None: by a link in a mail, or by e-mail
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    text = models.TextField(_("message"), max_length=20_000, blank=True)
    #: Quoted text and signature of an e-mail, as it came; never sent on
    folded = models.TextField(blank=True)
    channel = models.CharField(max_length=10, choices=Channel, default=Channel.PORTAL)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["at", "pk"]

    def __str__(self):
        return f"{self.get_side_display()}, {self.at:%Y-%m-%d %H:%M}"


class Attachment(models.Model):
    """A file that came with a request or with a message of its conversation."""

    request = models.ForeignKey(AdviceRequest, models.CASCADE, related_name="attachments")
    #: None: belongs to the request itself
    message = models.ForeignKey(
        Message, models.CASCADE, null=True, blank=True, related_name="attachments"
    )
    file = PrivateFileField(folder="advice")
    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()  # bytes
    sha256 = models.CharField(max_length=64)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["pk"]

    def __str__(self):
        return self.name

    @property
    def format(self) -> str:
        """PDF, DOCX and the like."""
        return FORMATS.get(self.media_type, "")


class ContactReveal(models.Model):
    """Somebody got to know the contact data of the other side. Rows are only ever added.

    Of an expert: `expert` and `to`; of a requester: `of` and `to_expert`.
    """

    choice = models.ForeignKey(Choice, models.CASCADE, related_name="reveals")
    expert = models.ForeignKey(
        Expert, models.CASCADE, null=True, blank=True, related_name="contact_reveals"
    )
    to = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+"
    )
    of = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="contact_reveals",
    )
    to_expert = models.ForeignKey(Expert, models.CASCADE, null=True, blank=True, related_name="+")
    fields = models.CharField(max_length=60)  # "email", or "email phone"
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("contact data given")
        verbose_name_plural = _("contact data given")
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="contactreveal_of_one_side",
                condition=Q(expert__isnull=False, to__isnull=False, of=None, to_expert=None)
                | Q(expert=None, to=None, of__isnull=False, to_expert__isnull=False),
            )
        ]
        indexes = [models.Index(fields=["expert", "to"], name="contactreveal_known")]

    def __str__(self):
        return f"{self.expert or self.of}, {self.at:%Y-%m-%d}"


class Outcome(models.Model):
    """What one side says some weeks after acceptance: did it happen, did it help."""

    class Happened(models.TextChoices):
        YES = "yes", _("Yes")
        NOT_YET = "not_yet", _("Not yet, but it will")
        NO = "no", _("No")

    class Helped(models.TextChoices):
        YES = "yes", _("Yes")
        PARTLY = "partly", _("In part")
        NO = "no", _("No")

    choice = models.ForeignKey(Choice, models.CASCADE, related_name="outcomes")
    side = models.CharField(max_length=10, choices=Side)
    happened = models.CharField(_("did it happen"), max_length=10, choices=Happened)
    helped = models.CharField(_("did it help"), max_length=10, choices=Helped, blank=True)
    sentence = models.CharField(_("in one sentence"), max_length=400, blank=True)
    #: This side agrees that the story is public
    agrees = models.BooleanField(_("may be published"), default=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("outcome")
        verbose_name_plural = _("outcomes")
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint("choice", "side", name="outcome_once_for_a_side"),
            models.CheckConstraint(
                name="outcome_of_a_side", condition=Q(side__in=["requester", "expert"])
            ),
            models.CheckConstraint(
                name="outcome_helped_when_it_happened",
                condition=Q(happened="yes") ^ Q(helped=""),
            ),
        ]

    def __str__(self):
        return f"{self.choice}, {self.get_side_display()}: {self.get_happened_display()}"


class StoryQuerySet(models.QuerySet):
    def shown(self):
        """Those that everybody may read."""
        return self.filter(hidden_at=None, is_agreed=True)

    def with_words(self):
        """With all that a page shows of a story: three queries however many they are."""
        return (
            self.select_related(
                "choice__expert",
                "choice__place__request__country",
                "choice__place__request__practice__current",
            )
            .prefetch_related("choice__outcomes", "choice__place__request__terms")
            .defer("choice__expert__search", "choice__place__request__practice__current__search")
        )


class Story(models.Model):
    """What came of a request, in public: both sides agreed to it."""

    choice = models.OneToOneField(Choice, models.CASCADE, related_name="story")
    #: Both sides agree now; one that took its word back takes the story off all pages
    is_agreed = models.BooleanField(_("both sides agree"), default=True, editable=False)
    at = models.DateTimeField(default=timezone.now)
    #: The Lead has looked at it
    seen_at = models.DateTimeField(null=True, blank=True, editable=False)
    hidden_at = models.DateTimeField(null=True, blank=True, editable=False)
    hidden_reason = models.CharField(max_length=500, blank=True)

    objects = StoryQuerySet.as_manager()

    class Meta:
        verbose_name = _("story")
        verbose_name_plural = _("stories")
        ordering = ["-at", "-pk"]

    def __str__(self):
        return f"{self.choice.expert}, {self.country}"

    @property
    def country(self) -> Country:
        return self.choice.place.request.country

    @property
    def expert(self) -> Expert | None:
        """Who helped; None when the profile left the list."""
        expert = self.choice.expert
        return expert if expert.status == Expert.Status.LISTED else None

    @property
    def practice(self) -> Practice | None:
        """The practice that the request was about, where it can be read."""
        practice = self.choice.place.request.practice
        is_published = practice is not None and practice.status == Practice.Status.PUBLISHED
        return practice if is_published else None

    @property
    def terms(self) -> list[Term]:
        return list(self.choice.place.request.terms.all())

    def said_by(self, side: str) -> "Outcome | None":
        return next((one for one in self.choice.outcomes.all() if one.side == side), None)

    @property
    def requester_said(self) -> "Outcome | None":
        return self.said_by(Side.REQUESTER)

    @property
    def expert_said(self) -> "Outcome | None":
        return self.said_by(Side.EXPERT)


class Block(models.Model):
    """Somebody who may send no requests for now; the Lead decides."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="blocks", verbose_name=_("person")
    )
    reason = models.TextField(_("reason"), max_length=2000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(_("since"), default=timezone.now)
    lifted_at = models.DateTimeField(_("lifted"), null=True, blank=True)

    class Meta:
        verbose_name = _("blocked person")
        verbose_name_plural = _("blocked people")
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint("user", name="block_one_in_force", condition=Q(lifted_at=None))
        ]

    def __str__(self):
        return str(self.user)


class Report(models.Model):
    """One side reports the other to the Lead: abuse, or something that does not belong here."""

    choice = models.ForeignKey(Choice, models.CASCADE, related_name="reports")
    side = models.CharField(max_length=10, choices=Side)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    text = models.TextField(_("what is wrong"), max_length=2000)
    at = models.DateTimeField(default=timezone.now)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    decision = models.TextField(blank=True)

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        ordering = ["at", "pk"]

    def __str__(self):
        return f"{self.choice}, {self.at:%Y-%m-%d}"
