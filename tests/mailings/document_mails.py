"""Each mail of the library, rounds and practices, by the step that sends it (test_headers.py).

A step takes a name, which it puts wherever people write something, and leaves one mail to be sent.
"""

from datetime import timedelta

from dateutil.relativedelta import relativedelta

from documents import (
    answering,
    document_reminders,
    practice_reminders,
    practices,
    proposing,
    round_reminders,
)
from documents.models import Comment, Invitee, PracticeVersion, Proposal
from mailings.models import OutgoingMail, Reminder
from tests.factories import (
    NOW,
    CommentFactory,
    CommentRoundFactory,
    DocumentFactory,
    LeadFactory,
    OrganisationFactory,
    PartnerUserFactory,
    PracticeFactory,
    ResponseFactory,
    UserFactory,
)

DUE = NOW - relativedelta(months=24)


def _at_once(scan):
    """What is written for later in the day leaves now."""
    scan(NOW)
    OutgoingMail.objects.update(next_try=NOW)


def _comment(names, **values) -> Comment:
    return CommentFactory(
        author__name=names,
        text=f"<b>{names}</b>\nSecond line & more.",
        proposed_text=f"“{names}”",
        round__title=f"Round {names}",
        **values,
    )


def answers(names):
    comment = _comment(names, round__closes_at=NOW - timedelta(days=1))
    ResponseFactory(comment=comment, reason=f"Because {names}.\nAnd <more>.")
    answering.finish(comment.round.pk, LeadFactory(), NOW)


def late_comment(names):
    comment = _comment(names, status="late")
    answering.refuse_late(comment.pk, f"Too late, {names}.", LeadFactory(), NOW)


def round_cancelled(names):
    comment = _comment(names)
    answering.cancel(comment.round.pk, f"The text is withdrawn, {names}.", LeadFactory(), NOW)


def _invitee(names, days: int) -> Invitee:
    made = CommentRoundFactory(
        title=f"Round {names}",
        invitation=f"What about <{names}>?",
        opens_at=NOW,
        opened_at=NOW,
        closes_at=NOW + timedelta(days=days),
    )
    made.questions.create(number=1, text=f"Why {names}?")
    return Invitee.objects.create(round=made, user=PartnerUserFactory(name=names))


def round_invitation(names):
    _invitee(names, days=30)
    _at_once(round_reminders.invite)


def round_reminder(names):
    invitee = _invitee(names, days=7)
    Reminder.objects.create(
        topic=round_reminders.INVITATION,
        object_id=invitee.pk,
        cycle=invitee.round.opened_at,
        step=0,
        at=NOW - timedelta(days=9),
    )
    _comment("Another", status="draft", round=invitee.round, author=invitee.user)
    _at_once(round_reminders.scan)


def _version(names) -> PracticeVersion:
    practice = PracticeFactory(published=False, owner=PartnerUserFactory(name=names))
    version = practice.versions.get()
    version.title = f"Practice {names}"
    version.save()
    return practices.submit(version.pk, practice.owner, NOW)


def practice_published(names):
    practices.publish(_version(names).pk, LeadFactory(), NOW, list(practices.CHECKS))


def practice_returned(names):
    said = {"what": f"<b>{names}</b>\nSecond line.", "all": "Name a source."}
    practices.return_with_comments(_version(names).pk, LeadFactory(), NOW, said)


def _practice(names, **values):
    version = {"title": f"Practice {names}"}
    return PracticeFactory(reviewed_at=DUE, version=version, **values)


def practice_archived(names):
    practice = _practice(names, owner=PartnerUserFactory(name=names))
    practices.archive(practice.pk, f"The plant closed, {names}.", LeadFactory(), NOW)


def practice_review(names):
    _practice(names, owner=PartnerUserFactory(name=names))
    _at_once(practice_reminders.scan)


def practice_review_colleague(names):
    house = OrganisationFactory(contact=UserFactory(name=names))
    practice = _practice(names, owner=None, organisation=house)
    practice.current.resource_persons.all().delete()
    _at_once(practice_reminders.scan)


def proposal_decided(names):
    proposal = Proposal.objects.create(
        title=f"Guide {names}", why="Needed.", proposed_by=PartnerUserFactory(name=names)
    )
    proposing.decline(proposal.pk, f"There is one, {names}.", LeadFactory(), NOW)


def document_review(names):
    owner = PartnerUserFactory(name=names)
    DocumentFactory(title=f"Guide {names}", owner=owner, review_by=NOW.date())
    _at_once(document_reminders.scan)


STEPS = {
    f"documents/mail/{step.__name__}": step
    for step in (
        *(answers, late_comment, round_cancelled, round_invitation, round_reminder),
        *(practice_published, practice_returned, practice_archived, practice_review),
        *(practice_review_colleague, proposal_decided, document_review),
    )
}
#: Which can be stopped
REMINDERS = {
    f"documents/mail/{name}"
    for name in (
        *("round_invitation", "round_reminder", "document_review"),
        *("practice_review", "practice_review_colleague"),
    )
}
