"""Each mail about papers of meetings, by the step that sends it (test_headers.py)."""

from meetings import paper_uploads
from partners.models import User
from tests.factories import NOW, LeadFactory, MeetingFactory
from tests.factories.papers import PaperFactory, PaperVersionFactory, UploadLinkFactory


def _paper(names):
    return PaperFactory(meeting=MeetingFactory(title=f"Meeting {names}"), title=f"Paper {names}")


def paper_wanted(names):
    paper_uploads.make_link(_paper(names).pk, names, "x@example.org", 14, _lead(), NOW)


def paper_decided(names):
    link = UploadLinkFactory(paper=_paper(names), name=names, created_by=_lead())
    version = PaperVersionFactory(paper=link.paper, link=link, approved_at=None)
    paper_uploads.decline(version.pk, f"<b>{names}</b>\nSecond line.", _lead(), NOW)


def _lead() -> User:
    return User.objects.filter(email="decides@example.org").first() or LeadFactory(
        email="decides@example.org"
    )


STEPS = {f"meetings/mail/{step.__name__}": step for step in (paper_wanted, paper_decided)}
