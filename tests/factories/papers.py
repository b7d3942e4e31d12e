"""Papers of meetings, their versions, and the links with which presenters send them."""

import hashlib
from datetime import timedelta

import factory
from django.core.files.base import ContentFile
from factory.django import DjangoModelFactory

from meetings.models import Paper, PaperAudience, PaperVersion, UploadLink
from tests.factories import NOW
from tests.factories.meetings import MeetingFactory
from tests.factories.partners import LeadFactory


class PaperFactory(DjangoModelFactory):
    """A paper of the whole meeting for everybody, without a file."""

    class Meta:
        model = Paper

    meeting = factory.SubFactory(MeetingFactory)
    session_number = factory.LazyAttribute(lambda one: one.session.number if one.session else 0)
    session = None
    number = factory.LazyAttribute(
        lambda one: one.meeting.papers.filter(session_number=one.session_number).count() + 1
    )
    title = factory.Sequence(lambda n: f"Paper {n:02} (example)")
    audience = PaperAudience.PUBLIC
    created_at = NOW - timedelta(days=20)


class PaperVersionFactory(DjangoModelFactory):
    """The next version of a paper: an approved text file with `words` in it."""

    class Meta:
        model = PaperVersion

    class Params:
        words = "mercury"

    paper = factory.SubFactory(PaperFactory)
    number = factory.LazyAttribute(lambda one: one.paper.versions.count() + 1)
    file = factory.LazyAttribute(lambda one: ContentFile(one.words.encode(), name="paper.txt"))
    name = "paper.txt"
    media_type = "text/plain; charset=utf-8"
    size = factory.LazyAttribute(lambda one: len(one.words.encode()))
    sha256 = factory.LazyAttribute(lambda one: hashlib.sha256(one.words.encode()).hexdigest())
    added_at = NOW - timedelta(days=10)
    approved_at = NOW - timedelta(days=10)


class UploadLinkFactory(DjangoModelFactory):
    """A link that works for a week from NOW."""

    class Meta:
        model = UploadLink

    paper = factory.SubFactory(PaperFactory)
    name = "Presenter 01 (example)"
    address = "presenter01@example.org"
    created_by = factory.SubFactory(LeadFactory)
    created_at = NOW - timedelta(days=1)
    expires_at = NOW + timedelta(days=7)
