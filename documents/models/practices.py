"""Good practices: the sheet under a stable code, its numbered versions, who used it."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from experts.models import Expert
from mailings.models import MailLink
from partners.files import PrivateImageField
from partners.models import Country, Organisation, Term
from partners.models.countries import validate_country


class PracticeQuerySet(models.QuerySet):
    def published(self):
        """Practices that stand in the directory."""
        return self.filter(status=Practice.Status.PUBLISHED)

    def visible_to(self, user):
        """Published and archived ones; one's own; for the Lead all. The one definition."""
        if user.has_perm("documents.view_practice"):
            return self
        shown = (Practice.Status.PUBLISHED, Practice.Status.ARCHIVED)
        seen = Q(status__in=shown, current__isnull=False)
        if user.is_authenticated and user.is_active:
            seen |= Q(owner=user)
        return self.filter(seen)


class Practice(models.Model):
    """A good practice or warning example; what is read is its newest published version.

    'Review due' is no stored state: it follows from `reviewed_at` and the policy's months
    (documents/reviewing.py).
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("Not published yet")
        PUBLISHED = "published", _("Published")
        ARCHIVED = "archived", _("Archived")

    NEXT = {
        Status.DRAFT: {Status.PUBLISHED, Status.ARCHIVED},
        Status.PUBLISHED: {Status.ARCHIVED},
        Status.ARCHIVED: {Status.PUBLISHED},
    }

    code = models.SlugField(_("code"), max_length=80, unique=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="practices",
        verbose_name=_("owner of the sheet"),
    )
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="owned_practices",
        verbose_name=_("organisation of the owner"),
        help_text=_("Is asked when the owner has left."),
    )
    status = models.CharField(
        _("status"), max_length=10, choices=Status, default=Status.DRAFT, editable=False
    )
    status_reason = models.TextField(_("reason of the status"), blank=True)
    #: The newest published version. Only `practices.publish` moves it.
    current = models.OneToOneField(
        "documents.PracticeVersion",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )
    #: When a person last said 'still valid', or a version was published.
    reviewed_at = models.DateTimeField(_("reviewed"), null=True, blank=True, editable=False)
    #: The owner wants no reminders about this sheet.
    reminders_off_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    fictitious = models.BooleanField(_("fictitious (demonstration)"), default=False)

    objects = PracticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("good practice")
        verbose_name_plural = _("good practices")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                name="practice_published_has_a_version",
                condition=~Q(status="published")
                | Q(current__isnull=False, reviewed_at__isnull=False),
            )
        ]

    def __str__(self):
        return self.current.title if self.current_id else self.code

    def get_absolute_url(self):
        return reverse("practice_detail", args=[self.code])


class Requirement(models.Model):
    """A condition that many practices have in common ("a specially engineered landfill").

    Kept by the Lead; the directory's filter 'works without …' asks for it.
    """

    code = models.SlugField(_("code"), max_length=60, unique=True)
    label_en = models.CharField(_("English"), max_length=100, unique=True)
    label_fr = models.CharField(_("French"), max_length=100, blank=True)
    label_es = models.CharField(_("Spanish"), max_length=100, blank=True)
    order = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        verbose_name = _("common precondition")
        verbose_name_plural = _("common preconditions")
        ordering = ["order", "pk"]

    def __str__(self):
        return self.label

    @property
    def label(self) -> str:
        """In the reader's language, else in English."""
        language = (get_language() or "en").split("-")[0]
        return getattr(self, f"label_{language}", "") or self.label_en


class PracticeVersion(models.Model):
    """One state of a practice. A published one never changes, nor do its rows: triggers see to it.

    `search`, `sort_title`, `term_ids`, `group_ids`, `region`, `needs` (keys of Requirements that
    it must have) and `condition_kinds` are written by a trigger whenever the row is.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SUBMITTED = "submitted", _("Waiting for review")
        RETURNED = "returned", _("Returned with comments")
        PUBLISHED = "published", _("Published")

    NEXT = {
        Status.DRAFT: {Status.SUBMITTED},
        Status.SUBMITTED: {Status.PUBLISHED, Status.RETURNED, Status.DRAFT},
        Status.RETURNED: {Status.SUBMITTED},
    }

    class Kind(models.TextChoices):
        PRACTICE = "practice", _("Good practice")
        WARNING = "warning", _("Warning example")

    class Form(models.TextChoices):
        SNAPSHOT = "snapshot", _("Snapshot (half a page)")
        FULL = "full", _("Full sheet")

    class CostBand(models.TextChoices):
        """Of setting it up, in US dollars."""

        TINY = "tiny", _("under 10,000 USD")
        SMALL = "small", _("10,000 to 100,000 USD")
        MEDIUM = "medium", _("100,000 to 1 million USD")
        LARGE = "large", _("1 to 10 million USD")
        HUGE = "huge", _("over 10 million USD")

    practice = models.ForeignKey(Practice, models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField(default=1)
    status = models.CharField(
        _("status"), max_length=10, choices=Status, default=Status.DRAFT, editable=False
    )
    change_note = models.TextField(_("what changed"), max_length=2000, blank=True)

    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.PRACTICE)
    form = models.CharField(_("length"), max_length=10, choices=Form, default=Form.FULL)
    title = models.CharField(_("title"), max_length=200)
    summary = models.CharField(_("summary"), max_length=600, blank=True)
    country = models.ForeignKey(
        Country,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="practice_versions",
        verbose_name=_("country"),
    )
    site = models.CharField(_("site"), max_length=200, blank=True)
    operator = models.CharField(_("operator"), max_length=200, blank=True)
    year = models.PositiveSmallIntegerField(_("year"), null=True, blank=True)
    terms = models.ManyToManyField(
        Term,
        through="documents.PracticeTerm",
        blank=True,
        related_name="practice_versions",
        verbose_name=_("waste stream and life-cycle step"),
    )
    technology = models.CharField(_("technology or practice"), max_length=300, blank=True)
    description = models.TextField(_("what was done"), max_length=8000, blank=True)
    #: One a line
    steps = models.TextField(_("steps, one a line"), max_length=4000, blank=True)
    results_text = models.TextField(_("results in words"), max_length=4000, blank=True)
    lessons = models.TextField(
        _("lessons learnt, failures included, one a line"), max_length=6000, blank=True
    )
    replicability = models.TextField(_("where it could be repeated"), max_length=3000, blank=True)
    safeguards = models.TextField(
        _("environmental and health safeguards"), max_length=4000, blank=True
    )
    cost_band = models.CharField(_("cost"), max_length=10, choices=CostBand, blank=True)
    cost_note = models.CharField(_("cost in words"), max_length=500, blank=True)
    financing = models.CharField(_("paid by"), max_length=500, blank=True)
    own_statement = models.BooleanField(
        _("figures are the operator’s own statement"),
        default=False,
        help_text=_("They are then shown without endorsement."),
    )
    experts = models.ManyToManyField(
        Expert,
        through="documents.PracticeExpert",
        blank=True,
        related_name="practice_versions",
        verbose_name=_("resource persons"),
    )
    organisations = models.ManyToManyField(
        Organisation,
        through="documents.PracticeOrganisation",
        blank=True,
        related_name="practice_versions",
        verbose_name=_("organisations"),
    )

    #: Counts saves of a draft: two windows do not overwrite each other
    revision = models.PositiveIntegerField(default=1, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)
    submitted_at = models.DateTimeField(null=True, blank=True, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True, editable=False)
    #: The points of the reviewer's checklist that were ticked (documents/practices.py)
    checked = ArrayField(models.CharField(max_length=20), default=list, editable=False)

    sort_title = models.CharField(max_length=200, default="", editable=False)
    region = models.CharField(max_length=20, default="", editable=False)
    term_ids = ArrayField(models.IntegerField(), default=list, editable=False)
    group_ids = ArrayField(models.IntegerField(), default=list, editable=False)
    needs = ArrayField(models.IntegerField(), default=list, editable=False)
    condition_kinds = ArrayField(models.CharField(max_length=20), default=list, editable=False)
    search = SearchVectorField(null=True, editable=False)

    class Meta:
        verbose_name = _("version of a practice")
        verbose_name_plural = _("versions of practices")
        ordering = ["practice", "-number"]
        constraints = [
            models.UniqueConstraint("practice", "number", name="practiceversion_once"),
            models.UniqueConstraint(
                "practice",
                name="practiceversion_one_in_work",
                condition=~Q(status="published"),
            ),
            models.CheckConstraint(
                name="practiceversion_decided_by_somebody",
                condition=~Q(status="published") | Q(decided_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["sort_title", "id"], name="practice_by_title"),
            GinIndex(fields=["search"], name="practice_search"),
            GinIndex(OpClass(F("sort_title"), "gin_trgm_ops"), name="practice_title_trigrams"),
        ]

    def __str__(self):
        return f"{self.title} (v{self.number})"

    def get_absolute_url(self):
        return reverse("practice_version", args=[self.practice.code, self.number])

    @property
    def step_list(self) -> list[str]:
        return [line for line in self.steps.splitlines() if line.strip()]

    @property
    def lesson_list(self) -> list[str]:
        return [line for line in self.lessons.splitlines() if line.strip()]


class PracticeTerm(models.Model):
    """PROTECT: a term in use is merged, not deleted."""

    version = models.ForeignKey(PracticeVersion, models.CASCADE)
    term = models.ForeignKey(Term, models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint("version", "term", name="practice_term_once")]

    def __str__(self):
        return str(self.term)


class SheetLinkQuerySet(models.QuerySet):
    def shown(self):
        """Links of what the directory shows: the newest versions of published practices."""
        shown = self.filter(
            version__practice__status=Practice.Status.PUBLISHED,
            version__practice__current=F("version"),
        )
        sheets = shown.select_related("version__practice", "version__country")
        return sheets.defer("version__search").order_by("version__sort_title")


class PracticeExpert(models.Model):
    """A resource person can tell more about a practice; goes when the profile is erased."""

    version = models.ForeignKey(PracticeVersion, models.CASCADE, related_name="resource_persons")
    expert = models.ForeignKey(Expert, models.CASCADE, related_name="practice_links")

    objects = SheetLinkQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint("version", "expert", name="practice_expert_once")]

    def __str__(self):
        return str(self.expert)


class PracticeOrganisation(models.Model):
    """An organisation runs a practice, or can tell more."""

    version = models.ForeignKey(PracticeVersion, models.CASCADE)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="practice_links")

    objects = SheetLinkQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint("version", "organisation", name="practice_organisation_once")
        ]

    def __str__(self):
        return str(self.organisation)


class Precondition(models.Model):
    """What had to be there, helped or hindered, and how it was met."""

    class Kind(models.TextChoices):
        LEGAL = "legal", _("Legal")
        INSTITUTIONAL = "institutional", _("Institutional")
        TECHNICAL = "technical", _("Technical")
        INFRASTRUCTURE = "infrastructure", _("Infrastructure")
        FINANCE = "finance", _("Finance")
        SKILLS = "skills", _("Skills")
        SCALE = "scale", _("Scale")

    class Weight(models.TextChoices):
        MUST = "must", _("Must")
        HELPS = "helps", _("Helps")
        HINDERS = "hinders", _("Hinders")

    version = models.ForeignKey(PracticeVersion, models.CASCADE, related_name="preconditions")
    order = models.PositiveSmallIntegerField(default=0)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    weight = models.CharField(_("weight"), max_length=10, choices=Weight, default=Weight.MUST)
    text = models.CharField(_("what"), max_length=300)
    requirement = models.ForeignKey(
        Requirement,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("common precondition"),
    )
    how_met = models.CharField(_("how it was met or overcome, or not"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("precondition")
        verbose_name_plural = _("preconditions")
        ordering = ["version", "order", "pk"]

    def __str__(self):
        return self.text


class Recommendation(models.Model):
    version = models.ForeignKey(PracticeVersion, models.CASCADE, related_name="recommendations")
    order = models.PositiveSmallIntegerField(default=0)
    text = models.CharField(_("recommendation"), max_length=500)

    class Meta:
        verbose_name = _("recommendation")
        verbose_name_plural = _("recommendations")
        ordering = ["version", "order", "pk"]

    def __str__(self):
        return self.text


class Result(models.Model):
    """A figure with its unit."""

    version = models.ForeignKey(PracticeVersion, models.CASCADE, related_name="results")
    order = models.PositiveSmallIntegerField(default=0)
    what = models.CharField(_("result"), max_length=200)
    value = models.DecimalField(_("value"), max_digits=18, decimal_places=4)
    unit = models.CharField(_("unit"), max_length=60)
    year = models.PositiveSmallIntegerField(_("year"), null=True, blank=True)

    class Meta:
        verbose_name = _("result")
        verbose_name_plural = _("results")
        ordering = ["version", "order", "pk"]
        constraints = [models.CheckConstraint(name="result_has_a_unit", condition=~Q(unit=""))]

    def __str__(self):
        return f"{self.what}: {self.value.normalize():f} {self.unit}"


class Reference(models.Model):
    version = models.ForeignKey(PracticeVersion, models.CASCADE, related_name="references")
    order = models.PositiveSmallIntegerField(default=0)
    text = models.CharField(_("source"), max_length=500)
    url = models.URLField(_("address"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("reference")
        verbose_name_plural = _("references")
        ordering = ["version", "order", "pk"]

    def __str__(self):
        return self.text


class Photo(models.Model):
    """A photograph; a new version points at the same file."""

    version = models.ForeignKey(PracticeVersion, models.CASCADE, related_name="photos")
    order = models.PositiveSmallIntegerField(default=0)
    image = PrivateImageField(_("photo"), folder="practices")
    caption = models.CharField(_("caption"), max_length=300)
    rights = models.CharField(_("rights: who took it, who allows it"), max_length=300)
    width = models.PositiveSmallIntegerField(default=0, validators=[MinValueValidator(1)])
    height = models.PositiveSmallIntegerField(default=0, validators=[MinValueValidator(1)])

    class Meta:
        verbose_name = _("photo")
        verbose_name_plural = _("photos")
        ordering = ["version", "order", "pk"]

    def __str__(self):
        return self.caption


class ReviewComment(models.Model):
    """What the reviewer wrote about one section of a submitted version; stays for the record."""

    version = models.ForeignKey(PracticeVersion, models.CASCADE, related_name="review_comments")
    part = models.CharField(_("section"), max_length=30)  # a key of the form's groups
    text = models.TextField(_("comment"), max_length=3000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("comment of the review")
        verbose_name_plural = _("comments of the review")
        ordering = ["at", "pk"]

    def __str__(self):
        return f"{self.version}: {self.part}"


class PracticeReview(models.Model):
    """Somebody said that a published practice is still valid: the other writer of `reviewed_at`."""

    class Role(models.TextChoices):
        OWNER = "owner", _("Owner")
        ORGANISATION = "organisation", _("Contact person of the organisation")
        RESOURCE_PERSON = "person", _("Resource person")
        LEAD = "lead", _("Lead")

    practice = models.ForeignKey(Practice, models.CASCADE, related_name="reviews")
    at = models.DateTimeField()
    role = models.CharField(max_length=20, choices=Role)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("review of a practice")
        verbose_name_plural = _("reviews of practices")
        ordering = ["-at", "-pk"]

    def __str__(self):
        return f"{self.practice}, {self.at:%Y-%m-%d}"


class PracticeLink(MailLink):
    """Lets one person answer for one practice; dead as well when somebody has answered."""

    practice = models.ForeignKey(Practice, models.CASCADE, related_name="links")
    role = models.CharField(max_length=20, choices=PracticeReview.Role)
    #: Of the resource person, where one is asked
    person = models.ForeignKey(
        PracticeExpert, models.CASCADE, null=True, blank=True, related_name="links"
    )
    reviewed_at = models.DateTimeField()  # of the practice, when the question was asked

    class Meta(MailLink.Meta):
        abstract = False
        verbose_name = _("link to a practice")
        verbose_name_plural = _("links to practices")

    def __str__(self):
        return f"{self.practice}, {self.created_at:%Y-%m-%d}"


class UseReportQuerySet(models.QuerySet):
    def shown(self):
        return self.filter(hidden_at=None)


class UseReport(models.Model):
    """'We used this practice': shown at once; the Lead can hide it."""

    class Outcome(models.TextChoices):
        HELPED = "helped", _("It helped")
        PARTLY = "partly", _("It helped in part")
        DID_NOT = "did_not", _("It did not help")
        EARLY = "early", _("Too early to say")

    practice = models.ForeignKey(Practice, models.CASCADE, related_name="uses")
    version_number = models.PositiveSmallIntegerField(editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("organisation"),
    )
    country = models.CharField(
        _("country"), max_length=2, validators=[validate_country], db_index=True
    )
    year = models.PositiveSmallIntegerField(_("year"))
    outcome = models.CharField(_("did it help"), max_length=10, choices=Outcome)
    changed = models.TextField(_("what you changed"), max_length=2000, blank=True)
    brought = models.TextField(_("what it brought"), max_length=2000)
    at = models.DateTimeField(default=timezone.now, editable=False)
    #: The Lead has looked at it
    seen_at = models.DateTimeField(null=True, blank=True, editable=False)
    hidden_at = models.DateTimeField(null=True, blank=True, editable=False)
    hidden_reason = models.CharField(max_length=500, blank=True)
    fictitious = models.BooleanField(default=False)

    objects = UseReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("report of a use")
        verbose_name_plural = _("reports of uses")
        ordering = ["-year", "-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                "practice", "user", "country", "year", name="usereport_once_a_year"
            )
        ]

    def __str__(self):
        return f"{self.practice}: {self.country} {self.year}"


class Compilation(models.Model):
    """An edition of the living document: all published practices of a day, in chapters.

    Made in a Celery task; when it is done it is a version of the library's document, so that it is
    cited, superseded and kept for ever like any other.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("In work")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    number = models.PositiveSmallIntegerField(_("edition"), unique=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    version = models.OneToOneField(
        "documents.Version",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="compilation",
    )
    as_of = models.DateTimeField(_("as of"))
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    #: What the page shows while it is made: so many of `total` practices are prepared
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    step = models.CharField(max_length=100, blank=True)
    problem = models.CharField(max_length=300, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("edition of the good practices")
        verbose_name_plural = _("editions of the good practices")
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                models.Value(1),
                name="compilation_one_in_work",
                condition=Q(state__in=["waiting", "running"]),
            ),
            models.CheckConstraint(
                name="compilation_done_is_a_version",
                condition=~Q(state="done") | Q(version__isnull=False),
            ),
        ]

    def __str__(self):
        return str(_("Edition %(number)s") % {"number": self.number})


class CompilationEntry(models.Model):
    """A practice in an edition, in its chapter."""

    compilation = models.ForeignKey(Compilation, models.CASCADE, related_name="entries")
    version = models.ForeignKey(PracticeVersion, models.PROTECT, related_name="+")
    chapter = models.ForeignKey(Term, models.PROTECT, null=True, related_name="+")
    order = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("entry of an edition")
        verbose_name_plural = _("entries of an edition")
        ordering = ["compilation", "order"]
        constraints = [models.UniqueConstraint("compilation", "version", name="compiled_once")]

    def __str__(self):
        return f"{self.compilation}: {self.version}"
