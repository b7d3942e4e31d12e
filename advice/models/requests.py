"""A request for advice, the places that it wants filled, and the experts who are asked for each.

The state of the request and the answer of each expert are rows of their own. The ways from one
state to the next stand in `NEXT`; a trigger of migration 0002 knows the same ways.
"""

from datetime import timedelta

from django.apps import apps
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from advice.models.needs import Need
from documents.models import Practice
from experts.models import Expert
from mailings.models import MailLink
from partners.languages import validate_language
from partners.models import Country, Organisation, PartnershipArea, Term

ANSWER_WITHIN = timedelta(days=7)


class Side(models.TextChoices):
    """Who speaks: a conversation has two sides, and the Lead who may step in."""

    REQUESTER = "requester", _("Requester")
    EXPERT = "expert", _("Expert")
    LEAD = "lead", _("Lead")


class AdviceRequestQuerySet(models.QuerySet):
    def sent(self):
        """Requests that somebody asked for, whatever became of them."""
        return self.exclude(status=AdviceRequest.Status.DRAFT)

    def open(self):
        """Sent, and not ended."""
        return self.filter(status__in=AdviceRequest.OPEN)

    def stories(self):
        """What everybody may read of these, the newest first."""
        stories = apps.get_model("advice", "Story").objects.shown().with_words()
        return stories.filter(choice__place__request__in=self)

    def visible_to(self, user):
        """One's own; those that one was asked about; for the Lead all that were sent."""
        if not (user.is_authenticated and user.is_active):
            return self.none()
        seen = Q(requester=user)
        asked = Choice.objects.seen_by_expert().filter(expert__user=user)
        seen |= Q(pk__in=asked.values("place__request"))
        if user.has_perm("advice.view_advicerequest"):
            seen |= ~Q(status=AdviceRequest.Status.DRAFT)
        return self.filter(seen)


class AdviceRequest(models.Model):
    """What somebody in a country wants to know or have done, from the draft to its end."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        WAITING = "waiting", _("With the Lead")
        ASKING = "asking", _("Experts are asked")
        AGREED = "agreed", _("An expert helps")
        DONE = "done", _("Finished")
        NOBODY = "nobody", _("Nobody could help")
        REFUSED = "refused", _("Not taken on")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    OPEN = (Status.WAITING, Status.ASKING, Status.AGREED)
    ENDED = (Status.DONE, Status.NOBODY, Status.REFUSED, Status.WITHDRAWN)
    NEXT = {
        Status.DRAFT: {Status.WAITING, Status.ASKING},
        Status.WAITING: {
            Status.ASKING,
            Status.AGREED,
            Status.NOBODY,
            Status.REFUSED,
            Status.WITHDRAWN,
        },
        Status.ASKING: {Status.WAITING, Status.AGREED, Status.REFUSED, Status.WITHDRAWN},
        Status.AGREED: {Status.WAITING, Status.ASKING, Status.DONE, Status.WITHDRAWN},
    }

    class WaitsFor(models.TextChoices):
        """Why a request is with the Lead."""

        NO_PARTNER = "no_partner", _("The requester is no partner yet")
        LEFT_TO_LEAD = "left_to_lead", _("The choice is left to the Lead")
        NOBODY_LEFT = "nobody_left", _("No chosen expert is left")
        TOO_LONG = "too_long", _("Nobody accepted within 21 days")

    requester = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="advice_requests",
        verbose_name=_("requester"),
    )
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="advice_requests",
        verbose_name=_("organisation"),
    )
    #: Of somebody who belongs to no organisation of the portal
    house = models.CharField(_("ministry or organisation"), max_length=200, blank=True)
    country = models.ForeignKey(
        Country,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="advice_requests",
        verbose_name=_("country"),
    )
    text = models.TextField(_("what is wanted"), max_length=4000, blank=True)
    terms = models.ManyToManyField(
        Term,
        through="advice.RequestTerm",
        blank=True,
        related_name="advice_requests",
        verbose_name=_("expertise"),
    )
    languages = ArrayField(
        models.CharField(max_length=3, validators=[validate_language]),
        default=list,
        blank=True,
        verbose_name=_("languages"),
    )
    remote_advice = models.BooleanField(_("remote advice"), default=False)
    mission = models.BooleanField(_("mission"), default=False)
    training = models.BooleanField(_("training"), default=False)
    wanted_by = models.DateField(_("first answer wanted by"), null=True, blank=True)
    mail_language = models.CharField(
        _("language of mails"), max_length=7, choices=settings.MAIL_LANGUAGES, default="en"
    )
    #: One place for each field of expertise, not one person for all
    team = models.BooleanField(_("a team is wanted"), default=False)
    area = models.ForeignKey(
        PartnershipArea,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("together with another partnership area"),
    )
    need = models.ForeignKey(
        Need,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="requests",
        verbose_name=_("need"),
    )
    practice = models.ForeignKey(
        Practice,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="requests",
        verbose_name=_("good practice"),
    )

    status = models.CharField(
        _("status"), max_length=10, choices=Status, default=Status.DRAFT, editable=False
    )
    waits_for = models.CharField(
        _("waits for the Lead because"), max_length=20, choices=WaitsFor, blank=True, editable=False
    )
    status_reason = models.TextField(_("reason of the status"), blank=True, editable=False)
    created_at = models.DateTimeField(_("begun"), default=timezone.now, editable=False)
    changed_at = models.DateTimeField(_("last changed"), default=timezone.now, editable=False)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True, editable=False)
    #: Since when experts are asked, by the requester's will or the Lead's: the time runs from here
    asking_since = models.DateTimeField(null=True, blank=True, editable=False)
    #: The Lead saw that it takes long, and lets it run
    slow_seen_at = models.DateTimeField(null=True, blank=True, editable=False)
    #: Since when it has the status that it has
    since = models.DateTimeField(_("since"), default=timezone.now, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True, editable=False)
    fictitious = models.BooleanField(_("fictitious (demonstration)"), default=False)

    objects = AdviceRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("request for advice")
        verbose_name_plural = _("requests for advice")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="advicerequest_sent_is_complete",
                condition=Q(status="draft")
                | (
                    Q(
                        requester__isnull=False,
                        country__isnull=False,
                        sent_at__isnull=False,
                    )
                    & ~Q(text="")
                ),
            ),
            models.CheckConstraint(
                name="advicerequest_ended_at_its_end",
                condition=Q(
                    status__in=["done", "nobody", "refused", "withdrawn"], ended_at__isnull=False
                )
                | Q(status__in=["draft", "waiting", "asking", "agreed"], ended_at=None),
            ),
            models.CheckConstraint(
                name="advicerequest_asking_since",
                condition=~Q(status="asking") | Q(asking_since__isnull=False),
            ),
            models.CheckConstraint(
                name="advicerequest_waits_for_something",
                condition=Q(status="waiting") ^ Q(waits_for=""),
            ),
        ]
        indexes = [
            models.Index(
                fields=["since"],
                name="advicerequest_open",
                condition=Q(status__in=["waiting", "asking", "agreed"]),
            )
        ]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("request_detail", args=[self.pk])

    @property
    def title(self) -> str:
        """The first words of the text, as there is no field to fill in for it."""
        line = " ".join(self.text.split())
        first = Truncator(line).words(9, truncate="")
        if first == line:
            return line or str(_("no text yet"))
        return f"{first.rstrip('.,;:')}…"

    @property
    def how(self) -> list[str]:
        """The ways in which somebody can help, in words; empty while none was chosen."""
        ways = (
            (self.remote_advice, _("Remote advice")),
            (self.mission, _("A visit (mission)")),
            (self.training, _("Training")),
        )
        return [label for wanted, label in ways if wanted]

    @property
    def speaks_for(self) -> str:
        """The organisation in whose name it is asked; empty when none was named."""
        return str(self.organisation) if self.organisation_id else self.house

    @property
    def look(self) -> str:
        """The colour of its badge."""
        return {
            self.Status.WAITING: "warn",
            self.Status.ASKING: "info",
            self.Status.AGREED: "good",
            self.Status.DONE: "good",
        }.get(self.status, "")

    def set_terms(self, term_ids):
        """Make these the request's terms (keys, any order)."""
        wanted = sorted(set(term_ids))
        RequestTerm.objects.filter(request=self).exclude(term_id__in=wanted).delete()
        RequestTerm.objects.bulk_create(
            [RequestTerm(request=self, term_id=key) for key in wanted], ignore_conflicts=True
        )


class RequestTerm(models.Model):
    """PROTECT: a term in use is merged, not deleted."""

    request = models.ForeignKey(AdviceRequest, models.CASCADE)
    term = models.ForeignKey(Term, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("expertise of a request")
        verbose_name_plural = _("expertise of requests")
        constraints = [models.UniqueConstraint("request", "term", name="request_term_once")]

    def __str__(self):
        return str(self.term)


class RequestChange(models.Model):
    """One change of status: from, to, when, by whom and why. Rows are only ever added."""

    request = models.ForeignKey(AdviceRequest, models.CASCADE, related_name="changes")
    old = models.CharField(max_length=10, choices=AdviceRequest.Status)
    new = models.CharField(max_length=10, choices=AdviceRequest.Status)
    at = models.DateTimeField()
    #: None: the portal itself, when a time had passed
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reason = models.TextField(blank=True)

    class Meta:
        verbose_name = _("change of a request")
        verbose_name_plural = _("changes of requests")
        ordering = ["at", "pk"]

    def __str__(self):
        return f"{self.request}: {self.get_new_display()}"


class Place(models.Model):
    """One person whom a request looks for: the only one, or one of a team with its own field."""

    request = models.ForeignKey(AdviceRequest, models.CASCADE, related_name="places")
    number = models.PositiveSmallIntegerField(_("number"))
    term = models.ForeignKey(
        Term,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("field of expertise"),
    )

    class Meta:
        verbose_name = _("place")
        verbose_name_plural = _("places")
        ordering = ["request", "number"]
        constraints = [models.UniqueConstraint("request", "number", name="place_number_once")]

    def __str__(self):
        return str(self.term) if self.term_id else str(self.request)


class ChoiceQuerySet(models.QuerySet):
    def seen_by_expert(self):
        """Choices of which the expert knows: asked, whatever came after."""
        return self.filter(asked_at__isnull=False)

    def stories(self):
        """What everybody may read of these, the newest first."""
        stories = apps.get_model("advice", "Story").objects.shown().with_words()
        return stories.filter(choice__in=self)

    def open(self):
        """Asked and not answered, or accepted and under way: what counts for an expert's cap."""
        return self.filter(
            Q(status=Choice.Status.ASKED)
            | Q(status=Choice.Status.ACCEPTED, place__request__status__in=AdviceRequest.OPEN)
        )


class Choice(models.Model):
    """One expert for one place: waits for its turn, is asked, answers."""

    class Status(models.TextChoices):
        CHOSEN = "chosen", _("Waits for its turn")
        ASKED = "asked", _("Asked")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")
        HANDED_ON = "handed_on", _("Handed on to a colleague")
        UNAVAILABLE = "unavailable", _("Not available now")
        NO_ANSWER = "no_answer", _("No answer")
        CALLED_OFF = "called_off", _("Called off")

    NEXT = {
        Status.CHOSEN: {Status.ASKED, Status.CALLED_OFF},
        Status.ASKED: {
            Status.ACCEPTED,
            Status.DECLINED,
            Status.HANDED_ON,
            Status.UNAVAILABLE,
            Status.NO_ANSWER,
            Status.CALLED_OFF,
        },
        Status.ACCEPTED: {Status.CALLED_OFF},
    }
    #: The expert said something, be it no.
    ANSWERED = (Status.ACCEPTED, Status.DECLINED, Status.HANDED_ON, Status.UNAVAILABLE)

    class Reason(models.TextChoices):
        """Why an expert says no."""

        FIELD = "field", _("This is not my field")
        TIME = "time", _("I have no time")
        LANGUAGE = "language", _("I do not work in these languages")
        TRAVEL = "travel", _("I cannot travel there")
        INTEREST = "interest", _("I have a conflict of interest")
        OTHER = "other", _("Another reason")

    class Channel(models.TextChoices):
        PORTAL = "portal", _("Signed in")
        MAIL = "mail", _("Link in a mail")

    place = models.ForeignKey(Place, models.CASCADE, related_name="choices")
    expert = models.ForeignKey(Expert, models.PROTECT, related_name="choices")
    order = models.PositiveSmallIntegerField(_("order"))
    status = models.CharField(
        _("status"), max_length=12, choices=Status, default=Status.CHOSEN, editable=False
    )
    #: Why the portal proposed the expert, in the words that the requester read
    why = ArrayField(models.CharField(max_length=300), default=list, editable=False)
    chosen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )
    chosen_at = models.DateTimeField(_("chosen"), default=timezone.now, editable=False)
    asked_at = models.DateTimeField(_("asked"), null=True, blank=True, editable=False)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True, editable=False)
    reason = models.CharField(_("reason"), max_length=10, choices=Reason, blank=True)
    words = models.TextField(_("in the expert’s words"), max_length=1000, blank=True)
    handed_to = models.OneToOneField(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="handed_from",
        verbose_name=_("handed on to"),
    )

    objects = ChoiceQuerySet.as_manager()

    class Meta:
        verbose_name = _("expert who is asked")
        verbose_name_plural = _("experts who are asked")
        ordering = ["place", "order", "pk"]
        constraints = [
            models.UniqueConstraint("place", "expert", name="choice_expert_once"),
            models.UniqueConstraint("place", "order", name="choice_order_once"),
            models.UniqueConstraint(
                "place",
                name="choice_one_at_a_time",
                condition=Q(status__in=["asked", "accepted"]),
            ),
            models.CheckConstraint(
                name="choice_asked_before_answered",
                condition=Q(status__in=["chosen", "called_off"]) | Q(asked_at__isnull=False),
            ),
            models.CheckConstraint(
                name="choice_answered_at",
                condition=~Q(status__in=["accepted", "declined", "handed_on", "unavailable"])
                | Q(answered_at__isnull=False),
            ),
            models.CheckConstraint(
                name="choice_answered_after_asked",
                condition=Q(answered_at=None) | Q(answered_at__gte=F("asked_at")),
            ),
        ]
        indexes = [
            models.Index(fields=["expert", "asked_at"], name="choice_of_expert"),
            models.Index(fields=["asked_at"], name="choice_waiting", condition=Q(status="asked")),
        ]

    def __str__(self):
        return f"{self.expert}: {self.get_status_display()}"

    @property
    def answer_by(self):
        """The moment after which somebody else is asked; only of one who was asked."""
        return self.asked_at + ANSWER_WITHIN

    @property
    def look(self) -> str:
        """The colour of its badge."""
        return {self.Status.ASKED: "info", self.Status.ACCEPTED: "good"}.get(self.status, "")


class ChoiceChange(models.Model):
    """One change of an expert's answer: from, to, when, by whom, by which way, why."""

    choice = models.ForeignKey(Choice, models.CASCADE, related_name="changes")
    old = models.CharField(max_length=12, choices=Choice.Status)
    new = models.CharField(max_length=12, choices=Choice.Status)
    at = models.DateTimeField()
    #: None: by a link in a mail, or the portal itself
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    channel = models.CharField(max_length=10, choices=Choice.Channel, blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        verbose_name = _("change of an answer")
        verbose_name_plural = _("changes of answers")
        ordering = ["at", "pk"]

    def __str__(self):
        return f"{self.choice}: {self.get_new_display()}"


class AnswerLink(MailLink):
    """Lets one side of a choice act without sign-in: the expert answers, both write and say later
    what came of it.
    """

    choice = models.ForeignKey(Choice, models.CASCADE, related_name="links")
    side = models.CharField(max_length=10, choices=Side, default=Side.EXPERT)

    class Meta(MailLink.Meta):
        abstract = False
        verbose_name = _("link to a request")
        verbose_name_plural = _("links to requests")

    def __str__(self):
        return f"{self.choice}, {self.created_at:%Y-%m-%d}"
