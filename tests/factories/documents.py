"""Documents, comment rounds and practices."""

import hashlib
from datetime import timedelta

import factory
from django.core.files.base import ContentFile
from factory.django import DjangoModelFactory

from documents.models import (
    Comment,
    CommentRound,
    Document,
    Practice,
    PracticeVersion,
    Precondition,
    Recommendation,
    Response,
    Section,
    Translation,
    Version,
)
from partners.models import Term
from tests.factories import NOW
from tests.factories.experts import ExpertFactory
from tests.factories.partners import LeadFactory, PartnerUserFactory


class DocumentFactory(DjangoModelFactory):
    """A public, published guideline with version 1, which is an address elsewhere in English.

    `published=False` gives a draft of which version 1 waits, `bare=True` one without versions.
    """

    class Meta:
        model = Document
        skip_postgeneration_save = True

    class Params:
        published = True
        bare = False

    code = factory.Sequence(lambda n: f"guideline-{n:02}")
    title = factory.Sequence(lambda n: f"Guideline {n:02}")
    kind = Document.Kind.GUIDELINE
    summary = "How mercury waste is kept apart."
    year = 2020
    languages = factory.LazyFunction(lambda: ["en"])
    created_at = NOW - timedelta(days=400)
    is_published = factory.SelfAttribute("published")
    is_bare = factory.SelfAttribute("bare")

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        published, bare = kwargs.pop("is_published"), kwargs.pop("is_bare")
        status = kwargs.pop("status", Document.Status.PUBLISHED)
        document = model_class.objects.create(*args, **kwargs)
        if not bare:
            VersionFactory(document=document, published=published)
        if published and not bare and status != document.status:
            document.status = status
            document.save(update_fields=["status"])
        return document


class VersionFactory(DjangoModelFactory):
    """Version 1 of a new document, published, with one translation: an address elsewhere.

    A published one becomes what readers of its document get; `url=False`: no translation.
    """

    class Meta:
        model = Version
        skip_postgeneration_save = True

    class Params:
        published = True

    document = factory.SubFactory(DocumentFactory, bare=True)
    number = 1
    change_note = "First text."
    created_at = NOW - timedelta(days=400)
    published_at = factory.Maybe("published", NOW - timedelta(days=400), None)
    published_by = factory.Maybe("published", factory.SubFactory(LeadFactory), None)

    @factory.post_generation
    def url(version, create, given, **kwargs):
        if version.published_at:
            version.document.current = version
            version.document.status = Document.Status.PUBLISHED
            version.document.save(update_fields=["current", "status"])
        if given is not False:
            Translation.objects.create(
                version=version,
                language="en",
                is_original=True,
                url=given or f"https://example.org/{version.document.code}/{version.number}",
            )


class FileFactory(DjangoModelFactory):
    """A version's file in one language; `content` are its bytes."""

    class Meta:
        model = Translation
        skip_postgeneration_save = True

    class Params:
        content = b"%PDF-1.4 not a real one"

    version = factory.SubFactory(VersionFactory, url=False)
    language = "en"
    is_original = True
    file_name = "guideline.pdf"
    media_type = "application/pdf"
    size = factory.LazyAttribute(lambda made: len(made.content))
    sha256 = factory.LazyAttribute(lambda made: hashlib.sha256(made.content).hexdigest())
    file = factory.LazyAttribute(lambda made: ContentFile(made.content, name=made.file_name))


class SectionFactory(DjangoModelFactory):
    """A section of two paragraphs; give `translation`."""

    class Meta:
        model = Section

    translation = factory.SubFactory(FileFactory)
    version = factory.SelfAttribute("translation.version")
    document = factory.SelfAttribute("translation.version.document")
    order = factory.Sequence(lambda n: n)
    label = factory.LazyAttribute(lambda made: str(made.order))
    heading = "Waste contaminated with mercury"
    labels = factory.LazyAttribute(lambda made: [f"{made.label}.1", f"{made.label}.2"])
    paragraphs = factory.LazyFunction(
        lambda: ["Waste falls under Article 11.", "A leaching test may be used in addition."]
    )


class CommentRoundFactory(DjangoModelFactory):
    """Open since a month, for partners, closes in ten days, on version 1 of a document."""

    class Meta:
        model = CommentRound

    title = factory.Sequence(lambda n: f"Comments on guideline {n:02}")
    version = factory.LazyAttribute(lambda made: DocumentFactory().current)
    invitation = "We ask for comments on the first text."
    opens_at = NOW - timedelta(days=30)
    closes_at = NOW + timedelta(days=10)
    status = CommentRound.Status.OPEN
    opened_at = NOW - timedelta(days=30)
    opened_by = factory.SubFactory(LeadFactory)


class CommentFactory(DjangoModelFactory):
    """A technical comment on paragraph 1.1, sent by a partner; `status="draft"` for a draft."""

    class Meta:
        model = Comment

    class Params:
        is_sent = factory.LazyAttribute(lambda made: made.status in ("sent", "withdrawn"))

    round = factory.SubFactory(CommentRoundFactory)
    author = factory.SubFactory(PartnerUserFactory)
    status = Comment.Status.SENT
    number = factory.LazyAttributeSequence(lambda made, n: n + 1 if made.is_sent else None)
    sent_at = factory.LazyAttribute(lambda made: NOW - timedelta(days=5) if made.is_sent else None)
    section = "1"
    paragraph = "1.1"
    type = Comment.Type.TECHNICAL
    text = "Say which decision the value comes from."
    proposed_text = "… (decision of the Conference of the Parties)"


class ResponseFactory(DjangoModelFactory):
    class Meta:
        model = Response

    comment = factory.SubFactory(CommentFactory)
    verdict = Response.Verdict.ACCEPTED
    reason = "Added."
    by = factory.SubFactory(LeadFactory)
    at = NOW - timedelta(days=1)


class PracticeFactory(DjangoModelFactory):
    """Published a year ago by a partner, in Japan, with a precondition and a resource person.

    Fields of the version are given together: `PracticeFactory(version={"title": "Lamps"})`.
    With `published=False` a draft that could be submitted, with `bare=True` one without versions.
    """

    class Meta:
        model = Practice
        skip_postgeneration_save = True

    class Params:
        published = True
        bare = False

    code = factory.Sequence(lambda n: f"practice-{n:02}")
    owner = factory.SubFactory(PartnerUserFactory)
    created_at = NOW - timedelta(days=400)
    version = factory.LazyFunction(dict)
    is_published = factory.SelfAttribute("published")
    is_bare = factory.SelfAttribute("bare")

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        published, bare = kwargs.pop("is_published"), kwargs.pop("is_bare")
        fields = kwargs.pop("version")
        status = kwargs.pop("status", Practice.Status.PUBLISHED)
        reviewed_at = kwargs.pop("reviewed_at", NOW - timedelta(days=365))
        practice = model_class.objects.create(*args, **kwargs)
        if bare:
            return practice
        version = PracticeVersionFactory(practice=practice, **fields)
        if published:
            publish(version)
            practice.current, practice.status = version, status
            practice.reviewed_at = reviewed_at
            practice.save()
        return practice


class PracticeVersionFactory(DjangoModelFactory):
    """A draft that could be submitted; `publish` makes it one that cannot change any more."""

    class Meta:
        model = PracticeVersion
        skip_postgeneration_save = True

    practice = factory.SubFactory(PracticeFactory, bare=True)
    number = 1
    title = factory.LazyAttribute(lambda made: f"Collection by pharmacies ({made.practice.code})")
    summary = "Pharmacies take back thermometers for three months."
    country_id = "JP"
    year = 2016
    technology = "Time-limited public collection"
    description = "Boxes in pharmacies took thermometers that people kept at home."

    @factory.post_generation
    def rows(version, create, given, **kwargs):
        """`rows=False`: neither precondition, recommendation nor resource person."""
        if given is False:
            return
        Precondition.objects.create(
            version=version,
            kind=Precondition.Kind.TECHNICAL,
            text="Sealed boxes",
            how_met="Bought by the ministry",
        )
        Recommendation.objects.create(version=version, text="Keep the period short.")
        version.experts.add(ExpertFactory())

    @factory.post_generation
    def terms(version, create, given, **kwargs):
        """`terms` are codes."""
        version.terms.set(Term.objects.filter(code__in=given or ()))


def publish(version: PracticeVersion):
    """Make it a published version, as the step does with the row itself."""
    version.status = PracticeVersion.Status.PUBLISHED
    version.decided_at = NOW - timedelta(days=365)
    version.save()
