"""The library: documents, their numbered versions, each in one or more languages."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from partners import permissions
from partners.audience import Audience
from partners.files import FORMATS, PrivateFileField
from partners.languages import name as language_name
from partners.languages import validate_language
from partners.models import Organisation, Term
from partners.models.countries import validate_country


class DocumentQuerySet(models.QuerySet):
    def released(self):
        """Documents of which a version was published, whatever became of them."""
        return self.filter(current__isnull=False).exclude(status=Document.Status.DRAFT)

    def visible_to(self, user):
        """Documents that this person may see: the one definition, for pages, files and feeds."""
        if user.has_perm("documents.view_document"):
            return self
        return self.filter(_seen_by(user))

    def public(self):
        """What everybody finds in the library."""
        current = (Document.Status.OPEN, Document.Status.PUBLISHED)
        return self.released().filter(audience=Audience.PUBLIC, status__in=current).defer("search")

    def owned_by(self, user):
        return self.filter(owner=user)


def _seen_by(user, path: str = "", **of_others) -> Q:
    """What `visible_to` asks of documents at the end of this path, such as "version__document__".

    `of_others`: what must hold besides, where the person does not own the document.
    """
    seen = Q(
        ~Q(**{f"{path}status": Document.Status.DRAFT}),
        **{f"{path}current__isnull": False, f"{path}audience__in": Audience.of(user)},
        **of_others,
    )
    if user.is_authenticated and user.is_active:
        seen |= Q(**{f"{path}owner": user})
    return seen


class Document(models.Model):
    """One work of the library under a stable code; what is read is a version of it.

    `search`, `sort_title`, `regions`, `term_ids` and `group_ids` are kept by triggers (migration
    0002).
    """

    class Kind(models.TextChoices):
        GUIDELINE = "guideline", _("Guideline")
        SOURCEBOOK = "sourcebook", _("Sourcebook")
        ASSESSMENT = "assessment", _("Assessment")
        CONCEPT_NOTE = "concept_note", _("Concept note")
        RECOMMENDATION = "recommendation", _("Recommendation")
        CONFERENCE_PAPER = "conference_paper", _("Conference paper")
        MEETING_REPORT = "meeting_report", _("Meeting report")
        FACT_SHEET = "fact_sheet", _("Fact sheet")
        TRAINING = "training", _("Training")
        REPORT = "report", _("Report")
        BUSINESS_PLAN = "business_plan", _("Business plan")
        CATALOGUE = "catalogue", _("Catalogue")
        CONVENTION_TEXT = "convention_text", _("Convention text")
        OTHER = "other", _("Other")

    class Process(models.TextChoices):
        """The process that a document serves."""

        MINAMATA = "minamata", _("Minamata Convention: COP or INC")
        BASEL = "basel", _("Basel Convention: COP")
        EXPERT_GROUP = "expert_group", _("Expert group")

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        OPEN = "open", _("Open for comments")
        PUBLISHED = "published", _("Published")
        SUPERSEDED = "superseded", _("Superseded")
        ARCHIVED = "archived", _("Archived")

    NEXT = {
        Status.DRAFT: {Status.OPEN, Status.PUBLISHED, Status.ARCHIVED},
        Status.OPEN: {Status.PUBLISHED},
        Status.PUBLISHED: {Status.OPEN, Status.SUPERSEDED, Status.ARCHIVED},
        Status.SUPERSEDED: {Status.PUBLISHED, Status.ARCHIVED},
        Status.ARCHIVED: {Status.PUBLISHED},
    }

    code = models.SlugField(_("code"), max_length=60, unique=True)
    title = models.CharField(_("title"), max_length=300)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    summary = models.TextField(_("summary"), max_length=2000, blank=True)
    organisations = models.ManyToManyField(
        Organisation,
        through="documents.DocumentOrganisation",
        blank=True,
        related_name="documents",
        verbose_name=_("organisations"),
    )
    year = models.PositiveSmallIntegerField(_("year"), null=True, blank=True)
    languages = ArrayField(
        models.CharField(max_length=3, validators=[validate_language]),
        default=list,
        blank=True,
        verbose_name=_("languages"),
        help_text=_("In which it exists, here or elsewhere."),
    )
    terms = models.ManyToManyField(
        Term,
        through="documents.DocumentTerm",
        blank=True,
        related_name="documents",
        verbose_name=_("expertise"),
    )
    countries = ArrayField(
        models.CharField(max_length=2, validators=[validate_country]),
        default=list,
        blank=True,
        verbose_name=_("countries"),
    )
    audience = models.CharField(
        _("audience"), max_length=10, choices=Audience, default=Audience.PUBLIC
    )
    process = models.CharField(_("serves"), max_length=20, choices=Process, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.DRAFT)
    status_reason = models.TextField(_("reason of the status"), blank=True)
    superseded_by = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="supersedes",
        verbose_name=_("superseded by"),
    )
    #: The newest published version: what a reader gets. Only `publishing.publish` moves it.
    current = models.ForeignKey(
        "documents.Version",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )
    review_by = models.DateField(_("review by"), null=True, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="owned_documents",
        verbose_name=_("owner"),
        help_text=_("Keeps it up to date. Empty: the Lead."),
    )
    source = models.CharField(_("source"), max_length=500, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    fictitious = models.BooleanField(_("fictitious (demonstration)"), default=False)

    sort_title = models.CharField(max_length=300, default="", editable=False)
    regions = ArrayField(models.CharField(max_length=20), default=list, editable=False)
    term_ids = ArrayField(models.IntegerField(), default=list, editable=False)
    group_ids = ArrayField(models.IntegerField(), default=list, editable=False)
    search = SearchVectorField(null=True, editable=False)

    objects = DocumentQuerySet.as_manager()
    history = HistoricalRecords(
        excluded_fields=["search", "sort_title", "regions", "term_ids", "group_ids"]
    )

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        ordering = ["sort_title", "pk"]
        constraints = [
            models.CheckConstraint(
                name="document_released_has_a_version",
                condition=Q(status="draft") | Q(status="archived") | Q(current__isnull=False),
            ),
            models.CheckConstraint(
                name="document_not_superseded_by_itself",
                condition=Q(superseded_by=None) | ~Q(superseded_by=F("id")),
            ),
        ]
        indexes = [
            models.Index(fields=["sort_title", "id"], name="document_by_title"),
            models.Index(
                F("year").desc(nulls_last=True), "sort_title", "id", name="document_by_year"
            ),
            GinIndex(fields=["search"], name="document_search"),
            GinIndex(OpClass(F("sort_title"), "gin_trgm_ops"), name="document_title_trigrams"),
        ]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("document_detail", args=[self.code])


class DocumentTerm(models.Model):
    """A document is about a field of expertise. PROTECT: a term in use is merged, not deleted."""

    document = models.ForeignKey(Document, models.CASCADE)
    term = models.ForeignKey(Term, models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint("document", "term", name="document_term_once")]

    def __str__(self):
        return str(self.term)


class DocumentOrganisation(models.Model):
    """An organisation published a document."""

    document = models.ForeignKey(Document, models.CASCADE)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint("document", "organisation", name="document_organisation_once")
        ]

    def __str__(self):
        return str(self.organisation)


class Licence(models.TextChoices):
    CC_BY = "cc-by-4.0", _("Creative Commons BY 4.0")
    CC_BY_SA = "cc-by-sa-4.0", _("Creative Commons BY-SA 4.0")
    CC_BY_NC = "cc-by-nc-4.0", _("Creative Commons BY-NC 4.0")
    PUBLIC_DOMAIN = "public-domain", _("Public domain")
    RESERVED = "reserved", _("All rights reserved")
    UNKNOWN = "unknown", _("Not stated")


class VersionQuerySet(models.QuerySet):
    def published(self):
        return self.filter(published_at__isnull=False)

    def visible_to(self, user):
        """Published versions of documents that the person may see; own and, for the Lead, all."""
        if user.has_perm("documents.view_document"):
            return self
        return self.filter(_seen_by(user, "document__", published_at__isnull=False))


class Version(models.Model):
    """One state of a document. Never changed: a trigger lets `published_at` alone be set, once.

    Number 0 is for what came before the portal, such as the draft of 2010.
    """

    document = models.ForeignKey(Document, models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField(_("number"))
    title = models.CharField(_("title of this version"), max_length=300, blank=True)
    change_note = models.TextField(_("what changed"), max_length=2000, blank=True)
    licence = models.CharField(
        _("licence"), max_length=20, choices=Licence, default=Licence.UNKNOWN
    )
    dated_on = models.DateField(_("date of the text"), null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    published_at = models.DateTimeField(_("published"), null=True, blank=True, editable=False)

    objects = VersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("version")
        verbose_name_plural = _("versions")
        ordering = ["document", "-number"]
        constraints = [models.UniqueConstraint("document", "number", name="version_number_once")]

    def __str__(self):
        return f"{self.document.code} v{self.number}"

    def get_absolute_url(self):
        return reverse("version_detail", args=[self.document.code, self.number])


class TranslationQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Those of the versions that the person may see."""
        if user.has_perm("documents.view_document"):
            return self
        published = {"version__published_at__isnull": False}
        return self.filter(_seen_by(user, "version__document__", **published))


class Translation(models.Model):
    """A version in one language: a file of the portal, or an address elsewhere. Never changed.

    The original is one of them: `is_original`.
    """

    version = models.ForeignKey(Version, models.CASCADE, related_name="translations")
    language = models.CharField(_("language"), max_length=3, validators=[validate_language])
    is_original = models.BooleanField(_("original"), default=False)
    file = PrivateFileField(_("file"), folder="library", blank=True)
    file_name = models.CharField(max_length=200, blank=True)  # as it is offered for download
    media_type = models.CharField(max_length=100, blank=True)
    size = models.PositiveBigIntegerField(null=True, blank=True)  # bytes
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    url = models.URLField(_("address"), max_length=500, blank=True)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    added_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = TranslationQuerySet.as_manager()

    class Meta:
        verbose_name = _("translation")
        verbose_name_plural = _("translations")
        ordering = ["-is_original", "language"]
        constraints = [
            models.UniqueConstraint("version", "language", name="translation_language_once"),
            models.UniqueConstraint(
                "version", name="translation_one_original", condition=Q(is_original=True)
            ),
            models.CheckConstraint(
                name="translation_file_or_address",
                condition=(~Q(file="") & ~Q(sha256="") & Q(size__isnull=False) & Q(url=""))
                | (Q(file="") & Q(sha256="")),
            ),
        ]

    def __str__(self):
        return f"{self.version}, {self.language}"

    def get_absolute_url(self):
        """Where the file is; the view asks for permission."""
        return reverse(
            "version_file", args=[self.version.document.code, self.version.number, self.language]
        )

    @property
    def format_name(self) -> str:
        """ "PDF", as people say it; empty for an address elsewhere."""
        return FORMATS.get(self.media_type, "")

    @property
    def language_name(self) -> str:
        """In the reader's language."""
        return language_name(self.language)


class Extraction(models.Model):
    """What became of reading a file's text, which a Celery task does in a child process."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    translation = models.OneToOneField(Translation, models.CASCADE, related_name="extraction")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    #: Why it failed, or what was left out, in words for the owner
    note = models.CharField(max_length=300, blank=True)
    pages = models.PositiveIntegerField(null=True)
    is_cut = models.BooleanField(default=False)
    tries = models.PositiveSmallIntegerField(default=0)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("extraction of text")
        verbose_name_plural = _("extractions of text")

    def __str__(self):
        return f"{self.translation}: {self.state}"


class Section(models.Model):
    """A section of a file's text, as it is read, searched and commented on.

    `labels[n]` is the number of `paragraphs[n]` ("2.1"), made when the text is read and stable, as
    a file never changes. `search` is kept by a trigger, which cuts what is too long for it.
    """

    translation = models.ForeignKey(Translation, models.CASCADE, related_name="sections")
    #: As of the translation, so that the search need not join
    version = models.ForeignKey(Version, models.CASCADE, related_name="+")
    document = models.ForeignKey(Document, models.CASCADE, related_name="+")
    order = models.PositiveIntegerField()
    level = models.PositiveSmallIntegerField(default=1)
    label = models.CharField(max_length=20)  # "2", "2.1"; unique in the text
    heading = models.CharField(max_length=500, blank=True)
    page = models.PositiveIntegerField(null=True)  # of a PDF, where it begins
    labels = ArrayField(models.CharField(max_length=20), default=list)
    paragraphs = ArrayField(models.TextField(), default=list)
    pages = ArrayField(models.PositiveIntegerField(), default=list)  # of the paragraphs; or empty
    search = SearchVectorField(null=True, editable=False)

    class Meta:
        verbose_name = _("section")
        verbose_name_plural = _("sections")
        ordering = ["translation", "order"]
        constraints = [
            models.UniqueConstraint("translation", "order", name="section_order_once"),
            models.UniqueConstraint("translation", "label", name="section_label_once"),
        ]
        indexes = [GinIndex(fields=["search"], name="section_search")]

    def __str__(self):
        return f"{self.label} {self.heading}"

    @property
    def numbered(self) -> list[tuple[str, str]]:
        """(label, text) of each paragraph."""
        return list(zip(self.labels, self.paragraphs, strict=True))


class ExternalAddressQuerySet(models.QuerySet):
    def dead(self):
        """Those that do not answer, and of which nobody said since that they are right."""
        kept = Q(kept_at__isnull=False, kept_at__gte=F("dead_since"))
        return self.filter(dead_since__isnull=False).exclude(kept)


class ExternalAddress(models.Model):
    """An address elsewhere that the floor points at, and whether it answers; checked weekly.

    Which documents and practices point at it, documents/address_check.py says.
    """

    class Problem(models.TextChoices):
        NOBODY = "nobody", _("No server answers there.")
        SLOW = "slow", _("The server does not answer in time.")
        GONE = "gone", _("The server says that the page is not there any more.")
        ERROR = "error", _("The server answers with an error.")
        CERTIFICATE = "certificate", _("The certificate of the server is not valid.")
        CIRCLE = "circle", _("The server sends from one address to the next without end.")
        PRIVATE = "private", _("The address is not on the public internet.")
        INVALID = "invalid", _("This is no address of a page.")

    url = models.URLField(max_length=500, unique=True)
    checked_at = models.DateTimeField(null=True)
    #: Since when it has not answered; None while it does
    dead_since = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)  # in a row
    problem = models.CharField(max_length=20, choices=Problem, blank=True)
    #: The owner or the Lead says that it is right all the same, until it fails anew after that
    kept_at = models.DateTimeField(null=True, blank=True)
    kept_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = ExternalAddressQuerySet.as_manager()

    class Meta:
        verbose_name = _("address elsewhere")
        verbose_name_plural = _("addresses elsewhere")
        indexes = [models.Index(fields=["checked_at"], name="externaladdress_by_check")]

    def __str__(self):
        return self.url


class DownloadCount(models.Model):
    """How often a file was fetched on a day; of who did, nothing is kept."""

    translation = models.ForeignKey(Translation, models.CASCADE, related_name="downloads")
    day = models.DateField()
    number = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("download count")
        verbose_name_plural = _("download counts")
        constraints = [models.UniqueConstraint("translation", "day", name="download_once_a_day")]

    def __str__(self):
        return f"{self.translation}, {self.day}: {self.number}"


class LimitValue(models.Model):
    """A threshold or other limit that a body decided; never written into code or templates."""

    class Status(models.TextChoices):
        IN_FORCE = "in_force", _("In force")
        UNDER_REVIEW = "under_review", _("In force, under review")
        SUPERSEDED = "superseded", _("Superseded")

    scope = models.CharField(_("waste or scope"), max_length=300)
    measure = models.CharField(_("what is measured"), max_length=200, blank=True)
    value = models.DecimalField(_("value"), max_digits=14, decimal_places=4, null=True, blank=True)
    unit = models.CharField(_("unit"), max_length=40, blank=True)
    words = models.CharField(
        _("in words"), max_length=300, blank=True, help_text=_("Where no figure was set.")
    )
    decision = models.CharField(_("decision"), max_length=200)
    body = models.CharField(_("body"), max_length=200)
    decided_on = models.DateField(_("date"))
    #: The day where only the month or the year is known would say more than is known
    decided_to = models.CharField(
        _("date is known to the"),
        max_length=5,
        choices=[("day", _("day")), ("month", _("month")), ("year", _("year"))],
        default="day",
    )
    status = models.CharField(_("status"), max_length=20, choices=Status, default=Status.IN_FORCE)
    document = models.ForeignKey(
        Document,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="limits",
        verbose_name=_("document"),
    )
    replaces = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="replaced_by",
        verbose_name=_("replaces"),
    )
    note = models.TextField(_("note"), max_length=1000, blank=True)
    source = models.CharField(_("source"), max_length=500, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("limit value")
        verbose_name_plural = _("limit values")
        ordering = ["scope", "-decided_on", "pk"]
        constraints = [
            models.CheckConstraint(
                name="limit_value_with_unit_or_words",
                condition=(Q(value__isnull=False) & ~Q(unit=""))
                | (Q(value__isnull=True) & ~Q(words="")),
            )
        ]

    def __str__(self):
        return f"{self.scope}: {self.in_words}"

    @property
    def in_words(self) -> str:
        """Value and unit, without zeros that say nothing."""
        if self.value is None:
            return self.words
        return f"{self.value.normalize():f} {self.unit}"


class ProposalQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Partners and the secretariat see all proposals; nobody else sees any."""
        seen = user.has_perm("documents.view_proposal") or permissions.is_partner(
            user, timezone.now().date()
        )
        return self if seen else self.none()


class Proposal(models.Model):
    """A document that should be developed, or an input to somebody else's document."""

    class Kind(models.TextChoices):
        NEW = "new", _("A document that should be developed")
        INPUT = "input", _("A technical input to somebody else’s document")

    class Status(models.TextChoices):
        PROPOSED = "proposed", _("Proposed")
        TAKEN_UP = "taken_up", _("Taken up")
        IN_WORK = "in_work", _("In work")
        PUBLISHED = "published", _("Published")
        DECLINED = "declined", _("Declined")

    NEXT = {
        Status.PROPOSED: {Status.TAKEN_UP, Status.DECLINED},
        Status.TAKEN_UP: {Status.IN_WORK, Status.DECLINED},
        Status.IN_WORK: {Status.PUBLISHED, Status.DECLINED},
    }

    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.NEW)
    title = models.CharField(_("title"), max_length=200)
    why = models.TextField(_("why it is needed, and for whom"), max_length=3000)
    document = models.ForeignKey(
        Document,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="proposals",
        verbose_name=_("document of the library"),
    )
    address = models.URLField(_("address of the document"), max_length=500, blank=True)
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("organisation"),
    )
    status = models.CharField(
        _("status"), max_length=10, choices=Status, default=Status.PROPOSED, editable=False
    )
    reason = models.TextField(_("reason"), max_length=2000, blank=True)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="proposals"
    )
    proposed_at = models.DateTimeField(default=timezone.now, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    #: What came of it
    result = models.ForeignKey(
        Document, models.SET_NULL, null=True, blank=True, related_name="came_from"
    )
    fictitious = models.BooleanField(default=False)

    objects = ProposalQuerySet.as_manager()

    class Meta:
        verbose_name = _("proposal")
        verbose_name_plural = _("proposals")
        ordering = ["-proposed_at", "-pk"]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("proposal_detail", args=[self.pk])


class Support(models.Model):
    """Somebody finds a proposal useful, too."""

    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="supports")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    note = models.CharField(_("what you could add"), max_length=500, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("support")
        verbose_name_plural = _("supports")
        ordering = ["at", "pk"]
        constraints = [models.UniqueConstraint("proposal", "user", name="support_once_each")]

    def __str__(self):
        return f"{self.proposal}: {self.user}"
